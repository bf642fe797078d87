//! The commands, one file or folder each.

pub(crate) mod buy;
mod config;
pub(crate) mod dead_letters;
pub(crate) mod events;
pub(crate) mod function;
pub(crate) mod orders;
pub(crate) mod run;
pub(crate) mod simulate;
pub(crate) mod staleness;
pub(crate) mod topology;
pub(crate) mod verify;

use crate::cli::Command;
use crate::config::{Faults, FunctionSettings};
use crate::failure::Failure;

/// Carries a command out; `functions` are those that the file sets up, `faults` those found in the settings so far.
pub(crate) fn carry_out(command: Command, functions: Vec<FunctionSettings>, faults: Faults) -> Result<(), Failure> {
    match command {
        Command::Run(args) => run::carry_out(args, functions, faults),
        Command::Buy(args) => buy::carry_out(args, faults),
        Command::Events(args) => events::carry_out(args, faults),
        Command::Orders(args) => orders::carry_out(args, faults),
        Command::DeadLetters(args) => dead_letters::carry_out(args, faults),
        Command::Function(args) => function::carry_out(args, &functions, faults),
        Command::Verify(args) => verify::carry_out(args, faults),
        Command::Simulate(args) => simulate::carry_out(args, faults),
        Command::Staleness(args) => staleness::carry_out(args, faults),
        Command::Topology(args) => topology::carry_out(&args, &functions, faults),
        Command::Config => {
            faults.finish()?;
            config::carry_out();
            Ok(())
        }
    }
}
