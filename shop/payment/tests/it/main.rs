//! Payment through its public face.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod dialect;
mod door;
mod doors;
mod golden;
mod journey;
mod payment_creating;
mod payment_intent;
mod payment_refund;
mod payment_stopping;
mod payments;
