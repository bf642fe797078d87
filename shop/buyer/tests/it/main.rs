//! The customer against a shop that answers as it is told: every end, and every lie.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod journey;
mod world;
