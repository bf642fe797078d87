//! The binary: command line and configuration, real HTTP, the data folder. Everything that decides lives below it.
//!
//! Reading order: `cli` which commands there are, `commands` one file each, `config` where their settings come from;
//! `data_folder`, `function_keys`, `http_server`, `http_limits`, `http_client`, `runtime` what a running shop stands on.

mod cli;
mod commands;
mod config;
mod data_folder;
mod failure;
mod function_keys;
mod http_client;
mod http_limits;
mod http_server;
mod logging;
mod runtime;
mod shop_client;
mod text;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use crate::cli::Cli;
use crate::config::Faults;
use crate::failure::{Failure, WRONG_USE};
use crate::text::complain;

fn main() -> ExitCode {
    // reqwest is built without a provider of its own.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match start(std::env::args_os().collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !failure.text.is_empty() {
                complain(format!("error: {failure}"));
            }
            ExitCode::from(failure.code)
        }
    }
}

fn start(args: Vec<OsString>) -> Result<(), Failure> {
    let args = cli::with_default_command(args);
    let read = config::read(Cli::command(), &args);
    for warning in &read.warnings {
        complain(format!("warning: {warning}"));
    }
    let mut faults = read.faults;
    let matches = match read.matches {
        Ok(matches) => matches,
        Err(error) => return told_by_parser(&error, faults),
    };
    match Cli::from_arg_matches(&matches) {
        Ok(cli) => {
            logging::start(&cli.log, cli.command.default_log(), &mut faults);
            commands::carry_out(cli.command, read.functions, faults)
        }
        Err(error) => told_by_parser(&error, faults),
    }
}

/// Help goes to standard output and is no failure.
fn told_by_parser(error: &clap::Error, faults: Faults) -> Result<(), Failure> {
    // A closed pipe has nobody left to be told.
    let _ = error.print();
    if !error.use_stderr() {
        return Ok(());
    }
    faults.finish()?;
    Err(Failure::silent(WRONG_USE))
}
