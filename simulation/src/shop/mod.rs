//! The whole shop in the simulation: its world, those who buy and those who organise, one history from start to
//! judgement, and many of them.
//!
//! Reading order: `world` what runs; `transport` and `ledger` the bus between them; `organiser`, `crowd`
//! and `patron` those who use the shop; `history` what happens; `judge` whether it was right; `story` what went wrong; `run` many histories.

mod crowd;
mod history;
mod judge;
mod ledger;
mod organiser;
mod patron;
mod run;
mod story;
mod transport;
mod world;

pub use judge::Finding;
pub use run::{Options, PROTECTIONS, Report, UnknownProtection, Violation, run};
