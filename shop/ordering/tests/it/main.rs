//! Ordering through its public face.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod copy;
mod door;
mod doors;
mod events;
mod golden;
mod journey;
mod order_ending;
mod order_late;
mod order_payments;
mod order_places;
mod orders;
