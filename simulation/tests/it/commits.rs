//! Crashes around commits, and commits that fail.

use std::sync::Arc;
use std::time::Duration;

use hosting::Protections;
use http::StatusCode;
use simulation::{Executor, Fault, FaultPlan, Sim, SimHook};
use storage::{CommitFault, CommitHook};

use crate::toy::{self, LONG, TIMEOUT, addition, ask};

/// One addition under `fault`, which always strikes; then none, a start of what crashed, and a look at the sum.
fn one_addition(fault: Fault) -> (Option<StatusCode>, usize, String) {
    let mut executor = Executor::new(1, FaultPlan::none());
    let sim = executor.sim();
    let (location, _disk) = toy::disk(&format!("commits-{fault}"));
    toy::start_counter(&sim, sim.group("counter"), &location);
    executor.run_until_idle_or(LONG);
    sim.faults().set_plan(FaultPlan::none().with(fault, 1_000_000));
    let answer = executor.complete(sim.group("client"), call(&sim, addition("me", 1)), LONG).unwrap();
    assert!(sim.faults().counts()[fault.name()] > 0);
    sim.faults().set_plan(FaultPlan::none());
    let crashed = sim.take_crashed();
    for group in &crashed {
        toy::start_counter(&sim, *group, &location);
    }
    let later = sim.monotonic() + LONG;
    executor.run_until_idle_or(sim.monotonic() + Duration::from_secs(10));
    let sum = executor.complete(sim.group("client"), call(&sim, ask("/sum")), later).unwrap().unwrap();
    assert_eq!(sim.take_deaths(), []);
    (answer.map(|answer| answer.0), crashed.len(), sum.1)
}

fn call(sim: &Sim, request: http::Request<bytes::Bytes>) -> impl Future<Output = Option<(StatusCode, String)>> + Send + 'static {
    let http = sim.outside(sim.group("client"), Protections::all_on()).http;
    async move {
        let answer = http.send(request, TIMEOUT).await.ok()?;
        Some((answer.status(), String::from_utf8_lossy(answer.body()).into_owned()))
    }
}

#[test]
fn a_crash_before_a_commit_leaves_nothing_and_the_group_can_be_started_again() {
    assert_eq!(one_addition(Fault::CrashBeforeCommit), (None, 1, "0".to_owned()));
}

#[test]
fn a_crash_after_a_commit_leaves_what_was_committed() {
    assert_eq!(one_addition(Fault::CrashAfterCommit), (None, 1, "1".to_owned()));
}

#[test]
fn a_failed_commit_and_a_full_disk_change_nothing() {
    for fault in [Fault::CommitFailed, Fault::DiskFull] {
        assert_eq!(one_addition(fault), (Some(StatusCode::INTERNAL_SERVER_ERROR), 0, "0".to_owned()), "{fault}");
    }
}

#[test]
fn a_commit_of_unknown_outcome_is_answered_with_an_error_and_is_there() {
    assert_eq!(one_addition(Fault::CommitUnknown), (Some(StatusCode::INTERNAL_SERVER_ERROR), 0, "1".to_owned()));
}

#[test]
fn a_full_disk_stays_full_for_a_while_and_then_has_room_again() {
    let mut executor = Executor::new(1, FaultPlan::none().with(Fault::DiskFull, 1_000_000));
    let sim = executor.sim();
    let group = sim.group("a");
    let (hook, inside) = (Arc::new(SimHook::new(&sim, group)), sim.clone());
    let waits = async move {
        assert!(matches!(hook.before_commit("db"), Err(CommitFault::DiskFull)));
        inside.faults().set_plan(FaultPlan::none());
        let mut refused = 0;
        while hook.before_commit("db").is_err() {
            refused += 1;
            inside.sleep(Duration::from_millis(10)).await;
        }
        refused
    };
    let refused = executor.complete(group, waits, LONG).unwrap();
    assert!((1..=300).contains(&refused), "{refused}");
}

#[test]
fn outside_of_tasks_commits_are_left_alone() {
    let executor = Executor::new(1, FaultPlan::all().with(Fault::CrashBeforeCommit, 1_000_000));
    let sim = executor.sim();
    let hook = SimHook::new(&sim, sim.group("a"));
    assert!(hook.before_commit("db").is_ok());
    hook.after_commit("db");
}
