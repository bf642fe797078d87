//! The `[[function]]` tables of the configuration file: functions as they are set up, without their keys.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::time::Duration;

use composition::{KnownMessages, ServiceName, known_messages};
use messaging::function::{Function, SigningKey};
use messaging::{Endpoint, KnownCommand};

use super::Faults;
use super::file::ConfigFile;
use crate::data_folder::{BUS, GATEWAY};

/// What the tables are called in the file.
pub(crate) const TABLE: &str = "function";
const KEYS: [&str; 5] = ["name", "events", "url", "commands", "timeout_ms"];
const TIMEOUT_MS: i64 = 10_000;
const TIMEOUT_MS_MIN: i64 = 100;
const TIMEOUT_MS_MAX: i64 = 300_000;
const NAME_CHARACTERS_MAX: usize = 50;

/// A function as it is set up.
#[derive(Debug, Clone)]
pub(crate) struct FunctionSettings {
    pub(crate) name: &'static str,
    pub(crate) events: Vec<&'static str>,
    pub(crate) url: http::Uri,
    pub(crate) commands: Vec<KnownCommand>,
    pub(crate) timeout: Duration,
}

impl FunctionSettings {
    pub(crate) fn with(self, key: SigningKey) -> Function {
        let Self { name, events, url, commands, timeout } = self;
        Function { name, events, url, key, commands, timeout }
    }

    /// Its endpoint, only to be looked at: with no key to sign with.
    pub(crate) fn endpoint(&self) -> Endpoint {
        self.clone().with(SigningKey::of([0; 32])).endpoint()
    }
}

/// Whether it can be the name of an endpoint, and of its queue and files.
pub(crate) fn is_name(text: &str) -> bool {
    let is_inside = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    text.len() <= NAME_CHARACTERS_MAX
        && text.bytes().all(is_inside)
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && !text.ends_with('-')
}

/// The functions of the file; all that is wrong with them is noted.
pub(crate) fn read(file: &ConfigFile, faults: &mut Faults) -> Vec<FunctionSettings> {
    let Some(value) = file.get(TABLE) else { return Vec::new() };
    let tables: Option<Vec<&toml::Table>> = value.as_array().and_then(|tables| tables.iter().map(toml::Value::as_table).collect());
    let Some(tables) = tables else {
        faults.add(format!("{} must be written as [[{TABLE}]], once for each", file.place(TABLE)));
        return Vec::new();
    };
    let known = known_messages();
    let mut names: BTreeSet<&str> = ServiceName::ALL.iter().map(|name| name.as_str()).chain([BUS, GATEWAY]).collect();
    let mut functions = Vec::new();
    for (number, table) in (1..).zip(tables) {
        let whose = match table.get("name").and_then(toml::Value::as_str) {
            Some(name) => format!("function `{name}`"),
            None => format!("the {TABLE} number {number}"),
        };
        let mut reader = Reader { table, whose, file, faults };
        functions.extend(reader.function(&known, &mut names));
    }
    functions
}

/// Reads one table, and notes what is wrong with it by file, function and key.
struct Reader<'r, 'f> {
    table: &'r toml::Table,
    whose: String,
    file: &'r ConfigFile,
    faults: &'f mut Faults,
}

impl<'r> Reader<'r, '_> {
    fn function(&mut self, known: &KnownMessages, names: &mut BTreeSet<&'r str>) -> Option<FunctionSettings> {
        for key in self.table.keys().filter(|key| !KEYS.contains(&key.as_str())) {
            self.wrong(key, format!("is no setting of a function; there are {}", KEYS.join(", ")));
        }
        let (name, events, url) = (self.name(names), self.events(known), self.url());
        let (commands, timeout) = (self.commands(known), self.timeout());
        // The file is read once: names live as long as the process.
        let name: &'static str = Box::leak(name?.to_owned().into_boxed_str());
        Some(FunctionSettings { name, events: events?, url: url?, commands: commands?, timeout: timeout? })
    }

    fn name(&mut self, names: &mut BTreeSet<&'r str>) -> Option<&'r str> {
        let name = self.text("name")?;
        if !is_name(name) {
            self.wrong("name", "must be at most 50 lower-case letters, digits and hyphens, such as `loyalty`");
            return None;
        }
        if !names.insert(name) {
            self.wrong("name", "is taken: another function or a part of the shop has that name");
            return None;
        }
        Some(name)
    }

    fn url(&mut self) -> Option<http::Uri> {
        let text = self.text("url")?;
        let is_right =
            |url: &http::Uri| matches!(url.scheme_str(), Some("http" | "https")) && url.host().is_some_and(|host| !host.is_empty());
        let url = text.trim().parse().ok().filter(is_right);
        if url.is_none() {
            self.wrong("url", format!("is `{text}`: it must be an address such as http://127.0.0.1:7071/order-paid"));
        }
        url
    }

    fn events(&mut self, known: &KnownMessages) -> Option<Vec<&'static str>> {
        let named = self.list("events")?;
        if named.is_empty() {
            self.wrong("events", "must name at least one event");
            return None;
        }
        let known_names: Vec<&str> = known.events.iter().copied().collect();
        self.all_known("events", &named, "event", &known_names, |name| known.events.get(name).copied())
    }

    fn commands(&mut self, known: &KnownMessages) -> Option<Vec<KnownCommand>> {
        if !self.table.contains_key("commands") {
            return Some(Vec::new());
        }
        let named = self.list("commands")?;
        let known_names: Vec<&str> = known.commands.keys().copied().collect();
        self.all_known("commands", &named, "command", &known_names, |name| known.commands.get(name).copied())
    }

    /// What all the names of a list stand for; each that is unknown or stands there twice is a fault.
    fn all_known<T>(&mut self, key: &str, named: &[&str], what: &str, known: &[&str], find: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
        let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
        for name in named {
            match find(name) {
                Some(_) if !seen.insert(name) => self.wrong(key, format!("names `{name}` twice")),
                Some(it) => found.push(it),
                None => self.wrong(key, format!("names `{name}`, which is no {what}; there are {}", known.join(", "))),
            }
        }
        (found.len() == named.len()).then_some(found)
    }

    fn timeout(&mut self) -> Option<Duration> {
        let Some(value) = self.table.get("timeout_ms") else { return Some(Duration::from_millis(TIMEOUT_MS.unsigned_abs())) };
        match value.as_integer().filter(|number| (TIMEOUT_MS_MIN..=TIMEOUT_MS_MAX).contains(number)) {
            Some(number) => Some(Duration::from_millis(number.unsigned_abs())),
            None => {
                self.wrong("timeout_ms", format!("is {value}: it must be a whole number from {TIMEOUT_MS_MIN} to {TIMEOUT_MS_MAX}"));
                None
            }
        }
    }

    fn text(&mut self, key: &str) -> Option<&'r str> {
        let text = self.table.get(key).map(toml::Value::as_str);
        match text {
            None => self.wrong(key, "is missing"),
            Some(None) => self.wrong(key, "must be a text"),
            Some(Some(text)) => return Some(text),
        }
        None
    }

    fn list(&mut self, key: &str) -> Option<Vec<&'r str>> {
        let list = self.table.get(key).map(|value| value.as_array()?.iter().map(toml::Value::as_str).collect::<Option<Vec<_>>>());
        match list {
            None => self.wrong(key, "is missing"),
            Some(None) => self.wrong(key, "must be a list of texts"),
            Some(Some(list)) => return Some(list),
        }
        None
    }

    fn wrong(&mut self, key: &str, what: impl Display) {
        self.faults.add(format!("`{key}` of {} in {} {what}", self.whose, self.file.path().display()));
    }
}
