//! The receive loop of an endpoint: receive a batch, one write, settle (rules R1 to R9, R16, R18).

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use hosting::{BoxFuture, Either, HostedService, ServiceFailure, StopSignal, race};
use storage::{SqlClass, SqlError, Tx, WriteError};

use crate::calls::DueCall;
use crate::dispatcher::pause;
use crate::envelope;
use crate::recoverability::Tries;
use crate::step::{Epitaph, Outcome};
use crate::troubles::Part;
use crate::{Delivery, HandlerError, Lock, Service, Settlement, Source, inbox};

const BACK_OFF_FIRST: Duration = Duration::from_millis(50);
const BACK_OFF_MAX: Duration = Duration::from_secs(10);
const CALM_AFTER: Duration = Duration::from_secs(1);
/// From this many earlier deliveries on, a message may be one that kills the process, and is handled alone.
const SUSPECT_FROM: u32 = 2;
const PROBING_FROM: u32 = 20;

pub(crate) struct Receiver {
    service: Service,
}

/// What the receive loop remembers from batch to batch.
struct Pace {
    failures_in_a_row: u32,
    /// Before the next try after trouble of ours.
    back_off: Duration,
    /// Before the next message while probing.
    probe: Duration,
}

/// Why a write came to nothing.
enum Undone {
    /// Trouble of ours.
    Trouble(String),
    /// What a step wrote, or did to the transaction, does not stand.
    Broken(String),
}

/// What a write brought: an outcome for each of its messages, and the calls that were begun.
type Done = (Vec<Outcome>, Vec<DueCall>);
type Waiting = VecDeque<(Arc<Delivery>, Tries)>;

impl Receiver {
    pub(crate) fn new(service: Service) -> Self {
        Self { service }
    }

    async fn work(&self, stop: &StopSignal) {
        if self.service.inner.steps.handlers.is_empty() {
            // It only sends: what lies in its queue is for a build that handles it.
            return stop.stopped().await;
        }
        let mut pace = Pace { failures_in_a_row: 0, back_off: BACK_OFF_FIRST, probe: BACK_OFF_FIRST };
        let source = Source::Queue(self.service.name().to_owned());
        while !stop.is_stopped() {
            if self.is_backed_up() {
                pause(&self.service, stop, BACK_OFF_FIRST).await;
                continue;
            }
            let max = if pace.is_probing() { 1 } else { self.service.inner.settings.batch_max };
            // After trouble, a bus that only has nothing to give looks just like one that works again.
            let calm = async {
                match pace.back_off > BACK_OFF_FIRST {
                    true => self.service.inner.outside.clock.sleep(CALM_AFTER).await,
                    false => std::future::pending().await,
                }
            };
            match race(stop.stopped(), race(self.service.inner.transport.receive(&source, max), calm)).await {
                Either::First(()) => return,
                Either::Second(Either::First(Ok(batch))) => {
                    self.service.inner.troubles.clear(Part::Receiving);
                    pace.back_off = BACK_OFF_FIRST;
                    self.take(batch, stop, &mut pace).await;
                }
                Either::Second(Either::First(Err(error))) => {
                    self.service.inner.troubles.set(Part::Receiving, format!("nothing can be received: {error}"));
                    pause(&self.service, stop, pace.back_off).await;
                    pace.back_off = (pace.back_off * 2).min(BACK_OFF_MAX);
                }
                Either::Second(Either::Second(())) if self.service.inner.transport.trouble().is_none() => {
                    self.service.inner.troubles.clear(Part::Receiving);
                    pace.back_off = BACK_OFF_FIRST;
                }
                Either::Second(Either::Second(())) => {}
            }
        }
    }

    fn is_backed_up(&self) -> bool {
        self.service.backlog() >= self.service.inner.settings.backlog_max.saturating_mul(2)
    }

    /// Works on a batch and keeps its locks meanwhile (rule R9). What is not done long after a stop is given back, and
    /// nothing counts against it (rule R39).
    async fn take(&self, batch: Vec<Delivery>, stop: &StopSignal, pace: &mut Pace) {
        let (inner, clock) = (&self.service.inner, &self.service.inner.outside.clock);
        let locks: Vec<Lock> = batch.iter().map(|delivery| delivery.lock.clone()).collect();
        let half = batch.iter().map(|delivery| delivery.lock_duration / 2).min().unwrap_or(BACK_OFF_MAX);
        let renewing = async {
            loop {
                clock.sleep(half).await;
                let _ = inner.transport.renew(locks.clone()).await;
            }
        };
        let too_late = async {
            stop.stopped().await;
            clock.sleep(Duration::from_millis(inner.settings.stop_ms_max)).await;
        };
        let ended: Either<(), Either<(), ()>> = race(self.process(batch, stop, pace), race(too_late, renewing)).await;
        if matches!(ended, Either::Second(_)) {
            self.give_back(locks).await;
        }
    }

    async fn process(&self, mut batch: Vec<Delivery>, stop: &StopSignal, pace: &mut Pace) {
        // In order of id, so that replicas claim in one order (rule R1).
        batch.sort_by(|a, b| a.id.cmp(&b.id));
        let (suspects, plain): (Vec<_>, Vec<_>) = batch.into_iter().partition(|delivery| delivery.delivery_count >= SUSPECT_FROM);
        self.handle(plain, stop, pace).await;
        let Some(suspect) = suspects.iter().max_by_key(|delivery| delivery.delivery_count).cloned() else { return };
        // The others are given back first, so that their deliveries do not count if this one ends the process.
        let others = suspects.into_iter().map(|delivery| delivery.lock).filter(|lock| *lock != suspect.lock).collect();
        self.give_back(others).await;
        if suspect.delivery_count >= self.service.inner.steps.policy.deliveries_max {
            self.bury(suspect, stop, pace).await;
        } else {
            self.handle(vec![suspect], stop, pace).await;
        }
    }

    /// Dead-letters what was delivered too often, but for one that was handled and only never settled: the neighbour of
    /// a message that kills the process.
    async fn bury(&self, delivery: Delivery, stop: &StopSignal, pace: &mut Pace) {
        let (name, id) = (self.service.name(), envelope::claim_id(&delivery));
        let settlement = match self.service.read(move |tx| inbox::is_handled(tx, name, id)).await {
            Ok(true) => self.settlement(&delivery, Outcome::Duplicate),
            Err(_) => {
                // Given back, it comes again at once: not before the database had time to recover.
                pause(&self.service, stop, pace.back_off).await;
                pace.back_off = (pace.back_off * 2).min(BACK_OFF_MAX);
                Settlement::Release
            }
            Ok(false) => {
                let description = format!("delivered {} times and never settled: it may be what ends the process", delivery.delivery_count);
                let tries = Tries { failed: delivery.delivery_count, conflicts: 0, round: envelope::round(&delivery.headers) };
                let epitaph = Epitaph { reason: "MaxDeliveryCountExceeded", description, tries };
                self.settlement(&delivery, Outcome::DeadLetter(epitaph))
            }
        };
        self.settle(vec![(delivery.lock, settlement)]).await;
    }

    /// Handles deliveries in as many writes as they need, each settled after its commit. After a stop nothing new is
    /// begun.
    async fn handle(&self, deliveries: Vec<Delivery>, stop: &StopSignal, pace: &mut Pace) {
        let mut waiting: Waiting = deliveries.into_iter().map(|delivery| (Arc::new(delivery), Tries::default())).collect();
        let (mut alone, mut broken) = (false, None);
        while !waiting.is_empty() {
            if stop.is_stopped() {
                return self.give_back(waiting.iter().map(|(delivery, _)| delivery.lock.clone()).collect()).await;
            }
            let at_once = if pace.is_probing() || alone { 1 } else { waiting.len() };
            let work = waiting.iter().take(at_once).cloned().collect();
            match self.write(work, std::mem::take(&mut broken)).await {
                Ok((outcomes, begun)) => {
                    pace.back_off = BACK_OFF_FIRST;
                    self.service.inner.troubles.clear(Part::Steps);
                    self.service.committed(outcomes.iter().map(|outcome| outcome.left().ready).sum(), begun);
                    self.conclude(outcomes, &mut waiting, pace).await;
                    self.probe(stop, pace).await;
                }
                // What a step wrote does not hold at the commit: that is one message's fault, found by trying each alone.
                Err(Undone::Broken(_)) if at_once > 1 => alone = true,
                Err(Undone::Broken(reason)) => broken = Some(reason),
                // Trouble of ours: nothing is counted against the messages, which are kept and tried again (rule R6).
                Err(Undone::Trouble(reason)) => {
                    self.service.inner.troubles.set(Part::Steps, reason);
                    pause(&self.service, stop, pace.back_off).await;
                    pace.back_off = (pace.back_off * 2).min(BACK_OFF_MAX);
                }
            }
        }
    }

    /// What was committed is settled, and what is to be tried again put at the end.
    async fn conclude(&self, outcomes: Vec<Outcome>, waiting: &mut Waiting, pace: &mut Pace) {
        let done: Vec<_> = waiting.drain(..outcomes.len()).zip(outcomes).collect();
        let mut settlements = Vec::with_capacity(done.len());
        for ((delivery, before), outcome) in done {
            pace.count(&outcome, before);
            match outcome {
                Outcome::Again { tries } => waiting.push_back((delivery, tries)),
                outcome => settlements.push((delivery.lock.clone(), self.settlement(&delivery, outcome))),
            }
        }
        self.settle(settlements).await;
    }

    /// Waits before the next message while one after the other fails (rule R18).
    async fn probe(&self, stop: &StopSignal, pace: &mut Pace) {
        if !pace.is_probing() {
            pace.probe = BACK_OFF_FIRST;
            return self.service.inner.troubles.clear(Part::Handlers);
        }
        let reason = format!("{} failures in a row; messages are tried one at a time", pace.failures_in_a_row);
        self.service.inner.troubles.set(Part::Handlers, reason);
        pause(&self.service, stop, pace.probe).await;
        pace.probe = (pace.probe * 2).min(BACK_OFF_MAX);
    }

    /// Runs the steps of one write. With `broken`, the one step is known to break the commit and is only recovered from.
    async fn write(&self, work: Vec<(Arc<Delivery>, Tries)>, broken: Option<String>) -> Result<Done, Undone> {
        let service = self.service.clone();
        let result = match broken {
            None => self.service.inner.db.write(move |tx| steps(&service, tx, &work)).await,
            Some(reason) => self.service.inner.db.write(move |tx| recover(&service, tx, &work, &reason)).await,
        };
        match result {
            Ok(done) => Ok(done),
            Err(WriteError::NotCommitted(error)) if matches!(error.class(), SqlClass::Constraint(_) | SqlClass::Other) => {
                Err(Undone::Broken(error.to_string()))
            }
            Err(WriteError::Refused(error) | WriteError::NotCommitted(error) | WriteError::InDoubt(error)) => {
                Err(Undone::Trouble(format!("the database of `{}` is in trouble: {error}", self.service.name())))
            }
            Err(WriteError::Closed) => Err(Undone::Trouble("the database is closed".to_owned())),
        }
    }

    fn settlement(&self, delivery: &Delivery, outcome: Outcome) -> Settlement {
        self.service.inner.counters.count(&outcome);
        match outcome {
            Outcome::DeadLetter(epitaph) => {
                tracing::error!(
                    endpoint = self.service.name(),
                    message = delivery.id,
                    reason = epitaph.reason,
                    epitaph.description,
                    "message dead-lettered"
                );
                self.dead_letter(delivery, &epitaph)
            }
            Outcome::PutOff { error } => {
                tracing::warn!(endpoint = self.service.name(), message = delivery.id, error, "message failed and is put off");
                Settlement::Complete
            }
            Outcome::Expired => {
                tracing::info!(endpoint = self.service.name(), message = delivery.id, "message expired before it was handled");
                Settlement::Complete
            }
            Outcome::Handled(_) | Outcome::Duplicate | Outcome::Again { .. } => Settlement::Complete,
        }
    }

    fn dead_letter(&self, delivery: &Delivery, epitaph: &Epitaph) -> Settlement {
        Settlement::DeadLetter {
            reason: epitaph.reason.to_owned(),
            description: epitaph.description.clone(),
            headers: epitaph.headers(self.service.name(), self.service.now(), delivery),
        }
    }

    async fn settle(&self, settlements: Vec<(Lock, Settlement)>) {
        if settlements.is_empty() {
            return;
        }
        // What is not settled comes again and is a duplicate then (rules R7 and R8).
        if let Err(error) = self.service.inner.transport.settle(settlements).await {
            tracing::warn!(endpoint = self.service.name(), %error, "deliveries could not be settled; they come again");
        }
    }

    async fn give_back(&self, locks: Vec<Lock>) {
        self.settle(locks.into_iter().map(|lock| (lock, Settlement::Release)).collect()).await;
    }
}

impl Pace {
    fn is_probing(&self) -> bool {
        self.failures_in_a_row >= PROBING_FROM
    }

    /// Twenty failures without a success put the endpoint into probing; one success ends it (rule R18).
    fn count(&mut self, outcome: &Outcome, before: Tries) {
        match outcome {
            Outcome::Handled(_) => self.failures_in_a_row = 0,
            // A lost race is no failure.
            Outcome::Again { tries } if tries.failed == before.failed => {}
            Outcome::PutOff { .. } | Outcome::Again { .. } => self.failures_in_a_row = self.failures_in_a_row.saturating_add(1),
            Outcome::DeadLetter(epitaph) if epitaph.reason == "RetriesExhausted" => {
                self.failures_in_a_row = self.failures_in_a_row.saturating_add(1)
            }
            Outcome::Duplicate | Outcome::Expired | Outcome::DeadLetter(_) => {}
        }
    }
}

/// As many steps as fit into one write: the rest go into the next, so that operations wait no longer than that.
fn steps(service: &Service, tx: &mut Tx<'_>, work: &[(Arc<Delivery>, Tries)]) -> Result<Done, SqlError> {
    let clock = &service.inner.outside.clock;
    let (began, limit) = (clock.monotonic(), Duration::from_millis(service.inner.settings.write_ms_max));
    let now = service.now();
    let mut outcomes = Vec::with_capacity(work.len());
    for (delivery, tries) in work.iter().take(service.inner.settings.batch_max) {
        outcomes.push(service.inner.steps.step(tx, now, delivery, *tries)?);
        if clock.monotonic() - began >= limit {
            break;
        }
    }
    let begun = if outcomes.iter().any(|outcome| outcome.left().calls) { service.begin_calls(tx, now)? } else { Vec::new() };
    Ok((outcomes, begun))
}

/// What becomes of messages whose steps went well and broke the commit.
fn recover(service: &Service, tx: &mut Tx<'_>, work: &[(Arc<Delivery>, Tries)], reason: &str) -> Result<Done, SqlError> {
    let (now, error) = (service.now(), HandlerError::transient(format!("what it wrote could not be committed: {reason}")));
    let outcomes = work.iter().map(|(delivery, tries)| service.inner.steps.recover(tx, now, delivery, *tries, &error));
    Ok((outcomes.collect::<Result<_, _>>()?, Vec::new()))
}

impl HostedService for Receiver {
    fn name(&self) -> String {
        format!("{}.receiver", self.service.name())
    }

    fn run(&self, stop: StopSignal) -> BoxFuture<'_, Result<(), ServiceFailure>> {
        Box::pin(async move {
            self.work(&stop).await;
            Ok(())
        })
    }
}
