//! The whole shop in one thread on a virtual clock, with injected faults: an executor whose every choice comes from
//! one seed, and a world of groups (a service each) that can be killed and started again.
//!
//! Reading order: [`Executor`] runs tasks, [`Sim`] is the handle that they and the world share, [`Faults`] decides what
//! goes wrong, [`SimHook`] breaks commits, the network carries HTTP between groups, [`Digest`] tells two histories apart.

mod clock;
mod crash;
mod digest;
mod executor;
mod faults;
mod group;
mod network;
mod random;
mod shop;
mod sim;
mod task;

pub use clock::WALL_START;
pub use crash::{Crash, SimHook};
pub use digest::Digest;
pub use executor::{Executor, RunEnd};
pub use faults::{Fault, FaultPlan, Faults, UnknownFault};
pub use group::Group;
pub use random::Random;
pub use shop::{Finding, Options, PROTECTIONS, Report, UnknownProtection, Violation, run};
pub use sim::Sim;
pub use task::Death;
