//! Golden files: what each version of a message looks like on the wire. With `GOLDEN=write` in the environment the
//! missing ones of the current version are written; one that exists is never changed.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::path::{Path, PathBuf};

use contracts::shopping_basket::BasketEvent;
use messaging::Message;
use serde_json::Value;

use crate::samples;

/// What is done with a sample of each message.
pub(crate) trait Visit {
    fn sample<M: Message + PartialEq + Debug>(&mut self, message: M);
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn file_name<M: Message>(version: u16) -> String {
    format!("{}.v{version}.json", M::NAME.trim_start_matches("globoticket."))
}

struct Compare;

impl Visit for Compare {
    fn sample<M: Message + PartialEq + Debug>(&mut self, message: M) {
        let path = folder().join(file_name::<M>(M::VERSION));
        let written = serde_json::to_string_pretty(&message).unwrap() + "\n";
        if !path.exists() && std::env::var_os("GOLDEN").is_some_and(|value| value == "write") {
            std::fs::write(&path, &written).unwrap();
        }
        let golden =
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}; write it with GOLDEN=write", path.display()));
        let (golden_value, written_value): (Value, Value) =
            (serde_json::from_str(&golden).unwrap(), serde_json::from_str(&written).unwrap());
        assert_eq!(golden_value, written_value, "{} is written differently: raise its version", M::NAME);
        assert_eq!(serde_json::from_str::<M>(&golden).unwrap(), message, "{} is read differently", M::NAME);
    }
}

#[test]
fn every_message_is_written_and_read_as_its_golden_file_says() {
    samples::each(&mut Compare);
}

struct OldVersions;

impl Visit for OldVersions {
    fn sample<M: Message + PartialEq + Debug>(&mut self, _: M) {
        for version in 1..M::VERSION {
            let golden = std::fs::read_to_string(folder().join(file_name::<M>(version))).unwrap();
            serde_json::from_str::<M>(&golden).unwrap_or_else(|error| panic!("{} v{version} is no longer read: {error}", M::NAME));
        }
    }
}

#[test]
fn every_earlier_version_is_still_read() {
    samples::each(&mut OldVersions);
}

struct UnknownField;

impl Visit for UnknownField {
    fn sample<M: Message + PartialEq + Debug>(&mut self, message: M) {
        let mut value = serde_json::to_value(&message).unwrap();
        value["a_field_of_a_later_version"] = Value::from(1);
        assert_eq!(serde_json::from_value::<M>(value).unwrap(), message, "{}", M::NAME);
    }
}

#[test]
fn an_unknown_field_is_ignored() {
    samples::each(&mut UnknownField);
}

#[derive(Default)]
struct Names {
    files: BTreeSet<String>,
    names: BTreeSet<&'static str>,
}

impl Visit for Names {
    fn sample<M: Message + PartialEq + Debug>(&mut self, message: M) {
        assert!(self.names.insert(M::NAME), "{} stands twice", M::NAME);
        let (service, noun) = M::NAME.strip_prefix("globoticket.").and_then(|rest| rest.split_once('.')).unwrap();
        assert!([service, noun].iter().all(|part| part.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')), "{}", M::NAME);
        assert!(message.subject().is_some_and(|subject| !subject.is_empty()), "{} is about nothing", M::NAME);
        self.files.extend((1..=M::VERSION).map(file_name::<M>));
    }
}

#[test]
fn names_are_unique_and_each_golden_file_belongs_to_a_message() {
    let mut names = Names::default();
    samples::each(&mut names);
    let on_disk: BTreeSet<String> =
        std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(on_disk, names.files);
}

#[test]
fn every_message_of_the_contracts_has_a_sample() {
    let mut names = Names::default();
    samples::each(&mut names);
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let declared: usize = std::fs::read_dir(source)
        .unwrap()
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
        .map(|text| text.lines().filter(|line| line.starts_with("message!(")).count())
        .sum();
    assert_eq!(declared, names.names.len());
}

/// Entries of feeds have their golden files beside those of messages: one of every kind.
#[test]
fn every_kind_of_basket_event_is_written_and_read_as_its_golden_file_says() {
    let golden = include_str!("../feeds/shopping-basket.basket-events.v1.json");
    let entries = samples::basket_events();
    assert_eq!(serde_json::from_str::<Value>(golden).unwrap(), serde_json::to_value(&entries).unwrap(), "raise its version");
    assert_eq!(serde_json::from_str::<Vec<BasketEvent>>(golden).unwrap(), entries);
    for entry in entries {
        assert_eq!(serde_json::to_value(&entry).unwrap()["change"]["kind"], entry.change.kind());
    }
}
