//! The contracts as their users meet them: on the wire, and as values.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod golden;
mod samples;
mod values;
mod vocabulary;
