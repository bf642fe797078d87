//! The command line: which commands there are. Each one's options and work stand in its own file.

use std::ffi::OsString;

use clap::{CommandFactory, Parser, Subcommand};

use crate::commands::{buy, dead_letters, events, function, orders, run, simulate, staleness, topology, verify};
use crate::logging::LogArgs;

/// GloboTicket: sells tickets, on a durable message bus, in one process with nothing to install.
///
/// Without a command it runs the shop. Every option can also be set by a GLOBOTICKET_ variable and by a configuration
/// file; `globoticket config` prints all of them.
#[derive(Debug, Parser)]
#[command(name = "globoticket", version, propagate_version = true, subcommand_required = true, max_term_width = 100)]
#[command(override_usage = "globoticket [OPTIONS] [COMMAND]")]
pub(crate) struct Cli {
    /// The configuration file. Unless it is given: globoticket.toml in the data folder, where there is one.
    #[arg(long, global = true, value_name = "FILE", display_order = 900)]
    config: Option<String>,
    #[command(flatten)]
    pub(crate) log: LogArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the shop until it is told to stop (the command that is meant where none is given)
    Run(run::RunArgs),
    /// Buy tickets as a customer does, through public HTTP only
    #[command(after_help = buy::EXITS)]
    Buy(buy::BuyArgs),
    /// Look at events, enter and change them
    Events(events::EventsArgs),
    /// Look at orders
    Orders(orders::OrdersArgs),
    /// Look at messages that could not be handled, and try them again
    DeadLetters(dead_letters::DeadLettersArgs),
    /// Make the keys of functions, and list them
    Function(function::FunctionArgs),
    /// Check on the databases that everything is true
    #[command(after_help = verify::EXITS)]
    Verify(verify::VerifyArgs),
    /// Run the whole shop on a virtual clock with faults, and check that everything is true
    Simulate(simulate::SimulateArgs),
    /// Tell which copies are behind their sources, since when, and what is on the way to them
    #[command(after_help = staleness::EXITS)]
    Staleness(staleness::StalenessArgs),
    /// Tell or draw who sends what to whom; needs no running shop
    #[command(after_help = topology::SHAPES)]
    Topology(topology::TopologyArgs),
    /// Print the commented default configuration
    Config,
}

impl Command {
    /// What is logged unless it is told otherwise: to a simulation, faults are no news.
    pub(crate) fn default_log(&self) -> &'static str {
        match self {
            Self::Run(_) => "info",
            Self::Simulate(_) => "off",
            _ => "warn",
        }
    }
}

/// The command line with the default command put in where there is none.
pub(crate) fn with_default_command(mut args: Vec<OsString>) -> Vec<OsString> {
    let command = Cli::command();
    let is_command = |arg: &OsString| arg == "help" || command.get_subcommands().any(|known| arg == known.get_name());
    let is_answered_here = |arg: &OsString| ["-h", "--help", "-V", "--version"].iter().any(|known| arg == known);
    let begins_with_option = args.get(1).is_none_or(|first| first.to_string_lossy().starts_with('-'));
    if begins_with_option && !args.iter().skip(1).any(|arg| is_command(arg) || is_answered_here(arg)) {
        args.insert(1.min(args.len()), "run".into());
    }
    args
}
