//! The payment gateway through its one door: requests in, answers and facts out.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod card_entry;
mod cards;
mod connection;
mod doors;
mod faults;
mod idempotency;
mod intents;
mod refunds;
mod world;
