//! Headers, lengths, names, words.

use std::collections::BTreeMap;

use xtask::tidy::Fault;
use xtask::tidy::sources::{LINES_MAX, LINES_WALL, check, limits};
use xtask::tidy::tree::Tree;

use crate::{lines, one_fault};

const PATH: &str = "shop/ordering/src/order.rs";

fn check_file(path: &str, text: &str) -> Vec<Fault> {
    check(&Tree::default().with(path, text), &BTreeMap::new())
}

fn check_length(length: usize, ratchet: Option<usize>) -> Vec<Fault> {
    let text = format!("//! Long.\n{}", "\n".repeat(length - 1));
    let limits = ratchet.map(|lines| (PATH.to_owned(), lines)).into_iter().collect();
    check(&Tree::default().with(PATH, &text), &limits)
}

#[test]
fn a_file_opens_with_its_header() {
    assert!(check_file(PATH, "//! What an order is.\n").is_empty());
    one_fault(&check_file(PATH, "use std::fmt;\n//! late\n"), "does not open with a //! header");
}

#[test]
fn a_file_at_the_limit_passes_and_one_line_more_does_not() {
    assert!(check_length(LINES_MAX, None).is_empty());
    one_fault(&check_length(LINES_MAX + 1, None), "the limit is 500");
}

#[test]
fn a_ratchet_allows_its_number_and_no_line_more() {
    assert!(check_length(600, Some(600)).is_empty());
    one_fault(&check_length(601, Some(600)), "it may have 600");
}

#[test]
fn a_ratchet_has_to_follow_its_file_down() {
    assert!(check_length(580, Some(600)).is_empty());
    one_fault(&check_length(579, Some(600)), "lower its number");
    one_fault(&check_length(500, Some(600)), "needs no ratchet");
}

#[test]
fn no_ratchet_allows_more_than_the_wall() {
    one_fault(&check_length(LINES_WALL + 1, Some(900)), "no file has more than 800");
}

#[test]
fn a_ratchet_for_a_file_that_is_gone_is_a_fault() {
    let limits = BTreeMap::from([("shop/gone.rs".to_owned(), 600)]);
    one_fault(&check(&Tree::default(), &limits), "is gone");
}

#[test]
fn a_ratchet_needs_a_reason() {
    assert_eq!(limits("\"a.rs\" = { lines = 600, reason = \"one table\" }").unwrap().get("a.rs"), Some(&600));
    assert!(limits("\"a.rs\" = { lines = 600, reason = \"\" }").is_err());
    assert!(limits("\"a.rs\" = { reason = \"one table\" }").is_err());
}

#[test]
fn names_that_say_nothing_are_refused_for_files_and_folders() {
    one_fault(&check_file("shop/ordering/src/utils.rs", "//! Things.\n"), "`utils` says nothing");
    one_fault(&check_file("shop/ordering/tests/common/mod.rs", "//! Things.\n"), "`common` says nothing");
    assert!(check_file("shop/ordering/src/uncommon.rs", "//! Things.\n").is_empty());
}

#[test]
fn what_is_left_to_do_and_tests_that_are_left_out_are_found_with_their_line() {
    let undone = format!("//! x\nfn f() {{ {}) }}\n", concat!("to", "do!("));
    assert!(lines(&check_file(PATH, &undone))[0].starts_with("shop/ordering/src/order.rs:2: something is left to do"));
    let left_out = format!("//! x\n{} = \"slow\"]\n", concat!("#[", "ignore"));
    one_fault(&check_file(PATH, &left_out), "a test is left out");
}

#[test]
fn a_select_says_in_which_order_it_looks() {
    let select = concat!("sel", "ect! {");
    one_fault(&check_file(PATH, &format!("//! x\ntokio::{select}\n    a = b => {{}}\n")), "without `biased;`");
    assert!(check_file(PATH, &format!("//! x\ntokio::{select}\n    biased;\n")).is_empty());
}

#[test]
fn a_crate_of_the_bus_warns_of_what_is_not_documented() {
    one_fault(&check_file("bus/messaging/src/lib.rs", "//! x\n"), "`#![warn(missing_docs)]` is missing");
    one_fault(&check_file("bus/transports/embedded/src/lib.rs", "//! x\n"), "`#![warn(missing_docs)]` is missing");
    assert!(check_file("bus/messaging/src/lib.rs", "//! x\n#![warn(missing_docs)]\n").is_empty());
    assert!(check_file("shop/ordering/src/lib.rs", "//! x\n").is_empty());
}
