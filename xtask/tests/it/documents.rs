//! Golden files, guarantees, decisions.

use std::collections::BTreeMap;

use xtask::tidy::tree::Tree;
use xtask::tidy::{Fault, decisions, goldens, guarantees, links};

use crate::{lines, one_fault};

const HOLD: &str = "message!(command \"globoticket.box-office.hold-tickets\" v 1 to \"box-office\": HoldTickets, about hold_id);\n";

fn contracts() -> Tree {
    Tree::default().with("shop/contracts/src/box_office.rs", HOLD)
}

#[test]
fn a_message_with_its_golden_files_passes_also_with_those_of_older_versions() {
    let goldens = ["v1", "v2"].map(|version| format!("shop/contracts/tests/golden/box-office.hold-tickets.{version}.json"));
    let tree = Tree::default().with("shop/contracts/src/box_office.rs", &HOLD.replace("v 1", "v 2"));
    assert!(goldens::check(&tree.with(&goldens[0], "").with(&goldens[1], "")).is_empty());
}

#[test]
fn a_message_without_a_golden_file_of_its_version_is_a_fault() {
    one_fault(&goldens::check(&contracts()), "box-office.hold-tickets.v1: has no golden file");
    let raised = Tree::default().with("shop/contracts/src/box_office.rs", &HOLD.replace("v 1", "v 2"));
    let raised = raised.with("shop/contracts/tests/golden/box-office.hold-tickets.v1.json", "");
    one_fault(&goldens::check(&raised), "box-office.hold-tickets.v2: has no golden file");
}

#[test]
fn a_golden_file_of_a_version_that_the_message_has_not_reached_is_a_fault() {
    let tree = contracts().with("shop/contracts/tests/golden/box-office.hold-tickets.v1.json", "");
    one_fault(&goldens::check(&tree.with("shop/contracts/tests/golden/box-office.hold-tickets.v2.json", "")), "belongs to no message");
}

#[test]
fn a_golden_file_without_a_message_is_a_fault() {
    let tree = Tree::default().with("shop/contracts/tests/golden/gone.v1.json", "");
    one_fault(&goldens::check(&tree), "belongs to no message");
}

#[test]
fn a_name_in_a_comment_is_no_message() {
    let tree = Tree::default().with("shop/contracts/src/lib.rs", "//! such as \"globoticket.a.b\"\n");
    assert!(goldens::check(&tree).is_empty());
}

/// Every rule and invariant, those with the given test cells first and the others in the last section.
fn guarantees_with(rows: &[(&str, &str)]) -> String {
    let mut text = String::from("# Guarantees\n\n## Kept\n\n| rule | says | tests |\n|---|---|---|\n");
    for (id, tests) in rows {
        text.push_str(&format!("| {id} | something | {tests} |\n"));
    }
    text.push_str("\n## From a later version on\n\n| rule | says |\n|---|---|\n");
    let all = guarantees::ROWS.iter().flat_map(|(kind, last)| (1..=*last).map(move |number| format!("{kind}{number}")));
    for id in all.filter(|id| !rows.iter().any(|(row, _)| row == id)) {
        text.push_str(&format!("| {id} | something |\n"));
    }
    text
}

fn check_guarantees(document: &str) -> Vec<Fault> {
    let tests = "#[test]\nfn a_repeat_changes_nothing() {}\n\nfn no_test() {}\n";
    let tree = Tree::default().with("docs/guarantees.md", document).with("bus/messaging/tests/it/receiving.rs", tests);
    guarantees::check(&tree, &BTreeMap::from([("messaging".to_owned(), "bus/messaging/".to_owned())]))
}

#[test]
fn a_rule_that_names_an_existing_test_passes() {
    assert_eq!(lines(&check_guarantees(&guarantees_with(&[("R1", "`messaging::a_repeat_changes_nothing`")]))), Vec::<String>::new());
    assert!(check_guarantees(&guarantees_with(&[("R1", "`messaging::receiving::a_repeat_changes_nothing`")])).is_empty());
}

#[test]
fn a_rule_without_a_test_is_a_fault() {
    one_fault(&check_guarantees(&guarantees_with(&[("R1", "soon")])), "R1: names no test");
}

#[test]
fn a_test_that_does_not_exist_is_a_fault() {
    one_fault(&check_guarantees(&guarantees_with(&[("R1", "`messaging::a_repeat`")])), "`messaging` has no such test");
    one_fault(&check_guarantees(&guarantees_with(&[("R1", "`messaging::no_test`")])), "`messaging` has no such test");
    one_fault(&check_guarantees(&guarantees_with(&[("R1", "`gone::a_repeat_changes_nothing`")])), "there is no crate `gone`");
}

#[test]
fn every_rule_stands_there_once() {
    let document = guarantees_with(&[]);
    one_fault(&check_guarantees(&document.replace("| R7 |", "| X |")), "R7: is missing");
    one_fault(&check_guarantees(&format!("{document}| R7 | again |\n")), "R7: stands there 2 times");
}

const DECISION: &str = "# One\n\n## Context\n\n## Decision\n\n## What would make us change it\n";

#[test]
fn a_listed_decision_with_its_sections_passes() {
    let tree = Tree::default().with("docs/decisions/README.md", "- [One](0001-one.md)").with("docs/decisions/0001-one.md", DECISION);
    assert!(decisions::check(&tree).is_empty());
}

#[test]
fn a_decision_that_is_not_listed_or_lacks_a_section_is_a_fault() {
    let unlisted = Tree::default().with("docs/decisions/README.md", "").with("docs/decisions/0001-one.md", DECISION);
    one_fault(&decisions::check(&unlisted), "is not listed");
    let open = DECISION.replace("## What would make us change it\n", "");
    let lacking = Tree::default().with("docs/decisions/README.md", "- [One](0001-one.md)").with("docs/decisions/0001-one.md", &open);
    one_fault(&decisions::check(&lacking), "has no section");
}

#[test]
fn a_link_names_a_file_or_a_folder_that_is_there() {
    let text = "[a](docs/a.md#part) [b](docs) [c](https://example.org/x) [d](#below)";
    let tree = Tree::default().with("README.md", text).with("docs/a.md", "[up](../README.md)");
    assert_eq!(lines(&links::check(&tree)), Vec::<String>::new());
    one_fault(&links::check(&Tree::default().with("docs/a.md", "[gone](b.md)")), "docs/a.md: links to `b.md`, which is not there");
}
