//! The framework's rules, each proved by tests that are named after what it says: through a test endpoint where that
//! suffices, else through the real loops on a virtual clock and a small bus in memory.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

mod bus;
mod calls;
mod cleaning;
mod compiling;
mod doors;
mod failing;
mod feeds;
mod functions;
mod letters;
mod operations;
mod races;
mod receiving;
mod sagas;
mod sending;
mod starting;
mod stopping;
mod time;
mod world;
