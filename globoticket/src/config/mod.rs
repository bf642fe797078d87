//! Where settings come from: the command line, then `GLOBOTICKET_…` variables, then a file, then the defaults. Every
//! option of every command can be set in each of them under one name.

mod default_file;
mod faults;
mod file;
mod functions;
mod options;

pub(crate) use default_file::default_file;
pub(crate) use faults::Faults;
pub(crate) use functions::FunctionSettings;
pub(crate) use functions::is_name as is_function_name;

use std::ffi::OsString;

use clap::parser::ValueSource;
use clap::{ArgMatches, Command};

use crate::shop_client::check_url;
use file::{ConfigFile, apply_file, file_for, innermost};
use options::{Options, variable, with_environment};

/// The command line read together with everything below it.
pub(crate) struct Read {
    /// What was asked for; or help, or what the parser refuses.
    pub(crate) matches: Result<ArgMatches, clap::Error>,
    /// The functions that the file sets up.
    pub(crate) functions: Vec<FunctionSettings>,
    /// What is wrong so far: to be told together with what the command itself finds.
    pub(crate) faults: Faults,
    /// What is only odd.
    pub(crate) warnings: Vec<String>,
}

/// Reads the command line `args` by `command`, with environment and file below it.
pub(crate) fn read(command: Command, args: &[OsString]) -> Read {
    let options = Options::of(&command);
    let warnings = options.unknown_variables(std::env::vars_os().map(|(name, _)| name));
    let mut faults = Faults::default();
    let command = with_environment(command, &options.wrong_flags(&mut faults));
    let file = file_for(&command, args, &mut faults);
    let command = match &file {
        Some(file) => apply_file(command, file, &options, &mut faults),
        None => command,
    };
    let functions = file.as_ref().map(|file| functions::read(file, &mut faults)).unwrap_or_default();
    let matches = command.try_get_matches_from(args);
    if let Ok(matches) = &matches {
        note_places(matches, file.as_ref(), &mut faults);
        check_what_many_have(matches, &mut faults);
    }
    Read { matches, functions, faults, warnings }
}

/// Options that mean the same to every command that has them.
fn check_what_many_have(matches: &ArgMatches, faults: &mut Faults) {
    if let Some(url) = innermost(matches, "url") {
        check_url("url", &url, faults);
    }
    if innermost(matches, "data").is_some_and(|data| data.is_empty()) {
        faults.wrong("data", "", "it must be a folder");
    }
}

/// Where each option was set, so that a fault in it names the place.
fn note_places(matches: &ArgMatches, file: Option<&ConfigFile>, faults: &mut Faults) {
    for id in matches.ids() {
        let name = id.as_str().replace('_', "-");
        match (matches.value_source(id.as_str()), file) {
            (Some(ValueSource::EnvVariable), _) => faults.set_in(&name, format!("the variable {}", variable(&name))),
            (Some(ValueSource::DefaultValue), Some(file)) if file.sets(&name) => faults.set_in(&name, file.place(&name)),
            _ => {}
        }
    }
    if let Some((_, below)) = matches.subcommand() {
        note_places(below, file, faults);
    }
}
