//! The project's automation: runs the tests, runs what a change has to pass, and checks what no compiler checks.
//! Names no other crate of the workspace: it must work while they do not build.

mod bench;
mod cancelling;
mod command;
mod installed;
mod shop;
mod soak;
mod stage;
mod suite;
mod syncs;
pub mod tidy;

pub use command::run;
