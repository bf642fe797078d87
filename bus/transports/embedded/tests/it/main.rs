//! The embedded transport: it passes the suite, and a stranger's example works.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod conformance;
mod example;
mod missing;
mod sending;
mod world;
