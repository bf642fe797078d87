//! The commands, one file or folder each.

pub(crate) mod buy;
mod config;
pub(crate) mod dead_letters;
pub(crate) mod events;
pub(crate) mod orders;
pub(crate) mod run;
pub(crate) mod simulate;
pub(crate) mod topology;
pub(crate) mod verify;

use crate::cli::Command;
use crate::config::Faults;
use crate::failure::Failure;

/// Carries a command out; `faults` are those found in its settings so far.
pub(crate) fn carry_out(command: Command, faults: Faults) -> Result<(), Failure> {
    match command {
        Command::Run(args) => run::carry_out(args, faults),
        Command::Buy(args) => buy::carry_out(args, faults),
        Command::Events(args) => events::carry_out(args, faults),
        Command::Orders(args) => orders::carry_out(args, faults),
        Command::DeadLetters(args) => dead_letters::carry_out(args, faults),
        Command::Verify(args) => verify::carry_out(args, faults),
        Command::Simulate(args) => simulate::carry_out(args, faults),
        Command::Topology(args) => topology::carry_out(&args, faults),
        Command::Config => {
            faults.finish()?;
            config::carry_out();
            Ok(())
        }
    }
}
