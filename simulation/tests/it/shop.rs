//! The whole shop: clean in hundreds of histories in which everything goes wrong, and able to fail.

use std::collections::BTreeSet;

use simulation::{FaultPlan, Options, PROTECTIONS, Report, run};

fn report(seed: u64, histories: u64, faults: &str, without: Option<&str>) -> Report {
    let options = Options { seed, histories, faults: faults.parse().unwrap(), without: without.map(str::to_owned) };
    run(&options, &mut |_| {}).unwrap()
}

fn told(report: &Report) -> String {
    let violations = report.violations.iter();
    violations.map(|it| format!("seed {}: {:#?}\n{}\n", it.seed, it.findings, it.story.join("\n"))).collect()
}

#[test]
fn three_hundred_histories_with_all_faults_are_clean_and_nothing_in_them_never_happens() {
    let report = report(1, 300, "all", None);
    assert!(report.violations.is_empty(), "{}", told(&report));
    let counts = [report.histories, report.messages, report.crashes].into_iter().chain(report.faults.values().copied());
    assert!(counts.chain(report.orders.values().copied()).all(|count| count > 0), "{report:?}");
    let states: BTreeSet<&str> = report.orders.keys().map(String::as_str).collect();
    assert_eq!(states, BTreeSet::from(["cancelled", "issued", "refunded"]));
    assert_eq!(report.faults.len(), simulation::Fault::all().count());
}

#[test]
fn calm_histories_are_clean_and_without_faults() {
    let report = report(1, 30, "none", None);
    assert!(report.violations.is_empty(), "{}", told(&report));
    assert_eq!((report.crashes, report.faults.len()), (0, 0));
}

#[test]
fn the_same_seed_tells_the_same_story_byte_for_byte_and_another_seed_another() {
    let json = |seed| serde_json::to_string(&report(seed, 3, "all", None)).unwrap();
    assert_eq!(json(7), json(7));
    assert_ne!(json(7), json(8));
}

#[test]
fn a_history_is_the_same_alone_and_in_a_run_of_many() {
    let many = report(1, 300, "all", Some("release-check"));
    let found = &many.violations[0];
    assert_eq!(report(found.seed, 1, "all", Some("release-check")).violations, std::slice::from_ref(found));
}

#[test]
fn a_list_of_faults_has_those_faults_alone() {
    let report = report(1, 5, "crash,reply-lost", None);
    assert!(report.violations.is_empty(), "{}", told(&report));
    assert_eq!(report.faults.keys().copied().collect::<Vec<_>>(), ["crash", "reply-lost"]);
}

#[test]
fn a_protection_that_does_not_exist_is_refused_with_the_list_of_those_that_do() {
    let options = Options { seed: 1, histories: 1, faults: FaultPlan::none(), without: Some("luck".to_owned()) };
    let refused = run(&options, &mut |_| {}).unwrap_err().to_string();
    assert!(PROTECTIONS.iter().all(|name| refused.contains(name)), "{refused}");
}

/// Switched off, it is found, and the story names a message or a buyer.
fn is_found(without: &str) {
    let report = report(1, 300, "all", Some(without));
    assert_eq!(report.violations.len(), 1, "{without}: {report:?}");
    let violation = &report.violations[0];
    assert!(!violation.findings.is_empty() && violation.story.len() > 3, "{}", told(&report));
}

#[test]
fn a_shop_without_an_inbox_is_found_out() {
    is_found("inbox");
}

#[test]
fn a_shop_without_an_outbox_is_found_out() {
    is_found("outbox");
}

#[test]
fn a_shop_that_does_not_wait_for_confirmation_is_found_out() {
    is_found("confirm");
}

#[test]
fn a_shop_without_price_events_is_found_out() {
    is_found("price-events");
}

#[test]
fn a_shop_whose_copies_let_older_versions_overwrite_newer_ones_is_found_out() {
    is_found("version-check");
}

#[test]
fn a_shop_that_secures_expired_holds_is_found_out() {
    is_found("expiry-check");
}

#[test]
fn a_shop_that_does_not_look_up_unknown_payments_is_found_out() {
    is_found("look-up");
}

#[test]
fn a_shop_that_releases_holds_in_any_state_is_found_out() {
    is_found("release-check");
}

#[test]
fn a_reader_whose_cursor_is_not_in_its_transaction_is_found_out() {
    is_found("feed-cursor");
}
