//! The only way out: takes committed, due outbox rows, sends them in batches, and deletes what the transport confirmed
//! (rules R10 to R13).

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hosting::{BoxFuture, Either, HostedService, ServiceFailure, StopSignal, Timestamp, race};
use storage::{Durability, ReadError, SqlError};

use crate::outbox::{self, ReadyRow};
use crate::{Destination, OutgoingMessage, Service, TransportError};

const BATCH_MAX: usize = 256;
const BACK_OFF_FIRST: Duration = Duration::from_millis(50);
const BACK_OFF_MAX: Duration = Duration::from_secs(10);
/// Without any sign, due rows are looked for this often: a fallback for a wall clock that jumped forward.
const LOOK_AT_LEAST: Duration = Duration::from_secs(5);

pub(crate) struct Dispatcher {
    service: Service,
}

/// What one round has found out.
enum Round {
    /// Nothing is ready; the next row falls due then.
    Idle(Option<Timestamp>),
    /// Rows went out; there may be more.
    Sent,
    /// Nothing went out for now; try again after the back-off.
    Trouble(String),
}

/// Destinations that take nothing for now, and until when (by the monotonic clock).
type Held = BTreeMap<Destination, Duration>;

impl Dispatcher {
    pub(crate) fn new(service: Service) -> Self {
        Self { service }
    }

    async fn work(&self, stop: &StopSignal) {
        let (mut back_off, mut held) = (BACK_OFF_FIRST, Held::new());
        let clock = &self.service.inner.outside.clock;
        loop {
            let round = self.round(&mut held).await;
            let pause = match round {
                Round::Sent => {
                    back_off = BACK_OFF_FIRST;
                    continue;
                }
                Round::Idle(_) if stop.is_stopped() => return,
                Round::Trouble(_) if stop.is_stopped() => return,
                Round::Idle(due) => due.map_or(LOOK_AT_LEAST, |due| due.since(self.service.now()).min(LOOK_AT_LEAST)),
                Round::Trouble(reason) => {
                    self.service.inner.health.degraded(reason);
                    back_off = (back_off * 2).min(BACK_OFF_MAX);
                    clock.sleep(back_off).await;
                    continue;
                }
            };
            let sign = race(stop.stopped(), self.service.inner.dispatch.notified());
            let _ = race(sign, clock.sleep(pause)).await;
        }
    }

    async fn round(&self, held: &mut Held) -> Round {
        let early = self.service.take_early();
        if !early.is_empty() {
            let _ = self.service.inner.transport.send(early).await;
        }
        let now = self.service.now();
        let (rows, next) = match self.look(now).await {
            Ok(found) => found,
            Err(reason) => return Round::Trouble(format!("the outbox cannot be read: {reason}")),
        };
        let clock = self.service.inner.outside.clock.monotonic();
        held.retain(|_, until| *until > clock);
        let (ready, waiting): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| !held.contains_key(&row.message.destination));
        if ready.is_empty() {
            return if waiting.is_empty() {
                Round::Idle(next)
            } else {
                Round::Trouble(format!("{} messages wait for a full or missing destination", waiting.len()))
            };
        }
        self.send(ready, held).await
    }

    async fn look(&self, now: Timestamp) -> Result<(Vec<ReadyRow>, Option<Timestamp>), String> {
        let count_max = self.service.inner.settings.backlog_max.saturating_mul(2).saturating_add(1);
        let found = self
            .service
            .inner
            .db
            .read(move |tx| {
                let rows = outbox::ready(tx, now, BATCH_MAX)?;
                let backlog = if rows.len() < BATCH_MAX { rows.len() as u64 } else { outbox::count_ready(tx, now, count_max)? };
                let next = if rows.is_empty() { outbox::next_due(tx, now)? } else { None };
                Ok::<_, SqlError>((rows, backlog, next))
            })
            .await;
        match found {
            Ok((rows, backlog, next)) => {
                self.service.inner.backlog.store(backlog, Ordering::Relaxed);
                Ok((rows, next))
            }
            Err(ReadError::Refused(error) | ReadError::Failed(error)) => Err(error.to_string()),
            Err(ReadError::Closed) => Err("it is closed".to_owned()),
        }
    }

    async fn send(&self, rows: Vec<ReadyRow>, held: &mut Held) -> Round {
        let ids: Vec<i64> = rows.iter().map(|row| row.row).collect();
        if !self.service.inner.outside.protections.has("confirm") {
            self.delete(ids.clone()).await;
        }
        let destinations: Vec<Destination> = rows.iter().map(|row| row.message.destination.clone()).collect();
        let batch: Vec<OutgoingMessage> = rows.into_iter().map(|row| row.message).collect();
        let results = match self.service.inner.transport.send(batch).await {
            Ok(results) => results,
            Err(error) => {
                let waiting = self.service.inner.backlog.load(Ordering::Relaxed);
                return Round::Trouble(format!("bus unreachable, {waiting} waiting: {error}"));
            }
        };
        let mut confirmed = Vec::with_capacity(ids.len());
        let until = self.service.inner.outside.clock.monotonic() + Duration::from_secs(1);
        let mut trouble = None;
        for ((row, destination), result) in ids.into_iter().zip(destinations).zip(results) {
            match result {
                Ok(()) => confirmed.push(row),
                Err(error @ TransportError::Refused(_)) => self.give_up(row, error.to_string()).await,
                Err(error) => {
                    trouble = Some(error.to_string());
                    held.insert(destination, until);
                }
            }
        }
        self.delete(confirmed).await;
        if let Some(reason) = trouble {
            self.service.inner.health.degraded(reason);
        } else {
            self.service.inner.health.ready();
        }
        Round::Sent
    }

    /// Deleted without a sync of its own: what comes back after a crash is sent again and swallowed by the inboxes.
    async fn delete(&self, rows: Vec<i64>) {
        if rows.is_empty() {
            return;
        }
        let deleted = self.service.inner.db.write_with(Durability::Unsynced, move |tx| outbox::delete(tx, &rows)).await;
        if deleted.is_err() {
            tracing::warn!(endpoint = self.service.name(), "sent messages could not be deleted from the outbox; they are sent again");
        }
    }

    async fn give_up(&self, row: i64, failure: String) {
        tracing::error!(endpoint = self.service.name(), row, failure, "a message can never be sent; it is kept as a dead letter");
        let _ = self.service.inner.db.write(move |tx| outbox::set_failure(tx, row, &failure)).await;
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
