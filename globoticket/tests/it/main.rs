//! The binary as its users meet it: run as a process of its own, judged by what it prints and how it ends.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod command_line;
mod configuration;
mod functions;
mod shop;
mod simulation;
mod world;
