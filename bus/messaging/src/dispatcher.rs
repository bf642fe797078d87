//! The only way out: takes committed, due outbox rows, sends them in batches, and deletes what the transport confirmed
//! (rules R10 to R13).

use std::collections::BTreeMap;
use std::time::Duration;

use hosting::{BoxFuture, Either, HostedService, ServiceFailure, StopSignal, Timestamp, race};
use storage::{Durability, ReadError, SqlError};

use crate::outbox::{self, ReadyRow};
use crate::troubles::Part;
use crate::{Destination, Service, TransportError};

const BATCH_MAX: usize = 256;
const BACK_OFF_FIRST: Duration = Duration::from_millis(50);
const BACK_OFF_MAX: Duration = Duration::from_secs(10);
/// Without any sign, due rows are looked for this often: a fallback for a wall clock that jumped forward.
const LOOK_AT_LEAST: Duration = Duration::from_secs(5);

/// While more is ready than one batch, it is counted no oftener than this.
const COUNTED_FOR: Duration = Duration::from_secs(1);
/// How long a destination that took nothing is left alone.
const HELD_FOR: Duration = Duration::from_secs(1);

pub(crate) struct Dispatcher {
    service: Service,
}

/// What one round has found out.
enum Round {
    /// Nothing is ready; the next row falls due then.
    Idle(Option<Timestamp>),
    /// What is ready waits for destinations that take nothing for now.
    Held,
    /// Rows went out; there may be more.
    Sent,
    /// Nothing can go out for now, or nothing be read; try again after the back-off.
    Away,
}

/// What the dispatcher remembers from round to round.
#[derive(Default)]
struct Memory {
    /// Destinations that took nothing, until they take something: not tried before then (by the monotonic clock), and why.
    held: BTreeMap<Destination, (Duration, String)>,
    /// How many rows are to be sent one by one, after a batch was refused as a whole.
    alone: usize,
    /// When the backlog was last counted (by the monotonic clock).
    counted: Option<Duration>,
}

/// What a look into the outbox has found.
struct Found {
    rows: Vec<ReadyRow>,
    /// All rows that are ready, where they were counted.
    backlog: Option<u64>,
    /// If none is ready to be sent: when the next falls due.
    next: Option<Timestamp>,
}

impl Dispatcher {
    pub(crate) fn new(service: Service) -> Self {
        Self { service }
    }

    async fn work(&self, stop: &StopSignal) {
        let (mut back_off, mut memory) = (BACK_OFF_FIRST, Memory::default());
        let clock = &self.service.inner.outside.clock;
        loop {
            self.service.watch_clock();
            let pause = match self.round(&mut memory).await {
                Round::Sent => {
                    back_off = BACK_OFF_FIRST;
                    continue;
                }
                _ if stop.is_stopped() => return,
                Round::Away => {
                    back_off = (back_off * 2).min(BACK_OFF_MAX);
                    let _ = race(stop.stopped(), clock.sleep(back_off)).await;
                    continue;
                }
                Round::Held => HELD_FOR,
                Round::Idle(due) => due.map_or(LOOK_AT_LEAST, |due| due.since(self.service.now()).min(LOOK_AT_LEAST)),
            };
            let sign = race(stop.stopped(), self.service.inner.dispatch.notified());
            let _ = race(sign, clock.sleep(pause)).await;
        }
    }

    async fn round(&self, memory: &mut Memory) -> Round {
        let early = self.service.take_early();
        if !early.is_empty() {
            let _ = self.service.inner.transport.send(early).await;
        }
        let (troubles, now) = (&self.service.inner.troubles, self.service.inner.outside.clock.monotonic());
        let held: Vec<Destination> = memory.held.iter().filter(|(_, (until, _))| *until > now).map(|(name, _)| name.clone()).collect();
        let is_any_held = !held.is_empty();
        let counting = memory.counted.is_none_or(|before| now - before >= COUNTED_FOR);
        let found = match self.look(held, if memory.alone > 0 { 1 } else { BATCH_MAX }, counting).await {
            Ok(found) => found,
            Err(reason) => {
                troubles.set(Part::Outbox, format!("the outbox cannot be read: {reason}"));
                return Round::Away;
            }
        };
        if let Some(backlog) = found.backlog {
            memory.counted = Some(now);
            self.service.set_backlog(backlog);
        }
        if !found.rows.is_empty() {
            return self.send(found.rows, memory).await;
        }
        troubles.clear(Part::Outbox);
        if is_any_held && self.service.backlog() > 0 {
            return Round::Held;
        }
        memory.held.clear();
        troubles.clear(Part::Destinations);
        if self.service.inner.transport.trouble().is_none() {
            troubles.clear(Part::Sending);
        }
        Round::Idle(found.next)
    }

    /// Up to `max` rows that are ready. The backlog is known where that is all of them, and counted if `counting`.
    async fn look(&self, held: Vec<Destination>, max: usize, counting: bool) -> Result<Found, String> {
        let now = self.service.now();
        let count_max = self.service.inner.settings.backlog_max.saturating_mul(2).saturating_add(1);
        let found = self.service.inner.db.read(move |tx| {
            let rows = outbox::ready(tx, now, max, &held)?;
            let backlog = match rows.len() {
                all if all < max && held.is_empty() => Some(all as u64),
                _ if counting => Some(outbox::count_ready(tx, now, count_max)?),
                _ => None,
            };
            let next = if rows.is_empty() { outbox::next_due(tx, now)? } else { None };
            Ok::<_, SqlError>(Found { rows, backlog, next })
        });
        match found.await {
            Ok(found) => Ok(found),
            Err(ReadError::Refused(error) | ReadError::Failed(error)) => Err(error.to_string()),
            Err(ReadError::Closed) => Err("it is closed".to_owned()),
        }
    }

    async fn send(&self, rows: Vec<ReadyRow>, memory: &mut Memory) -> Round {
        let ids: Vec<i64> = rows.iter().map(|row| row.row).collect();
        if !self.service.inner.outside.protections.has("confirm") {
            let _ = self.conclude(ids.clone(), Vec::new()).await;
        }
        let sent: Vec<(i64, Destination)> = rows.iter().map(|row| (row.row, row.message.destination.clone())).collect();
        let results = match self.service.inner.transport.send(rows.into_iter().map(|row| row.message).collect()).await {
            Ok(results) => results,
            Err(error @ TransportError::Disconnected(_)) => return self.away(&error),
            Err(error) if sent.len() == 1 => vec![Err(error)],
            // One of them is to blame: each for itself from here on.
            Err(_) => {
                memory.alone = sent.len();
                return Round::Sent;
            }
        };
        memory.alone = memory.alone.saturating_sub(sent.len());
        self.note(sent, results, memory).await
    }

    /// Deletes what was confirmed, keeps what can never be sent, and holds destinations that take nothing for now.
    async fn note(&self, sent: Vec<(i64, Destination)>, results: Vec<Result<(), TransportError>>, memory: &mut Memory) -> Round {
        let troubles = &self.service.inner.troubles;
        let until = self.service.inner.outside.clock.monotonic() + HELD_FOR;
        let (mut confirmed, mut refused, mut disconnected) = (Vec::with_capacity(sent.len()), Vec::new(), None);
        for ((row, destination), result) in sent.into_iter().zip(results) {
            match result {
                Ok(()) => {
                    memory.held.remove(&destination);
                    confirmed.push(row);
                }
                Err(error @ TransportError::Refused(_)) => refused.push((row, error.to_string())),
                Err(error @ TransportError::Disconnected(_)) => disconnected = Some(error),
                Err(error) => drop(memory.held.insert(destination, (until, error.to_string()))),
            }
        }
        match memory.held.values().map(|(_, reason)| reason.as_str()).collect::<Vec<_>>().join("; ") {
            none if none.is_empty() => troubles.clear(Part::Destinations),
            reasons => troubles.set(Part::Destinations, reasons),
        }
        // What stays though it was sent is sent again, so not at once: the next try may fail like this one.
        if let Err(reason) = self.conclude(confirmed, refused).await {
            troubles.set(Part::Outbox, format!("the outbox cannot be written, what was sent is sent again: {reason}"));
            return Round::Away;
        }
        troubles.clear(Part::Outbox);
        if let Some(error) = disconnected {
            return self.away(&error);
        }
        troubles.clear(Part::Sending);
        Round::Sent
    }

    /// The bus is away; what is committed meanwhile waits (rule R13).
    fn away(&self, error: &TransportError) -> Round {
        self.service.inner.troubles.set(Part::Sending, format!("bus unreachable, {} waiting: {error}", self.service.backlog()));
        Round::Away
    }

    /// Written without a sync of its own: what comes back after a power cut is sent again and swallowed by the inboxes.
    async fn conclude(&self, confirmed: Vec<i64>, refused: Vec<(i64, String)>) -> Result<(), String> {
        if confirmed.is_empty() && refused.is_empty() {
            return Ok(());
        }
        let (gone, failures) = (confirmed.len() + refused.len(), refused.clone());
        let written = self.service.inner.db.write_with(Durability::Unsynced, move |tx| outbox::conclude(tx, &confirmed, &refused)).await;
        written.map_err(|error| error.to_string())?;
        self.service.take_from_backlog(gone as u64);
        for (row, failure) in failures {
            tracing::error!(endpoint = self.service.name(), row, failure, "a message can never be sent; it is kept as a dead letter");
        }
        Ok(())
    }
}

impl HostedService for Dispatcher {
    fn name(&self) -> String {
        format!("{}.dispatcher", self.service.name())
    }

    fn run(&self, stop: StopSignal) -> BoxFuture<'_, Result<(), ServiceFailure>> {
        Box::pin(async move {
            self.work(&stop).await;
            Ok(())
        })
    }
}

/// Waits until `stop` or for `pause`; whether it was the stop.
pub(crate) async fn pause(service: &Service, stop: &StopSignal, pause: Duration) -> bool {
    matches!(race(stop.stopped(), service.inner.outside.clock.sleep(pause)).await, Either::First(()))
}
