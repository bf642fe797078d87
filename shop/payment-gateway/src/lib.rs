//! The external payment gateway: a stand-in that behaves like a real one (Stripe's API, version 1, as far as payment
//! methods, payment intents and refunds go) on a port and a store of its own. It knows no message of the shop, and of
//! a card only what it does, its brand and its last four digits.
//!
//! Reading order: `cards` what each card number does; `intents` and `refunds` the rules, pure; `form`, `idempotency`
//! and `call` how a request is read; `api` the routes; `card_entry` the page on which people type a card; `store` the SQL; [`audit`] its facts for invariants.

mod answer;
mod api;
pub mod audit;
mod call;
mod card_entry;
mod cards;
mod error;
mod form;
mod gateway;
mod idempotency;
mod intents;
mod refunds;
mod store;

pub use answer::DropConnection;
pub use cards::is_known_card;
pub use gateway::{Gateway, Keys};
pub use store::{Error as StoreError, MIGRATIONS};

/// How large a request's body may be, in bytes; more is answered with 413.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
