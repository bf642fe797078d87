//! Groups live, crash and live again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use hosting::{BoxFuture, Health, Host, HostedService, Protections, ServiceFailure, StopSignal, TaskEnd};
use simulation::{Crash, Executor, Fault, FaultPlan, RunEnd};
use tokio::sync::oneshot;

use crate::toy::LONG;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn killing_a_group_drops_its_futures_and_tells_those_who_wait() {
    let mut executor = Executor::new(1, FaultPlan::none());
    let sim = executor.sim();
    let (doomed, other) = (sim.group("doomed"), sim.group("other"));
    let held = Arc::new(());
    let (keeps, inside) = (Arc::clone(&held), sim.clone());
    let (sender, receiver) = oneshot::channel::<()>();
    let ended = sim.spawn(doomed, "holder", async move {
        let _kept = (keeps, sender);
        inside.sleep(SECOND * 100).await;
    });
    assert_eq!(executor.run_until_idle_or(SECOND), RunEnd::Deadline);
    assert_eq!(Arc::strong_count(&held), 2);
    sim.kill(doomed);
    assert_eq!(Arc::strong_count(&held), 1);
    let told = async move { (receiver.await.is_err(), ended.await) };
    assert_eq!(executor.complete(other, told, LONG), Ok((true, TaskEnd::Died("its group was killed".to_owned()))));
    assert_eq!(sim.monotonic(), SECOND, "its timers are gone too");
    assert!(sim.take_crashed().is_empty(), "a kill is no crash");
}

#[test]
fn a_task_may_kill_its_own_group_and_is_dropped_after_its_poll() {
    let mut executor = Executor::new(1, FaultPlan::none());
    let sim = executor.sim();
    let group = sim.group("a");
    let held = Arc::new(());
    let (keeps, inside) = (Arc::clone(&held), sim.clone());
    let beside = Arc::clone(&held);
    drop(sim.spawn(group, "neighbour", async move {
        let _kept = beside;
        std::future::pending::<()>().await;
    }));
    drop(sim.spawn(group, "killer", async move {
        inside.sleep(SECOND).await;
        inside.kill(group);
        assert_eq!(Arc::strong_count(&keeps), 3, "nothing is dropped inside the poll");
        std::future::pending::<()>().await;
    }));
    assert_eq!(executor.run_until_idle_or(LONG), RunEnd::Idle);
    assert_eq!(Arc::strong_count(&held), 1);
    assert_eq!(sim.take_deaths(), []);
}

#[test]
fn a_crash_unwinds_through_the_step_and_takes_the_whole_group_along() {
    let mut executor = Executor::new(1, FaultPlan::none());
    let sim = executor.sim();
    let (group, other) = (sim.group("a"), sim.group("other"));
    let neighbour = sim.spawn(group, "neighbour", std::future::pending());
    let inside = sim.clone();
    drop(sim.spawn(group, "crasher", async move {
        inside.sleep(SECOND).await;
        Crash::now(group)
    }));
    let survivor = sim.sleep(SECOND * 2);
    let end = executor.complete(other, async move { (neighbour.await, survivor.await).0 }, LONG);
    assert_eq!(end, Ok(TaskEnd::Died("its group was killed".to_owned())));
    assert_eq!(sim.take_crashed(), [group]);
    assert_eq!(sim.take_deaths(), [], "a crash is no fault of the code");
}

#[test]
fn a_handle_of_an_earlier_life_spawns_nothing_and_one_of_the_next_does() {
    let mut executor = Executor::new(1, FaultPlan::none());
    let sim = executor.sim();
    let (group, other) = (sim.group("a"), sim.group("other"));
    let before = sim.outside(group, Protections::all_on());
    let secret = before.entropy.secret();
    sim.crash(group);
    let after = sim.outside(group, Protections::all_on());
    assert_ne!(after.entropy.secret(), secret, "a stream goes on, it does not begin again");
    let ends = (before.spawner.spawn("ghost", Box::pin(async {})), after.spawner.spawn("alive", Box::pin(async {})));
    let (ghost, alive) = executor.complete(other, async move { (ends.0.await, ends.1.await) }, LONG).unwrap();
    assert!(matches!(ghost, TaskEnd::Died(_)));
    assert_eq!(alive, TaskEnd::Done);
}

#[test]
fn only_groups_that_may_crash_do() {
    let mut executor = Executor::new(1, FaultPlan::none().with(Fault::Crash, 100_000));
    let sim = executor.sim();
    let (mortal, immortal) = (sim.group("mortal"), sim.group("immortal"));
    sim.let_crash(mortal);
    for group in [mortal, immortal] {
        let inside = sim.clone();
        drop(sim.spawn(group, "walker", async move {
            for _ in 0..200 {
                inside.sleep(SECOND).await;
            }
        }));
    }
    assert_eq!(executor.run_until_idle_or(LONG), RunEnd::Idle);
    assert_eq!(sim.take_crashed(), [mortal]);
    assert_eq!(sim.faults().counts()["crash"], 1);
    assert_eq!(sim.monotonic(), SECOND * 200);
}

#[test]
fn dropping_the_executor_drops_what_its_tasks_hold() {
    let executor = Executor::new(1, FaultPlan::none());
    let sim = executor.sim();
    let held = Arc::new(());
    let (keeps, inside) = (Arc::clone(&held), sim.clone());
    drop(sim.spawn(sim.group("a"), "holder", async move {
        inside.sleep(SECOND).await;
        drop(keeps);
    }));
    drop(executor);
    assert_eq!(Arc::strong_count(&held), 1);
}

/// Panics on its first run, works on its second.
struct Stumbling(AtomicU32);

impl HostedService for Stumbling {
    fn name(&self) -> String {
        "stumbling".to_owned()
    }

    fn run(&self, stop: StopSignal) -> BoxFuture<'_, Result<(), ServiceFailure>> {
        Box::pin(async move {
            if self.0.fetch_add(1, Ordering::SeqCst) == 0 {
                std::panic::resume_unwind(Box::new("stumbled"));
            }
            stop.stopped().await;
            Ok(())
        })
    }
}

#[test]
fn hosted_services_run_on_virtual_time_and_are_run_again_after_a_panic() {
    let mut executor = Executor::new(1, FaultPlan::none());
    let sim = executor.sim();
    let group = sim.group("a");
    let (outside, inside) = (sim.outside(group, Protections::all_on()), sim.clone());
    let service = Arc::new(Stumbling(AtomicU32::new(0)));
    let hosted = Arc::clone(&service);
    let life = async move {
        let mut host = Host::new(outside, Health::default(), SECOND);
        host.start(hosted).await.unwrap();
        inside.sleep(SECOND).await;
        host.stop().await
    };
    assert_eq!(executor.complete(group, life, LONG), Ok(Vec::new()));
    assert_eq!((service.0.load(Ordering::SeqCst), sim.take_deaths().len()), (2, 1));
}
