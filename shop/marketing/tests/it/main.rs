//! Marketing through its public face: entries and messages in, figures out.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod door;
mod figures;
mod golden;
