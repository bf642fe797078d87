//! The schemas of all messages: complete, without two of one name, and true of what is really written.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use contracts::vocabulary::Vocabulary;
use messaging::Message;
use serde_json::{Value, json};

use crate::golden::Visit;
use crate::samples;

/// A schema that may refer to all others.
fn schema_of(vocabulary: &Vocabulary, name: &str) -> Value {
    let word = vocabulary.words.iter().find(|word| word.name == name).unwrap_or_else(|| panic!("{name} has no schema"));
    json!({ "$ref": format!("#/components/schemas/{}", word.schema), "components": { "schemas": vocabulary.schemas } })
}

#[derive(Default)]
struct Samples(BTreeMap<&'static str, (u16, Value)>);

impl Visit for Samples {
    fn sample<M: Message + PartialEq + Debug>(&mut self, message: M) {
        self.0.insert(M::NAME, (M::VERSION, serde_json::to_value(message).unwrap()));
    }
}

fn all_samples() -> BTreeMap<&'static str, (u16, Value)> {
    let mut found = Samples::default();
    samples::each(&mut found);
    found.0
}

#[test]
fn every_message_has_a_schema_of_its_version_that_its_sample_fits() {
    let vocabulary = Vocabulary::complete();
    for (name, (version, sample)) in all_samples() {
        let validator = jsonschema::validator_for(&schema_of(&vocabulary, name)).unwrap();
        let faults: Vec<String> = validator.iter_errors(&sample).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert_eq!(faults, [""; 0], "{name}");
        assert!(vocabulary.words.iter().any(|word| (word.name, word.version) == (name, version)), "{name}");
    }
}

#[test]
fn every_member_of_every_message_is_described_with_its_right_type() {
    let vocabulary = Vocabulary::complete();
    for (name, (_, sample)) in all_samples() {
        let validator = jsonschema::validator_for(&schema_of(&vocabulary, name)).unwrap();
        for member in sample.as_object().unwrap().keys() {
            let mut wrong = sample.clone();
            wrong[member] = json!([[{ "no member": "is like this" }]]);
            assert!(!validator.is_valid(&wrong), "{name} takes anything as `{member}`");
        }
    }
}

#[test]
fn every_kind_of_basket_event_fits_the_schema_of_the_feed() {
    let validator = jsonschema::validator_for(&schema_of(&Vocabulary::complete(), "basket-events")).unwrap();
    for event in samples::basket_events() {
        let written = serde_json::to_value(&event).unwrap();
        assert!(validator.is_valid(&written), "{written}");
    }
    assert!(!validator.is_valid(&json!({ "basket_id": "0", "change": { "kind": "unheard_of" } })));
}

#[test]
fn the_vocabulary_has_every_message_once_and_the_feed() {
    let words: Vec<&str> = Vocabulary::complete().words.iter().map(|word| word.name).collect();
    let messages: BTreeSet<&str> = all_samples().into_keys().chain(["basket-events"]).collect();
    assert_eq!(words.len(), messages.len());
    assert_eq!(words.into_iter().collect::<BTreeSet<_>>(), messages);
}

/// A schema is found by its type's name alone, so that no two types of the contracts may share one.
#[test]
fn no_two_types_of_the_contracts_have_one_name() {
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut seen = BTreeSet::new();
    for file in std::fs::read_dir(source).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for line in text.lines() {
            let Some(name) = line.strip_prefix("pub struct ").or_else(|| line.strip_prefix("pub enum ")) else { continue };
            let name = name.split(|letter: char| !letter.is_alphanumeric()).next().unwrap_or_default().to_owned();
            assert!(seen.insert(name.clone()), "{name} is there twice");
        }
    }
}
