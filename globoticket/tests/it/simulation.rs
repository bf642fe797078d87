//! `simulate` as its users meet it: the same seed tells the same, and wrong wishes are named.

use crate::world::run;

#[test]
fn the_same_seed_prints_the_same_and_another_seed_another() {
    let tell = |seed: &str| run(&["simulate", "--seed", seed, "--histories", "1", "--json"]);
    let (once, again, other) = (tell("7"), tell("7"), tell("8"));
    assert_eq!(once.out, again.out);
    assert_ne!(once.out, other.out);
    assert_eq!(once.err, "");
    let report = once.json();
    assert_eq!((report["seed"].as_u64(), report["histories"].as_u64()), (Some(7), Some(1)), "{report}");
    for member in ["messages", "crashes", "faults", "orders", "violations"] {
        assert!(!report[member].is_null(), "{member} is missing: {report}");
    }
}

#[test]
fn unknown_faults_and_protections_are_told_at_once() {
    let ended = run(&["simulate", "--faults", "rain", "--without", "umbrella"]);
    ended.refused(2, "`rain`");
    assert!(ended.err.contains("`umbrella`"), "{}", ended.err);
}
