//! HTTP between groups, whole and broken.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use bytes::Bytes;
use hosting::{HttpError, Outside, Protections};
use http::{Request, StatusCode};
use simulation::{Executor, Fault, FaultPlan, Group, RunEnd, Sim};

use crate::toy::{self, LONG, TIMEOUT, addition, ask};

const MILLISECOND: Duration = Duration::from_millis(1);

/// A server that counts what it was asked, and what it finished after `work`.
#[derive(Clone)]
struct Slow {
    outside: Outside,
    work: Duration,
    began: Arc<AtomicU32>,
    done: Arc<AtomicU32>,
}

async fn work(State(slow): State<Slow>) -> &'static str {
    slow.began.fetch_add(1, Ordering::SeqCst);
    slow.outside.clock.sleep(slow.work).await;
    slow.done.fetch_add(1, Ordering::SeqCst);
    "done"
}

struct World {
    executor: Executor,
    sim: Sim,
    server: Group,
    client: Group,
    slow: Slow,
}

fn world(seed: u64, plan: FaultPlan, work_for: Duration) -> World {
    let executor = Executor::new(seed, plan);
    let sim = executor.sim();
    let (server, client) = (sim.group("server"), sim.group("client"));
    let outside = sim.outside(server, Protections::all_on());
    let slow = Slow { outside, work: work_for, began: Arc::default(), done: Arc::default() };
    sim.serve(server, "server:80", Router::new().route("/work", post(work)).with_state(slow.clone()));
    World { executor, sim, server, client, slow }
}

impl World {
    fn ask(&mut self) -> Result<(StatusCode, Bytes), HttpError> {
        let http = self.sim.outside(self.client, Protections::all_on()).http;
        let request = Request::post("http://server:80/work").body(Bytes::new()).unwrap();
        let deadline = self.sim.monotonic() + LONG;
        let answer = self.executor.complete(self.client, async move { http.send(request, TIMEOUT).await }, deadline).unwrap();
        answer.map(|answer| (answer.status(), answer.into_body()))
    }

    /// How many requests began and were done, once all is quiet.
    fn effects(&mut self) -> (u32, u32) {
        let deadline = self.sim.monotonic() + LONG;
        assert_eq!(self.executor.run_until_idle_or(deadline), RunEnd::Idle);
        (self.slow.began.load(Ordering::SeqCst), self.slow.done.load(Ordering::SeqCst))
    }
}

#[test]
fn an_axum_router_with_state_path_and_json_answers_over_the_simulated_network() {
    let mut executor = Executor::new(1, FaultPlan::none());
    let sim = executor.sim();
    let (location, _disk) = toy::disk("http-whole");
    toy::start_counter(&sim, sim.group("counter"), &location);
    let client = sim.group("client");
    let http = sim.outside(client, Protections::all_on()).http;
    let calls = async move {
        let rubbish = Request::post("http://counter:80/add/me").body(Bytes::from_static(b"{")).unwrap();
        let mut answers = Vec::new();
        for request in [addition("me", 1), addition("me", 1), addition("me", 2), ask("/sum"), ask("/nowhere"), rubbish] {
            let answer = http.send(request, TIMEOUT).await.unwrap();
            answers.push((answer.status().as_u16(), answer.body().first().copied()));
        }
        answers
    };
    let answers = executor.complete(client, calls, LONG).unwrap();
    assert_eq!(answers[..4], [(200, Some(b'1')), (200, Some(b'0')), (200, Some(b'1')), (200, Some(b'2'))]);
    assert_eq!((answers[4].0, answers[5].0), (404, 415));
    assert!(sim.monotonic() > MILLISECOND, "the network takes its time");
}

#[test]
fn a_request_to_nobody_was_not_sent() {
    let mut world = world(1, FaultPlan::none(), MILLISECOND);
    world.sim.kill(world.server);
    assert_eq!(world.ask(), Err(HttpError::NotSent));
}

#[test]
fn a_server_that_dies_over_a_request_loses_the_reply() {
    let mut world = world(1, FaultPlan::none(), MILLISECOND * 100);
    let (sim, server) = (world.sim.clone(), world.server);
    let nemesis = world.sim.group("nemesis");
    drop(world.sim.spawn(nemesis, "nemesis", async move {
        sim.sleep(MILLISECOND * 50).await;
        sim.crash(server);
    }));
    assert_eq!(world.ask(), Err(HttpError::ReplyLost));
    assert!(world.sim.monotonic() < TIMEOUT, "the caller hears of it at once");
    assert_eq!(world.effects(), (1, 0));
}

#[test]
fn a_caller_that_gave_up_may_or_may_not_stop_the_work() {
    let ends: Vec<_> = (0..20)
        .map(|seed| {
            let mut world = world(seed, FaultPlan::none(), TIMEOUT * 2);
            assert_eq!(world.ask(), Err(HttpError::ReplyLost));
            assert_eq!(world.sim.monotonic(), TIMEOUT);
            world.effects()
        })
        .collect();
    assert!(ends.contains(&(1, 0)) && ends.contains(&(1, 1)), "{ends:?}");
}

#[test]
fn a_lost_reply_may_come_from_a_request_that_took_effect() {
    let mut ends = Vec::new();
    for seed in 0..20 {
        let mut world = world(seed, FaultPlan::none().with(Fault::ReplyLost, 1_000_000), MILLISECOND);
        assert_eq!(world.ask(), Err(HttpError::ReplyLost));
        ends.push(world.effects());
        assert_eq!(world.sim.faults().counts()["reply-lost"], 1);
    }
    assert!(ends.contains(&(1, 0)) && ends.contains(&(1, 1)), "{ends:?}");
}

#[test]
fn a_late_request_takes_effect_after_its_caller_gave_up() {
    let mut world = world(1, FaultPlan::none().with(Fault::LateEffect, 1_000_000), MILLISECOND);
    assert_eq!(world.ask(), Err(HttpError::ReplyLost));
    assert_eq!((world.sim.monotonic(), world.slow.began.load(Ordering::SeqCst)), (TIMEOUT, 0));
    assert_eq!(world.effects(), (1, 1));
    assert_eq!(world.sim.faults().counts()["late-effect"], 1);
}

#[test]
fn an_http_error_has_no_effect() {
    let mut answers = Vec::new();
    for seed in 0..20 {
        let mut world = world(seed, FaultPlan::none().with(Fault::HttpError, 1_000_000), MILLISECOND);
        answers.push(world.ask().map(|answer| answer.0));
        assert_eq!(world.effects(), (0, 0));
        assert_eq!(world.sim.faults().counts()["http-error"], 1);
    }
    assert!(answers.contains(&Err(HttpError::NotSent)) && answers.contains(&Ok(StatusCode::SERVICE_UNAVAILABLE)), "{answers:?}");
}

#[test]
fn a_request_on_its_way_outlives_its_caller() {
    for seed in 0..20 {
        let mut world = world(seed, FaultPlan::none(), Duration::ZERO);
        let http = world.sim.outside(world.client, Protections::all_on()).http;
        let request = Request::post("http://server:80/work").body(Bytes::new()).unwrap();
        drop(world.sim.spawn(world.client, "caller", async move {
            let _ = http.send(request, TIMEOUT).await;
        }));
        world.executor.run_until_idle_or(Duration::from_micros(50));
        assert_eq!(world.slow.began.load(Ordering::SeqCst), 0);
        world.sim.kill(world.client);
        assert_eq!(world.effects(), (1, 1));
    }
}

#[test]
fn an_answer_for_which_the_rule_says_so_becomes_a_closed_connection() {
    let mut world = world(1, FaultPlan::none(), MILLISECOND);
    assert_eq!(world.ask(), Ok((StatusCode::OK, Bytes::from_static(b"done"))));
    world.sim.drop_connection_when(|response| response.status() == StatusCode::OK);
    assert_eq!(world.ask(), Err(HttpError::ReplyLost));
    assert_eq!(world.effects(), (2, 2));
}
