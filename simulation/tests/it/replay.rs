//! The same seed gives the same history.

use std::collections::BTreeSet;

use simulation::{Digest, Fault, FaultPlan, Random};

use crate::toy::history;

#[test]
fn the_same_seed_replays_the_same_history_byte_for_byte() {
    for seed in 0..20 {
        let (first, again) = (history(seed, FaultPlan::all(), "first"), history(seed, FaultPlan::all(), "again"));
        assert_eq!(first.lines, again.lines, "seed {seed}");
        assert_eq!(first, again, "seed {seed}");
    }
}

#[test]
fn a_history_does_not_depend_on_the_thread_or_on_others_beside_it() {
    let alone = history(7, FaultPlan::all(), "alone");
    let beside = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..3)
            .map(|number| std::thread::Builder::new().spawn_scoped(scope, move || history(7, FaultPlan::all(), &format!("beside{number}"))))
            .collect();
        threads.into_iter().map(|thread| thread.unwrap().join().unwrap()).collect::<Vec<_>>()
    });
    assert!(beside.iter().all(|other| *other == alone));
}

#[test]
fn different_seeds_give_different_histories() {
    let hashes: BTreeSet<String> = (0..50).map(|seed| history(seed, FaultPlan::none(), "different").hash).collect();
    assert_eq!(hashes.len(), 50);
}

#[test]
fn additions_that_are_repeated_until_confirmed_count_once_whatever_goes_wrong() {
    let often = Fault::all().fold(FaultPlan::none(), |plan, fault| plan.with(fault, 20_000));
    let mut crashes = 0;
    for seed in 0..100 {
        let history = history(seed, often.clone(), "sum");
        assert_eq!(history.total, 40, "seed {seed}\n{}", history.lines.join("\n"));
        crashes += history.crashes;
    }
    assert!(crashes > 100, "{crashes}");
}

#[test]
fn streams_of_different_labels_or_seeds_differ_and_stay_in_their_bounds() {
    let firsts: BTreeSet<u64> =
        [(1, "a"), (1, "b"), (2, "a"), (2, "b")].map(|(seed, label)| Random::labelled(seed, label).draw()).into_iter().collect();
    assert_eq!(firsts.len(), 4);
    let mut random = Random::labelled(3, "bounds");
    let drawn: BTreeSet<u64> = (0..1_000).map(|_| random.between(5, 9)).collect();
    assert_eq!(drawn, BTreeSet::from([5, 6, 7, 8, 9]));
    assert_eq!((random.below(0), random.between(4, 2)), (0, 4));
    assert_eq!((0..100_000).filter(|_| random.chance(500_000)).count() / 10_000, 4, "about half, seed chosen");
}

#[test]
fn the_digest_tells_where_one_part_ends_and_the_next_begins() {
    let digest = |kind: &str, service: &str, bytes: &[u8]| {
        let mut digest = Digest::default();
        digest.record(std::time::Duration::ZERO, kind, service, bytes);
        digest.hex()
    };
    assert_ne!(digest("ab", "c", b""), digest("a", "bc", b""));
    assert_ne!(digest("a", "b", b"c"), digest("a", "bc", b""));
}
