//! Which options there are, over all commands, and their names in the environment.

use std::collections::BTreeMap;
use std::ffi::OsString;

use clap::builder::{BoolishValueParser, TypedValueParser};
use clap::{Arg, ArgAction, Command};

use super::Faults;

const PREFIX: &str = "GLOBOTICKET_";
/// Never shown in help, nor repeated in an error.
const SECRETS: &[&str] = &["key", "card", "gateway-secret-key"];

/// All options of all commands by their long names.
pub(crate) struct Options {
    by_name: BTreeMap<String, Option_>,
}

/// One option.
#[derive(Debug, Clone)]
pub(crate) struct Option_ {
    /// Is either there or not.
    pub(crate) is_flag: bool,
    /// What it is for.
    pub(crate) help: String,
    /// Its value where nobody sets one.
    pub(crate) default: Option<String>,
    /// The commands that have it.
    pub(crate) commands: Vec<String>,
}

impl Options {
    pub(crate) fn of(command: &Command) -> Self {
        let mut options = Self { by_name: BTreeMap::new() };
        options.collect(command, "");
        options
    }

    fn collect(&mut self, command: &Command, path: &str) {
        for arg in command.get_arguments() {
            let Some(name) = settable(arg) else { continue };
            let described = self.by_name.entry(name.to_owned()).or_insert_with(|| describe(arg));
            if !path.is_empty() {
                described.commands.push(path.to_owned());
            }
        }
        for inner in command.get_subcommands() {
            let path = format!("{path} {}", inner.get_name());
            self.collect(inner, path.trim_start());
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Option_> {
        self.by_name.get(name)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Option_)> {
        self.by_name.iter().map(|(name, option)| (name.as_str(), option))
    }

    /// The flags whose variables are neither true nor false, each noted as a fault.
    pub(crate) fn wrong_flags(&self, faults: &mut Faults) -> Vec<String> {
        let is_wrong = |value: &OsString| BoolishValueParser::new().parse_ref(&Command::new(""), None, value).is_err();
        let mut wrong = Vec::new();
        for (name, _) in self.iter().filter(|(_, option)| option.is_flag) {
            if let Some(value) = std::env::var_os(variable(name)).filter(is_wrong) {
                faults.add(format!("the variable {} is `{}`: it must be true or false", variable(name), value.display()));
                wrong.push(name.to_owned());
            }
        }
        wrong
    }

    /// A sentence for each variable that looks like ours and sets nothing.
    pub(crate) fn unknown_variables(&self, names: impl Iterator<Item = OsString>) -> Vec<String> {
        let known: Vec<String> = self.by_name.keys().map(|name| variable(name)).chain([variable("config")]).collect();
        let ours = names.filter_map(|name| name.into_string().ok()).filter(|name| name.starts_with(PREFIX));
        let unknown = ours.filter(|name| !known.contains(name));
        unknown.map(|name| format!("the variable {name} sets nothing; `globoticket config` lists what can be set")).collect()
    }
}

/// The name of an option that can also be set by environment and file. `--config` says where the file is.
pub(crate) fn settable(arg: &Arg) -> Option<&str> {
    arg.get_long().filter(|name| !matches!(*name, "help" | "version" | "config"))
}

pub(crate) fn is_flag(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::SetTrue)
}

pub(crate) fn is_secret(name: &str) -> bool {
    SECRETS.contains(&name)
}

pub(crate) fn variable(name: &str) -> String {
    format!("{PREFIX}{}", name.replace('-', "_").to_uppercase())
}

fn describe(arg: &Arg) -> Option_ {
    let text = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let default = arg.get_default_values().first().map(|value| value.to_string_lossy().into_owned());
    Option_ { is_flag: is_flag(arg), help: text, default: default.filter(|_| !is_flag(arg)), commands: Vec::new() }
}

/// Lets every option of `command` and those below it but the `wrong` ones be set by a variable, and be given a number
/// below zero, which is then refused with its name.
pub(crate) fn with_environment(command: Command, wrong: &[String]) -> Command {
    command.mut_args(|arg| by_variable(arg, wrong)).mut_subcommands(|below| with_environment(below, wrong))
}

fn by_variable(arg: Arg, wrong: &[String]) -> Arg {
    let Some(name) = arg.get_long().filter(|name| !matches!(*name, "help" | "version")).map(str::to_owned) else { return arg };
    let arg = if is_flag(&arg) { arg.value_parser(BoolishValueParser::new()) } else { arg.allow_negative_numbers(true) };
    if wrong.contains(&name) { arg } else { arg.env(variable(&name)).hide_env_values(true) }
}
