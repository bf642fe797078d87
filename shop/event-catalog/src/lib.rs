//! The event catalog: events and their ticket types, with prices, wanted capacities and sale windows. It knows what is
//! left only from what the box office says, and nothing of baskets and orders.
//!
//! Reading order: `event` and `rules` the domain, pure; `changes` what organisers do; `handlers` what other services
//! say; `store` the SQL; `api` the routes; `seed` the events of a new shop, `first_start` which of them it
//! has entered; `audit` the facts for invariants.

mod api;
pub mod audit;
mod changes;
pub mod copies;
mod event;
pub mod first_start;
mod handlers;
mod rules;
pub mod seed;
mod store;

use contracts::event_catalog::{CapacityChanged, EventCancelled, EventPublished, EventRenamed, EventRescheduled, TicketPriceChanged};
use messaging::Endpoint;

pub use api::{EventPage, EventView, TicketTypeView, routes};
pub use changes::create;
pub use event::{Event, NewEvent, NewTicketType, Refusal, SaleStatus, TicketType};
pub use rules::price_minor;

/// The service's tables.
pub const MIGRATIONS: storage::Migrations = storage::Migrations {
    set: "event-catalog",
    files: &[
        ("0001_event_catalog.sql", include_str!("../migrations/0001_event_catalog.sql")),
        ("0002_seed_events.sql", include_str!("../migrations/0002_seed_events.sql")),
        ("0003_events_of_city.sql", include_str!("../migrations/0003_events_of_city.sql")),
    ],
};

/// The service as a receiver of messages.
#[must_use]
pub fn endpoint() -> Endpoint {
    Endpoint::new("event-catalog")
        .migrations(MIGRATIONS)
        .on(handlers::availability_changed)
        .publishes::<EventPublished>()
        .publishes::<EventRenamed>()
        .publishes::<EventRescheduled>()
        .publishes::<EventCancelled>()
        .publishes::<TicketPriceChanged>()
        .publishes::<CapacityChanged>()
}
