//! The shopping basket: what buyers want until they order it. Holds are asked for at the box office; events and prices
//! are the basket's own copy of what the catalog says. It knows nothing of payments and of what becomes of an order.
//!
//! Reading order: `line` and `basket` the domain, pure; `changes` what buyers do; `handlers` what other services say;
//! `store` and `catalog` the SQL; `api` the routes; `audit` the facts for invariants.

mod api;
pub mod audit;
pub mod basket;
mod catalog;
mod changes;
pub mod copies;
mod handlers;
pub mod line;
mod store;

use contracts::box_office::{HoldTickets, ReleaseHold};
use contracts::ordering::PlaceOrder;
use contracts::shopping_basket::{BasketEvent, CancelLinesOfEvent};
use messaging::Endpoint;

pub use api::routes;

/// The service's tables.
pub const MIGRATIONS: storage::Migrations = storage::Migrations {
    set: "shopping-basket",
    files: &[
        ("0001_shopping_basket.sql", include_str!("../migrations/0001_shopping_basket.sql")),
        ("0002_ignored.sql", include_str!("../migrations/0002_ignored.sql")),
    ],
};

/// The service as a receiver of messages.
#[must_use]
pub fn endpoint() -> Endpoint {
    Endpoint::new("shopping-basket")
        .migrations(MIGRATIONS)
        .on(handlers::event_published)
        .on(handlers::event_renamed)
        .on(handlers::event_rescheduled)
        .on(handlers::event_cancelled)
        .on(handlers::ticket_price_changed)
        .on(handlers::capacity_changed)
        .handle(handlers::cancel_lines_of_event)
        .on(handlers::tickets_held)
        .on(handlers::hold_rejected)
        .on(handlers::hold_expired)
        .keeps::<BasketEvent>()
        .sends::<HoldTickets>()
        .sends::<ReleaseHold>()
        .sends::<PlaceOrder>()
        .sends::<CancelLinesOfEvent>()
}
