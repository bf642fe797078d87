//! The box office through its public face.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod codes;
mod counters;
mod events;
mod hold_basket;
mod hold_release;
mod hold_secure;
mod holds;
mod http;
mod journey;
mod office;
