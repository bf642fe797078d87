//! The embedded transport: it passes the suite, and a stranger's example works.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod conformance;
mod example;
mod missing;
mod sending;
mod starting;
#[allow(dead_code, reason = "the framework's tests, whose world it is, use more of it")]
#[path = "../../../../messaging/tests/it/world.rs"]
mod world;
