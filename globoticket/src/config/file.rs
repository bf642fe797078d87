//! The configuration file: one flat table of option names, read as defaults below the command line and the environment.
//! Its functions have a reader of their own.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgMatches, Command};

use super::options::{Options, is_secret, settable, variable};
use super::{Faults, functions};
use crate::data_folder::DEFAULT_DATA;

const NAME: &str = "globoticket.toml";
/// A configuration has some dozens of lines.
const BYTES_MAX: u64 = 256 * 1024;

/// A file's path and what it sets.
pub(crate) struct ConfigFile {
    path: PathBuf,
    table: toml::Table,
}

impl ConfigFile {
    pub(crate) fn sets(&self, name: &str) -> bool {
        self.table.contains_key(name)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What stands under `name`.
    pub(crate) fn get(&self, name: &str) -> Option<&toml::Value> {
        self.table.get(name)
    }

    /// Where in the file a setting is, in words.
    pub(crate) fn place(&self, name: &str) -> String {
        format!("`{name}` in {}", self.path.display())
    }
}

/// The file that counts for this command line: `--config`, which must be there, else the data folder's.
pub(crate) fn file_for(command: &Command, args: &[OsString], faults: &mut Faults) -> Option<ConfigFile> {
    let guess = command.clone().ignore_errors(true).try_get_matches_from(args).ok()?;
    if guess.subcommand_name() == Some("config") {
        return None;
    }
    let (path, must_be_there) = match innermost(&guess, "config") {
        Some(path) => (PathBuf::from(path), true),
        None => {
            let data = innermost(&guess, "data").or_else(|| std::env::var(variable("data")).ok());
            (Path::new(data.as_deref().unwrap_or(DEFAULT_DATA)).join(NAME), false)
        }
    };
    match read(&path) {
        Ok(text) => match text.parse() {
            Ok(table) => Some(ConfigFile { path, table }),
            Err(error) => {
                faults.add(no_toml(&path, &text, &error));
                None
            }
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !must_be_there => None,
        // A data folder that cannot be looked into is told by whoever needs the folder.
        Err(_) if !must_be_there => None,
        Err(error) => {
            faults.add(format!("the configuration file {} cannot be read: {error}", path.display()));
            None
        }
    }
}

fn read(path: &Path) -> std::io::Result<String> {
    let length = std::fs::metadata(path)?.len();
    if length > BYTES_MAX {
        return Err(std::io::Error::other(format!("it has {length} bytes; a configuration has at most {BYTES_MAX}")));
    }
    std::fs::read_to_string(path)
}

/// The value of `name` in the innermost command that has one.
pub(crate) fn innermost(matches: &ArgMatches, name: &str) -> Option<String> {
    let below = matches.subcommand().and_then(|(_, below)| innermost(below, name));
    below.or_else(|| matches.try_get_one::<String>(name).ok().flatten().cloned())
}

/// Makes the file's values the defaults of all options of these names.
pub(crate) fn apply_file(command: Command, file: &ConfigFile, options: &Options, faults: &mut Faults) -> Command {
    let values = read_values(file, options, faults);
    with_defaults(command, &values)
}

fn read_values(file: &ConfigFile, options: &Options, faults: &mut Faults) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    for (name, value) in file.table.iter().filter(|(name, _)| *name != functions::TABLE) {
        let Some(option) = options.get(name) else {
            faults.add(format!("{} is no setting; `globoticket config` lists them", file.place(name)));
            continue;
        };
        // As the default configuration has it where there is no default.
        if value.as_str() == Some("") && option.default.is_none() {
            continue;
        }
        match text_of(value, option.is_flag) {
            Ok(text) => drop(values.insert(name.clone(), text)),
            Err(must) => faults.add(format!("{} {must}", file.place(name))),
        }
    }
    values
}

/// The line is named and not shown: it may hold a secret.
fn no_toml(path: &Path, text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    format!("the configuration file {} is no TOML: line {line}: {}", path.display(), error.message())
}

fn text_of(value: &toml::Value, is_flag: bool) -> Result<String, &'static str> {
    match value {
        toml::Value::Boolean(on) if is_flag => Ok(on.to_string()),
        _ if is_flag => Err("must be true or false"),
        toml::Value::String(text) => Ok(text.clone()),
        toml::Value::Integer(number) => Ok(number.to_string()),
        toml::Value::Float(number) => Ok(number.to_string()),
        toml::Value::Datetime(instant) => Ok(instant.to_string()),
        toml::Value::Boolean(_) | toml::Value::Array(_) | toml::Value::Table(_) => Err("must be a text or a number"),
    }
}

fn with_defaults(command: Command, values: &BTreeMap<String, String>) -> Command {
    command.mut_args(|arg| with_default(arg, values)).mut_subcommands(|below| with_defaults(below, values))
}

fn with_default(arg: Arg, values: &BTreeMap<String, String>) -> Arg {
    let Some((name, value)) = settable(&arg).and_then(|name| Some((name.to_owned(), values.get(name)?.clone()))) else { return arg };
    arg.default_value(value).required(false).hide_default_value(is_secret(&name))
}
