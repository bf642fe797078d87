//! The AsyncAPI document: valid by the official schema, and complete. UPDATE_EXPECT=1 writes it anew.

use std::collections::BTreeSet;

use composition::flows::{FlowKind, Flows};
use expect_test::expect_file;
use jsonschema::Validator;
use serde_json::{Value, json};

fn document() -> Value {
    Flows::of_the_shop().to_asyncapi()
}

fn official() -> Validator {
    let schema: Value = serde_json::from_str(include_str!("../asyncapi/asyncapi-3.0.0.schema.json")).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

#[test]
fn the_asyncapi_document_is_that_of_before() {
    let text = serde_json::to_string_pretty(&document()).unwrap();
    expect_file!["../golden/asyncapi.json"].assert_eq(&format!("{text}\n"));
}

#[test]
fn the_asyncapi_document_is_valid_by_the_official_schema() {
    let (official, document) = (official(), document());
    let faults: Vec<String> = official.iter_errors(&document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert_eq!(faults, [""; 0]);
    let mut wrong = document;
    wrong["operations"]["ordering.receive.ordering"]["action"] = json!("shout");
    assert!(!official.is_valid(&wrong), "the official schema takes anything");
}

/// All references below a value.
fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn every_reference_of_the_asyncapi_document_leads_somewhere() {
    let document = document();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.len() > 50, "{found:?}");
    for reference in found {
        assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
    }
}

#[test]
fn each_end_of_each_flow_is_an_operation() {
    let document = document();
    for flow in Flows::of_the_shop().flows.iter().filter(|flow| flow.kind != FlowKind::Call) {
        for (action, services) in [("send", &flow.from), ("receive", &flow.to)] {
            for service in services {
                let operations = document["operations"].as_object().unwrap().iter();
                let mut mine =
                    operations.filter(|(name, operation)| name.starts_with(&format!("{service}.")) && operation["action"] == action);
                let carries = |operation: &Value| operation["messages"].to_string().contains(&format!("/messages/{}\"", flow.name));
                assert!(mine.any(|(_, operation)| carries(operation)), "{service} does not {action} {}", flow.name);
            }
        }
    }
}
