//! The broker through its handle: messages, time, faults of the store, stops and restarts, and kills.
#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]

mod audit;
mod chaos;
mod crash;
mod damage;
mod faults;
mod full_disk;
mod harness;
mod messages;
mod resubmitting;
mod settling;
mod stopping;
mod upgrading;
mod waiting;
