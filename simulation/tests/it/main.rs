//! The simulation through its public face: a toy world of one service with a database, a few clients, and what breaks them.

#![expect(clippy::unwrap_used, reason = "a fixture that fails is a failed test")]

mod commits;
mod executor;
mod faults;
mod groups;
mod http;
mod replay;
mod shop;
mod toy;
