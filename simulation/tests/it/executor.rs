//! Tasks, timers and the wall clock.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hosting::{Either, Protections, TaskEnd, race};
use simulation::{Executor, Fault, FaultPlan, RunEnd, WALL_START};

use crate::toy::LONG;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn timers_fire_in_the_order_of_their_deadlines_and_time_stops_at_each() {
    let mut executor = Executor::new(1, FaultPlan::none());
    let (sim, seen) = (executor.sim(), Arc::new(Mutex::new(Vec::new())));
    let group = sim.group("a");
    for seconds in [3, 1, 2] {
        let (sim_inside, seen) = (sim.clone(), Arc::clone(&seen));
        drop(sim.spawn(group, "sleeper", async move {
            sim_inside.sleep(SECOND * seconds).await;
            seen.lock().unwrap().push((seconds, sim_inside.monotonic()));
        }));
    }
    assert_eq!(executor.run_until_idle_or(LONG), RunEnd::Idle);
    assert_eq!(*seen.lock().unwrap(), [(1, SECOND), (2, SECOND * 2), (3, SECOND * 3)]);
}

#[test]
fn a_run_ends_at_its_deadline_and_goes_on_from_there() {
    let mut executor = Executor::new(1, FaultPlan::none());
    let sim = executor.sim();
    let inside = sim.clone();
    let mut ended = sim.spawn(sim.group("a"), "sleeper", async move { inside.sleep(SECOND * 3).await });
    assert_eq!(executor.run_until_idle_or(SECOND * 2), RunEnd::Deadline);
    assert_eq!(sim.monotonic(), SECOND * 2);
    assert_eq!(executor.complete(sim.group("b"), async move { ended.as_mut().await }, LONG), Ok(TaskEnd::Done));
    assert_eq!(sim.monotonic(), SECOND * 3);
}

#[test]
fn a_dropped_wait_leaves_no_timer_behind() {
    let mut executor = Executor::new(1, FaultPlan::none());
    let sim = executor.sim();
    let inside = sim.clone();
    let first = async move { matches!(race(inside.sleep(SECOND), inside.sleep(SECOND * 100)).await, Either::First(())) };
    assert_eq!(executor.complete(sim.group("a"), first, LONG), Ok(true));
    assert_eq!(executor.run_until_idle_or(LONG), RunEnd::Idle);
    assert_eq!(sim.monotonic(), SECOND);
}

#[test]
fn the_order_of_ready_tasks_comes_from_the_seed() {
    let order = |seed| {
        let mut executor = Executor::new(seed, FaultPlan::none());
        let (sim, seen) = (executor.sim(), Arc::new(Mutex::new(Vec::new())));
        for number in 0..10 {
            let seen = Arc::clone(&seen);
            drop(sim.spawn(sim.group("a"), "pusher", async move { seen.lock().unwrap().push(number) }));
        }
        executor.run_until_idle_or(LONG);
        seen.lock().unwrap().clone()
    };
    assert_eq!(order(1), order(1));
    assert_ne!(order(1), order(2));
}

#[test]
fn tasks_that_wake_each_other_for_ever_are_noticed() {
    let mut executor = Executor::new(1, FaultPlan::none());
    let sim = executor.sim();
    drop(sim.spawn(
        sim.group("a"),
        "spinner",
        std::future::poll_fn(|context| {
            context.waker().wake_by_ref();
            std::task::Poll::Pending
        }),
    ));
    assert_eq!(executor.run_until_idle_or(LONG), RunEnd::Stuck);
}

#[test]
fn a_task_that_panics_is_a_reported_death_and_the_others_go_on() {
    let mut executor = Executor::new(1, FaultPlan::none());
    let sim = executor.sim();
    let group = sim.group("a");
    let ended = sim.spawn(group, "unlucky", async { std::panic::resume_unwind(Box::new("thirteen")) });
    assert_eq!(executor.complete(group, ended, LONG), Ok(TaskEnd::Died("thirteen".to_owned())));
    let deaths = sim.take_deaths();
    assert_eq!(deaths.iter().map(|death| (death.task.as_str(), death.text.as_str())).collect::<Vec<_>>(), [("unlucky", "thirteen")]);
    assert!(sim.take_crashed().is_empty());
}

#[test]
fn the_wall_clock_jumps_both_ways_and_the_monotonic_one_does_not() {
    let mut executor = Executor::new(5, FaultPlan::none().with(Fault::ClockJump, 500_000));
    let sim = executor.sim();
    assert_eq!(sim.now(), WALL_START);
    let clock = sim.outside(sim.group("a"), Protections::all_on()).clock;
    let backs = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&backs);
    let watch = async move {
        for _ in 0..100 {
            let (wall, steady) = (clock.now(), clock.monotonic());
            clock.sleep(SECOND).await;
            assert_eq!(clock.monotonic() - steady, SECOND);
            counted.fetch_add(u32::from(clock.now() < wall), Ordering::SeqCst);
            let truth = WALL_START.plus(clock.monotonic());
            assert!(clock.now().since(truth).max(truth.since(clock.now())) <= SECOND * 600);
        }
    };
    assert_eq!(executor.complete(sim.group("a"), watch, LONG), Ok(()));
    assert!(backs.load(Ordering::SeqCst) > 0);
    assert!(sim.faults().counts()["clock-jump"] > 20);
}

#[test]
fn ids_sort_in_the_order_they_were_made_even_when_the_wall_clock_goes_back() {
    let executor = Executor::new(5, FaultPlan::none());
    let sim = executor.sim();
    let ids = sim.outside(sim.group("a"), Protections::all_on()).ids;
    let made: Vec<_> = (0..100)
        .map(|_| {
            sim.jump_clock();
            ids.next(sim.now())
        })
        .collect();
    assert!(made.is_sorted());
    assert!(made.windows(2).all(|pair| pair[0] != pair[1]));
}
