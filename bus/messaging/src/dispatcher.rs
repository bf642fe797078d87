//! The only way out: takes committed, due outbox rows, sends them in batches, and deletes what the transport confirmed
//! (rules R10 to R13).

use std::collections::BTreeMap;
use std::time::Duration;

use hosting::{BoxFuture, Either, HostedService, ServiceFailure, StopSignal, Timestamp, race};
use storage::{Durability, ReadError, SqlError};

use crate::outbox::{self, ReadyRow};
use crate::troubles::Place;
use crate::{Destination, OutgoingMessage, Service, TransportError};

const BATCH_MAX: usize = 256;
const BACK_OFF_FIRST: Duration = Duration::from_millis(50);
const BACK_OFF_MAX: Duration = Duration::from_secs(10);
/// Without any sign, due rows are looked for this often: a fallback for a wall clock that jumped forward.
const LOOK_AT_LEAST: Duration = Duration::from_secs(5);

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
    /// Destinations that take nothing for now, and until when (by the monotonic clock).
    held: BTreeMap<Destination, Duration>,
    /// How many rows are to be sent one by one, after a batch was refused as a whole.
    alone: usize,
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
        let clock = self.service.inner.outside.clock.monotonic();
        memory.held.retain(|_, until| *until > clock);
        let troubles = &self.service.inner.troubles;
        if memory.held.is_empty() {
            troubles.clear(Place::Destination);
        }
        let held: Vec<Destination> = memory.held.keys().cloned().collect();
        match self.look(held, if memory.alone > 0 { 1 } else { BATCH_MAX }).await {
            Err(reason) => {
                troubles.set(Place::Outbox, format!("the outbox cannot be read: {reason}"));
                Round::Away
            }
            Ok((rows, _)) if !rows.is_empty() => self.send(rows, memory).await,
            Ok(_) if !memory.held.is_empty() && self.service.backlog() > 0 => Round::Held,
            Ok((_, next)) => {
                troubles.clear(Place::Outbox);
                if self.service.inner.transport.trouble().is_none() {
                    troubles.clear(Place::Bus);
                }
                Round::Idle(next)
            }
        }
    }

    async fn look(&self, held: Vec<Destination>, max: usize) -> Result<(Vec<ReadyRow>, Option<Timestamp>), String> {
        let now = self.service.now();
        let count_max = self.service.inner.settings.backlog_max.saturating_mul(2).saturating_add(1);
        let found = self
            .service
            .read(move |tx| {
                let rows = outbox::ready(tx, now, max, &held)?;
                let all = rows.len() < max && held.is_empty();
                let backlog = if all { rows.len() as u64 } else { outbox::count_ready(tx, now, count_max)? };
                let next = if rows.is_empty() { outbox::next_due(tx, now)? } else { None };
                Ok::<_, SqlError>((rows, backlog, next))
            })
            .await;
        match found {
            Ok((rows, backlog, next)) => {
                self.service.set_backlog(backlog);
                Ok((rows, next))
            }
            Err(ReadError::Refused(error) | ReadError::Failed(error)) => Err(error.to_string()),
            Err(ReadError::Closed) => Err("it is closed".to_owned()),
        }
    }

    async fn send(&self, rows: Vec<ReadyRow>, memory: &mut Memory) -> Round {
        let ids: Vec<i64> = rows.iter().map(|row| row.row).collect();
        if !self.service.inner.outside.protections.has("confirm") {
            let _ = self.delete(ids.clone()).await;
        }
        let destinations: Vec<Destination> = rows.iter().map(|row| row.message.destination.clone()).collect();
        let batch: Vec<OutgoingMessage> = rows.into_iter().map(|row| row.message).collect();
        let results = match self.service.inner.transport.send(batch).await {
            Ok(results) => results,
            Err(error @ TransportError::Disconnected(_)) => {
                self.service.bus_is_away(&error);
                return Round::Away;
            }
            Err(error) if ids.len() == 1 => vec![Err(error)],
            // One of them is to blame: each for itself from here on.
            Err(_) => {
                memory.alone = ids.len();
                return Round::Sent;
            }
        };
        memory.alone = memory.alone.saturating_sub(ids.len());
        self.service.inner.troubles.clear(Place::Bus);
        match self.note(ids, destinations, results, memory).await {
            Ok(()) => {
                self.service.inner.troubles.clear(Place::Outbox);
                Round::Sent
            }
            // What stays is sent again, so not at once: the next try may fail like this one.
            Err(reason) => {
                tracing::warn!(endpoint = self.service.name(), reason, "sent messages stay in the outbox; they are sent again");
                self.service.inner.troubles.set(Place::Outbox, format!("the outbox cannot be written: {reason}"));
                Round::Away
            }
        }
    }

    /// Deletes what was confirmed, keeps what can never be sent, and holds destinations that take nothing for now. An
    /// error says why the database did not take that.
    async fn note(
        &self,
        rows: Vec<i64>,
        destinations: Vec<Destination>,
        results: Vec<Result<(), TransportError>>,
        memory: &mut Memory,
    ) -> Result<(), String> {
        let until = self.service.inner.outside.clock.monotonic() + HELD_FOR;
        let mut confirmed = Vec::with_capacity(rows.len());
        for ((row, destination), result) in rows.into_iter().zip(destinations).zip(results) {
            match result {
                Ok(()) => confirmed.push(row),
                Err(error @ TransportError::Refused(_)) => self.give_up(row, error.to_string()).await?,
                Err(error) => {
                    self.service.inner.troubles.set(Place::Destination, error.to_string());
                    memory.held.insert(destination, until);
                }
            }
        }
        self.delete(confirmed).await
    }

    /// Deleted without a sync of its own: what comes back after a crash is sent again and swallowed by the inboxes.
    async fn delete(&self, rows: Vec<i64>) -> Result<(), String> {
        if rows.is_empty() {
            return Ok(());
        }
        let deleted = self.service.inner.db.write_with(Durability::Unsynced, move |tx| outbox::delete(tx, &rows)).await;
        deleted.map(drop).map_err(|error| error.to_string())?;
        self.service.inner.troubles.clear(Place::Database);
        Ok(())
    }

    async fn give_up(&self, row: i64, failure: String) -> Result<(), String> {
        tracing::error!(endpoint = self.service.name(), row, failure, "a message can never be sent; it is kept as a dead letter");
        let kept = self.service.inner.db.write(move |tx| outbox::set_failure(tx, row, &failure)).await;
        kept.map(drop).map_err(|error| error.to_string())
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
