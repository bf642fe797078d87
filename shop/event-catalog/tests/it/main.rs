//! The event catalog through its public face: requests and messages in; answers, messages and facts out.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod browsing;
mod changes;
mod door;
mod doors;
mod golden;
mod seed;
