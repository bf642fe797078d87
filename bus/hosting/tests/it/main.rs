//! The host: hosted services started in order, watched, run again after a failure, and stopped in reverse.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod host;
mod world;
