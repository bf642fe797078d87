//! The simulation through its public face: a toy world of two services, a database each, and a few clients.

#![expect(clippy::unwrap_used, reason = "a fixture that fails is a failed test")]

mod commits;
mod executor;
mod faults;
mod groups;
mod http;
mod replay;
mod toy;
