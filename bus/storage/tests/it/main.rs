//! What storage promises, through its public face.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says what it found by failing")]

mod crashes;
mod full_disk;
mod groups;
mod migrations;
mod opening;
mod support;
mod transactions;
mod values;
