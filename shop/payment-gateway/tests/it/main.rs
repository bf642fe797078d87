//! The payment gateway through its one door: requests in, answers and facts out.

mod cards;
mod connection;
mod doors;
mod idempotency;
mod intents;
mod refunds;
mod world;
