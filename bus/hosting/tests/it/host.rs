//! Starting and stopping (rules R39 and R40), and what becomes of a service that ends by itself.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use hosting::{BoxFuture, Clock, Condition, Health, Host, HostedService, ServiceFailure, StopSignal, race};

use crate::world::World;

const SECOND: Duration = Duration::from_secs(1);

type Diary = Arc<Mutex<Vec<String>>>;

/// How a service runs.
#[derive(Clone, Copy)]
enum Run {
    UntilTold,
    Panics,
    Fails,
    Returns,
    /// Does not listen, and ends after so many seconds.
    Deaf(u64),
}

struct Part {
    name: &'static str,
    run: Run,
    starts: Result<(), &'static str>,
    diary: Diary,
    world: World,
}

impl Part {
    fn note(&self, what: &str) {
        self.diary.lock().unwrap().push(format!("{} {what}", self.name));
    }
}

impl HostedService for Part {
    fn name(&self) -> String {
        self.name.to_owned()
    }

    fn start(&self) -> BoxFuture<'_, Result<(), ServiceFailure>> {
        self.note("starts");
        Box::pin(std::future::ready(self.starts.map_err(ServiceFailure::new)))
    }

    fn run(&self, stop: StopSignal) -> BoxFuture<'_, Result<(), ServiceFailure>> {
        Box::pin(async move {
            self.note("runs");
            match self.run {
                Run::UntilTold => stop.stopped().await,
                Run::Panics => panic!("the belt is torn"),
                Run::Fails => return Err(ServiceFailure::new("no oil")),
                Run::Returns => {}
                Run::Deaf(seconds) => self.world.sleep(SECOND * u32::try_from(seconds).unwrap()).await,
            }
            self.note("ends");
            Ok(())
        })
    }

    fn stop(&self) -> BoxFuture<'_, ()> {
        self.note("cleans up");
        Box::pin(std::future::ready(()))
    }
}

struct Bench {
    world: World,
    health: Health,
    host: Host,
    diary: Diary,
}

impl Bench {
    fn new() -> Self {
        let (world, health) = (World::default(), Health::default());
        let host = Host::new(world.outside(), health.clone(), 10 * SECOND);
        Self { world, health, host, diary: Diary::default() }
    }

    fn start(&mut self, name: &'static str, run: Run, starts: Result<(), &'static str>) -> Result<(), String> {
        let part = Part { name, run, starts, diary: self.diary.clone(), world: self.world.clone() };
        self.world.wait(self.host.start(Arc::new(part))).map_err(|failure| failure.to_string())
    }

    fn stop(&mut self) -> Vec<String> {
        self.world.wait(self.host.stop())
    }

    fn written(&self) -> Vec<String> {
        self.diary.lock().unwrap().clone()
    }

    fn runs(&self) -> usize {
        self.written().iter().filter(|line| line.ends_with(" runs")).count()
    }

    fn condition(&self, name: &str) -> Condition {
        self.health.report().parts[name].clone()
    }
}

#[test]
fn services_start_in_order_and_stop_in_reverse_each_before_the_next() {
    let mut bench = Bench::new();
    for name in ["engine", "gear", "wheel"] {
        bench.start(name, Run::UntilTold, Ok(())).unwrap();
    }
    bench.world.run_for(SECOND);
    let starts: Vec<String> = bench.written().into_iter().filter(|line| line.ends_with(" starts")).collect();
    assert_eq!(starts, ["engine starts", "gear starts", "wheel starts"]);
    assert_eq!((bench.runs(), bench.health.report().ready), (3, true));
    assert_eq!(bench.stop(), [""; 0]);
    let ends = ["wheel ends", "wheel cleans up", "gear ends", "gear cleans up", "engine ends", "engine cleans up"];
    assert_eq!(bench.written()[6..], ends);
    assert_eq!(bench.condition("gear"), Condition::Stopped { reason: "told to stop".to_owned() });
}

#[test]
fn a_service_that_panics_fails_or_returns_is_run_again_with_back_off_and_health_says_why() {
    for (run, why) in [(Run::Panics, "the belt is torn"), (Run::Fails, "no oil"), (Run::Returns, "before it was told to stop")] {
        let mut bench = Bench::new();
        bench.start("engine", run, Ok(())).unwrap();
        bench.world.run_for(Duration::from_millis(50));
        let Condition::Degraded { reason } = bench.condition("engine") else { panic!("{:?}", bench.condition("engine")) };
        assert!(reason.contains(why) && reason.contains("running again in 100 ms"), "{reason}");
        assert!(bench.health.report().ready, "the others go on");
        // After 0.1 s, 0.2 s, 0.4 s and so on, and never later than after half a minute.
        bench.world.run_for(Duration::from_millis(650));
        assert_eq!(bench.runs(), 3);
        bench.world.run_for(600 * SECOND);
        let runs = bench.runs();
        bench.world.run_for(60 * SECOND);
        assert_eq!(bench.runs(), runs + 2);
        assert_eq!(bench.stop(), [""; 0], "it does not wait for the next run");
    }
}

#[test]
fn a_service_that_does_not_end_in_time_is_named_and_the_others_are_stopped() {
    let mut bench = Bench::new();
    bench.start("engine", Run::UntilTold, Ok(())).unwrap();
    bench.start("radio", Run::Deaf(3_600), Ok(())).unwrap();
    bench.start("lamp", Run::Deaf(5), Ok(())).unwrap();
    bench.world.run_for(SECOND);
    let began = bench.world.monotonic();
    assert_eq!(bench.stop(), ["radio"]);
    assert_eq!(bench.world.monotonic() - began, 7 * SECOND, "four for the lamp, half of what is left for the radio");
    let written = bench.written();
    assert!(written.ends_with(&["engine ends".to_owned(), "engine cleans up".to_owned()]), "{written:?}");
    assert!(written.contains(&"lamp cleans up".to_owned()), "{written:?}");
}

#[test]
fn however_many_are_deaf_all_parts_together_stop_within_one_deadline() {
    let mut bench = Bench::new();
    bench.start("engine", Run::UntilTold, Ok(())).unwrap();
    for name in ["radio", "lamp", "horn"] {
        bench.start(name, Run::Deaf(3_600), Ok(())).unwrap();
    }
    bench.world.run_for(SECOND);
    let began = bench.world.monotonic();
    assert_eq!(bench.stop(), ["horn", "lamp", "radio"]);
    let took = bench.world.monotonic() - began;
    assert!(took <= 10 * SECOND, "{took:?}");
    assert!(bench.written().contains(&"engine cleans up".to_owned()), "they leave time for the last");
}

#[test]
fn a_stop_that_is_cut_short_tells_everyone_all_the_same() {
    let mut bench = Bench::new();
    bench.start("engine", Run::UntilTold, Ok(())).unwrap();
    bench.start("radio", Run::Deaf(3_600), Ok(())).unwrap();
    bench.world.run_for(SECOND);
    let Bench { world, host, .. } = &mut bench;
    world.wait(race(host.stop(), world.sleep(SECOND)));
    drop(bench.host);
    bench.world.run_for(SECOND);
    assert!(bench.diary.lock().unwrap().contains(&"engine ends".to_owned()));
}

#[test]
fn a_second_stop_and_a_stop_without_a_start_are_fine() {
    let mut bench = Bench::new();
    assert_eq!(bench.stop(), [""; 0]);
    bench.start("engine", Run::UntilTold, Ok(())).unwrap();
    assert_eq!(bench.stop(), [""; 0]);
    let written = bench.written();
    assert_eq!(bench.stop(), [""; 0]);
    assert_eq!(bench.written(), written, "it stops once");
}

#[test]
fn what_was_stopped_can_be_started_again() {
    let mut bench = Bench::new();
    for round in 1..=2 {
        bench.start("engine", Run::UntilTold, Ok(())).unwrap();
        bench.world.run_for(SECOND);
        assert_eq!((bench.runs(), bench.condition("engine")), (round, Condition::Ready));
        bench.stop();
    }
}

#[test]
fn a_service_registered_twice_is_refused_and_runs_once() {
    let mut bench = Bench::new();
    bench.start("engine", Run::UntilTold, Ok(())).unwrap();
    assert_eq!(bench.start("engine", Run::UntilTold, Ok(())), Err("hosted service `engine` is registered twice".to_owned()));
    bench.world.run_for(SECOND);
    assert_eq!((bench.runs(), bench.condition("engine")), (1, Condition::Ready));
}

#[test]
fn a_service_that_cannot_start_says_so_with_its_name_and_never_runs() {
    let mut bench = Bench::new();
    assert_eq!(bench.start("engine", Run::UntilTold, Err("no fuel")), Err("engine: no fuel".to_owned()));
    bench.world.run_for(SECOND);
    assert_eq!((bench.runs(), bench.health.report().ready), (0, false));
    assert_eq!(bench.stop(), [""; 0]);
    assert_eq!(bench.written(), ["engine starts"]);
}
