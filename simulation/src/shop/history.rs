//! One history: a calm start, a busy time in which things go wrong, and then peace until the shop is at rest.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use composition::invariants::{self, QueueFacts, ShopFacts};
use hosting::Protections;

use super::crowd::{self, Customer};
use super::judge::{self, Evidence, Finding};
use super::organiser::Organiser;
use super::story;
use super::world::{Role, World};
use crate::{Executor, FaultPlan, RunEnd};

/// Requests that are late and answers that nobody waits for have arrived by then.
const SETTLING: Duration = Duration::from_secs(60);
/// A shop in which nothing goes wrong any more is at rest within this time.
const REST_WITHIN: Duration = Duration::from_secs(4 * 3_600);
/// Between two readings that have to be the same.
const BETWEEN_READINGS: Duration = Duration::from_secs(2);
const LOOK_AGAIN: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(120));
/// No history is longer.
const LONGEST: Duration = Duration::from_secs(48 * 3_600);

/// What one history came to.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The hash of everything observable.
    pub(crate) digest: String,
    pub(crate) messages: u64,
    pub(crate) faults: BTreeMap<&'static str, u64>,
    /// Orders by their last state.
    pub(crate) orders: BTreeMap<String, u64>,
    pub(crate) findings: Vec<Finding>,
    /// Told only where something was found.
    pub(crate) story: Vec<String>,
}

/// What the world's own task hands back.
struct Lived {
    messages: u64,
    orders: BTreeMap<String, u64>,
    findings: Vec<Finding>,
    story: Vec<String>,
}

/// The history of `seed`: the same for the same arguments, byte for byte.
pub(crate) fn history(seed: u64, plan: &FaultPlan, protections: &Protections) -> Ended {
    let mut executor = Executor::new(seed, FaultPlan::none());
    let sim = executor.sim();
    let lived = match World::build(&sim, protections.clone()) {
        Ok(world) => {
            let group = sim.group("world");
            executor.complete(group, live(world, plan.clone()), LONGEST).unwrap_or_else(broken_off)
        }
        Err(error) => Lived::broken(error.to_string()),
    };
    let mut findings = lived.findings;
    let deaths: Vec<String> = sim.take_deaths().iter().map(|death| format!("{death:?}")).collect();
    if !deaths.is_empty() {
        findings.push(Finding { invariant: 0, rows: deaths });
    }
    let (digest, faults) = (sim.digest().hex(), sim.faults().counts());
    Ended { digest, messages: lived.messages, faults, orders: lived.orders, findings, story: lived.story }
}

impl Lived {
    fn broken(why: String) -> Self {
        let findings = vec![Finding { invariant: 0, rows: vec![why] }];
        Self { messages: 0, orders: BTreeMap::new(), findings, story: Vec::new() }
    }
}

fn broken_off(end: RunEnd) -> Lived {
    Lived::broken(format!("the history broke off: {end:?}"))
}

async fn live(world: Arc<World>, plan: FaultPlan) -> Lived {
    let sim = world.sim.clone();
    world.start_all();
    let mut organiser = Organiser::new(&world);
    let Some(on_sale) = organiser.enter_events().await else { return Lived::broken("no events could be entered".to_owned()) };
    world.let_crash();
    sim.faults().set_plan(plan);
    let organising = sim.spawn(sim.group("organiser"), "organiser", organiser.work(on_sale.clone()));
    let customers = crowd::shop(&world, &on_sale).await;
    organising.await;
    sim.faults().set_plan(FaultPlan::none());
    sim.record("peace", "", &[]);
    judge_at_rest(&world, customers).await
}

async fn judge_at_rest(world: &Arc<World>, customers: Vec<Customer>) -> Lived {
    let (facts, report) = match come_to_rest(world).await {
        Ok(read) => read,
        Err(why) => return Lived::broken(why),
    };
    world.sim.record("facts", "", format!("{facts:?}").as_bytes());
    let mut orders = BTreeMap::new();
    for order in &facts.ordering.orders {
        *orders.entry(order.state.to_owned()).or_default() += 1;
    }
    let ledger = world.transport.take_ledger();
    let messages = ledger.sent.len() as u64;
    let evidence = Evidence { facts: &facts, report: &report, ledger: &ledger, customers: &customers };
    let findings = judge::judge(world, &evidence).await;
    let story = if findings.is_empty() { Vec::new() } else { story::tell(&findings, &evidence) };
    Lived { messages, orders, findings, story }
}

/// Waits until nothing is under way and every order is final, and answers the last reading and its judgement.
async fn come_to_rest(world: &Arc<World>) -> Result<(ShopFacts, invariants::Report), String> {
    let sim = &world.sim;
    sim.sleep(SETTLING).await;
    let (began, mut pause) = (sim.monotonic(), LOOK_AGAIN.0);
    loop {
        let late = sim.monotonic() - began >= REST_WITHIN;
        let facts = read(world).await?;
        let unrest = !facts.unrest(sim.now()).is_empty() || !world.transport.is_quiet();
        if late || (!unrest && facts.ordering.orders.iter().all(|order| order.is_final)) {
            sim.sleep(BETWEEN_READINGS).await;
            let report = invariants::judge(&facts, &read(world).await?, sim.now());
            if late || report.at_rest {
                return Ok((facts, report));
            }
        }
        sim.sleep(pause).await;
        pause = (pause * 2).min(LOOK_AGAIN.1);
    }
}

async fn read(world: &World) -> Result<ShopFacts, String> {
    let queues = world.disk(Role::Bus).read(broker::audit).await.map_err(|error| format!("the bus cannot be read: {error:?}"))?;
    let queues = queues.into_iter().map(|queue| QueueFacts { name: queue.name, active: queue.active, dead_letters: queue.dead_letters });
    ShopFacts::read(&world.sources(), queues.collect(), world.sim.now()).await.map_err(|error| error.to_string())
}
