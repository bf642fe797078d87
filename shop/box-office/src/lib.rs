//! The box office: a counter for each ticket type, holds with their time, the tickets of paid orders. A map: rules are in
//! `hold` and `counter`, which know no SQL, no HTTP and no bus.

use contracts::box_office::{
    AvailabilityChanged, ExpireHold, HoldExpired, HoldRejected, ReleaseHoldsOfEvent, TicketsHeld, TicketsIssued, TicketsSecured,
    TicketsUnavailable, TicketsVoided,
};
use messaging::Endpoint;

pub mod api;
pub mod audit;
mod carry_out;
pub mod code;
pub mod copies;
pub mod counter;
mod handlers;
pub mod hold;
mod store;
mod unprotected;

pub use api::routes;

/// The box office's own tables.
pub const MIGRATIONS: storage::Migrations = storage::Migrations {
    set: "box-office",
    files: &[
        ("0001_box_office.sql", include_str!("../migrations/0001_box_office.sql")),
        ("0002_ignored.sql", include_str!("../migrations/0002_ignored.sql")),
    ],
};

/// Whether the event's publication has been heard of, so that its places can be sold.
///
/// # Errors
/// Those of the database.
pub fn knows_event(tx: &mut storage::Tx<'_>, id: contracts::EventId) -> Result<bool, storage::SqlError> {
    Ok(store::known(tx, id)?.known)
}

/// What the box office handles, sends and publishes.
#[must_use]
pub fn endpoint() -> Endpoint {
    Endpoint::new("box-office")
        .migrations(MIGRATIONS)
        .handle(handlers::hold_tickets)
        .handle(handlers::release_hold)
        .handle(handlers::expire_hold)
        .handle(handlers::secure_tickets)
        .handle(handlers::release_order)
        .handle(handlers::issue_tickets)
        .handle(handlers::release_holds_of_event)
        .on(handlers::event_published)
        .on(handlers::capacity_changed)
        .on(handlers::event_cancelled)
        .sends::<ExpireHold>()
        .sends::<ReleaseHoldsOfEvent>()
        .publishes::<TicketsHeld>()
        .publishes::<HoldRejected>()
        .publishes::<HoldExpired>()
        .publishes::<TicketsSecured>()
        .publishes::<TicketsUnavailable>()
        .publishes::<TicketsIssued>()
        .publishes::<TicketsVoided>()
        .publishes::<AvailabilityChanged>()
}
