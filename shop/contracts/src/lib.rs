//! Messages and shared value types, one module per owning service; data only.
//!
//! A command lives with the service that handles it, an event with the service that publishes it, a deadline with the
//! service that sets it for itself. Commands carry all that the receiver needs; events carry whom they concern, a
//! version, and the public state of that one row. Each message has a golden file in `tests/golden`.

#[macro_use]
mod wire;

mod id;
mod money;
mod standing;
pub mod vocabulary;

pub mod box_office;
pub mod event_catalog;
pub mod ordering;
pub mod payment;
pub mod shopping_basket;

pub use id::{BasketId, EventId, HoldId, IdError, LineId, OrderId, TicketId, TicketTypeId};
pub use money::{Currency, CurrencyError, Money};
pub use standing::Standing;
