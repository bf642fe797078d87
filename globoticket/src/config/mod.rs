//! Where settings come from: the command line, then `GLOBOTICKET_…` variables, then a file, then the defaults. Every
//! option of every command can be set in each of them under one name.

mod default_file;
mod faults;
mod file;
mod options;

pub(crate) use default_file::default_file;
pub(crate) use faults::Faults;

use std::ffi::OsString;

use clap::{ArgMatches, Command};

use file::{apply_file, file_for};
use options::{Options, with_environment};

/// The command line read together with everything below it.
pub(crate) struct Read {
    /// What was asked for.
    pub(crate) matches: ArgMatches,
    /// What is wrong so far: to be told together with what the command itself finds.
    pub(crate) faults: Faults,
    /// What is only odd.
    pub(crate) warnings: Vec<String>,
}

/// Reads the command line `args` by `command`, with environment and file below it.
///
/// # Errors
/// Help, and what the parser refuses, with the faults found besides.
pub(crate) fn read(command: Command, args: &[OsString]) -> Result<Read, (clap::Error, Faults)> {
    let options = Options::of(&command);
    let warnings = options.unknown_variables(std::env::vars_os().map(|(name, _)| name));
    let command = with_environment(command);
    let mut faults = Faults::default();
    let command = match file_for(&command, args, &mut faults) {
        Some(file) => apply_file(command, &file, &options, &mut faults),
        None => command,
    };
    match command.try_get_matches_from(args) {
        Ok(matches) => Ok(Read { matches, faults, warnings }),
        Err(error) => Err((error, faults)),
    }
}
