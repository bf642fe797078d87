//! An endpoint bound to its database, its transport and the outside world: what HTTP handlers hold on to.

use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hosting::{Health, HostedService, Outside, StopSignal, StopSource, Timestamp, stop_pair};
use storage::{Database, ReadError, SqlError, Tx};
use tokio::sync::Notify;

use crate::calls::{self, DueCall};
use crate::context::Surroundings;
use crate::counts::Counters;
use crate::endpoint::Declaration;
use crate::step::Steps;
use crate::troubles::{Part, Troubles};
use crate::{Counts, Endpoint, Transport, caller, cleaner, dispatcher, feed, inbox, outbox, receiver};

/// A wall clock that goes back by less is being adjusted, as clocks are.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(1);

/// Limits of an endpoint at work.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Messages received at once.
    pub batch_max: usize,
    /// Handler time after which a write ends, in milliseconds.
    pub write_ms_max: u64,
    /// Ready outbox rows above which operations are refused; at twice as many receiving stops (rule R12).
    pub backlog_max: u64,
    /// External calls at once.
    pub calls_max: usize,
    /// How long the inbox and stored answers protect, in seconds (rule R22; answers: 24 hours, rule R32).
    pub inbox_retention_s: u64,
    /// How long a feed keeps its entries, in seconds (rule R36).
    pub feed_retention_s: u64,
    /// How long a stop waits for a batch under way, in milliseconds, before its deliveries are given back (rule R39):
    /// less than half of the host's deadline, for the receiver gets no more of it.
    pub stop_ms_max: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            batch_max: 64,
            write_ms_max: 20,
            backlog_max: 20_000,
            calls_max: 64,
            inbox_retention_s: 7 * 24 * 3_600,
            feed_retention_s: 30 * 24 * 3_600,
            stop_ms_max: 4_000,
        }
    }
}

pub(crate) struct Inner {
    pub(crate) steps: Arc<Steps>,
    pub(crate) calls: std::collections::BTreeMap<&'static str, crate::calls::RegisteredCall>,
    pub(crate) db: Database,
    pub(crate) outside: Outside,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) settings: Settings,
    /// Something was committed that may want to be sent.
    pub(crate) dispatch: Notify,
    /// Calls that were begun in the write that asked for them, and wait to be made.
    pub(crate) begun: Mutex<Vec<DueCall>>,
    /// How many calls are being made; as many as there can be until the runner is at work.
    pub(crate) under_way: AtomicUsize,
    /// Something was committed that may want to be called.
    pub(crate) call: Notify,
    /// Rows that are ready to be sent: as last counted, with those written since and without those sent (rule R12).
    pub(crate) backlog: AtomicU64,
    /// Something was committed that readers of feeds may wait for.
    pub(crate) appended: Notify,
    /// Nobody waits for anything any longer.
    pub(crate) waits: StopSource,
    pub(crate) stopping: StopSignal,
    pub(crate) troubles: Troubles,
    pub(crate) counters: Counters,
    pub(crate) clock_last: AtomicI64,
}

/// An endpoint at work. Cheap to clone.
#[derive(Clone)]
pub struct Service {
    pub(crate) inner: Arc<Inner>,
}

impl Endpoint {
    /// Binds the endpoint. `db` was opened with [`Endpoint::all_migrations`]. Answers a handle for operations, and
    /// what has to be hosted for messages to flow, in order of start.
    ///
    /// # Errors
    /// If the database cannot be read, or lacks migrations or tables: all of them are named (rule R37).
    pub async fn bind(
        self,
        outside: Outside,
        db: Database,
        transport: Arc<dyn Transport>,
        health: &Health,
        settings: Settings,
    ) -> Result<(Service, Vec<Arc<dyn HostedService>>), ReadError<storage::SqlError>> {
        let lacks = db.lacks(self.all_migrations()).await?;
        if !lacks.is_empty() {
            let lacks = format!("the database of `{}` lacks {}; open it with all its migrations", self.declaration.name, lacks.join(", "));
            return Err(ReadError::Refused(storage::SqlError::mistake(lacks)));
        }
        let (wall, count_max) = (outside.clock.now(), settings.backlog_max.saturating_mul(2).saturating_add(1));
        let found = db.read(move |tx| Ok((inbox::last_seen(tx)?, outbox::count_ready(tx, wall, count_max)?))).await?;
        let steps = Steps {
            surroundings: Surroundings {
                body_bytes_max: transport.capabilities().body_bytes_max,
                declaration: self.declaration,
                outside: outside.clone(),
                early: std::sync::Mutex::default(),
            },
            handlers: self.handlers,
            policy: self.policy,
        };
        let troubles = Troubles::new(steps.name(), health.component(steps.name()));
        let (waits, stopping) = stop_pair();
        let inner = Inner {
            steps: Arc::new(steps),
            calls: self.calls,
            db,
            outside,
            transport,
            settings,
            dispatch: Notify::new(),
            begun: Mutex::default(),
            under_way: AtomicUsize::new(usize::MAX),
            call: Notify::new(),
            backlog: AtomicU64::new(found.1),
            appended: Notify::new(),
            waits,
            stopping,
            troubles,
            counters: Counters::default(),
            clock_last: AtomicI64::new(found.0.map_or(i64::MIN, Timestamp::as_micros)),
        };
        let service = Service { inner: Arc::new(inner) };
        let mut hosted: Vec<Arc<dyn HostedService>> = vec![
            Arc::new(dispatcher::Dispatcher::new(service.clone())),
            Arc::new(caller::Caller::new(service.clone())),
            Arc::new(cleaner::Cleaner::new(service.clone())),
            Arc::new(receiver::Receiver::new(service.clone())),
        ];
        hosted.extend(self.feeds.into_iter().map(|feed| Arc::new(feed::Poller::new(service.clone(), feed)) as Arc<dyn HostedService>));
        Ok((service, hosted))
    }
}

impl Service {
    /// The endpoint's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.inner.steps.name()
    }

    /// What the endpoint says of itself.
    #[must_use]
    pub fn declaration(&self) -> &Declaration {
        &self.inner.steps.surroundings.declaration
    }

    /// The parts of the outside world that it was given.
    #[must_use]
    pub fn outside(&self) -> &Outside {
        &self.inner.outside
    }

    /// Its database, for tests and audits.
    #[must_use]
    pub fn db(&self) -> &Database {
        &self.inner.db
    }

    /// The endpoint's time: the wall clock, but never before what was seen earlier (rule R19).
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let wall = self.inner.outside.clock.now().as_micros();
        let before = self.inner.clock_last.fetch_max(wall, Ordering::Relaxed);
        Timestamp::from_micros(before.max(wall))
    }

    /// What became of its messages since it was bound.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.inner.counters.read()
    }

    /// Ready outbox rows.
    pub(crate) fn backlog(&self) -> u64 {
        self.inner.backlog.load(Ordering::Relaxed)
    }

    pub(crate) fn set_backlog(&self, rows: u64) {
        self.inner.backlog.store(rows, Ordering::Relaxed);
    }

    /// Rows have left. One that fell due since the last count was not in it.
    pub(crate) fn take_from_backlog(&self, rows: u64) {
        let _ = self.inner.backlog.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |all| Some(all.saturating_sub(rows)));
    }

    /// Tells health whether the wall clock went back: the endpoint's time then stands still until it has caught up.
    pub(crate) fn watch_clock(&self) {
        let behind = self.now().since(self.inner.outside.clock.now());
        if behind > CLOCK_TOLERANCE {
            let reason = format!("the wall clock went back by {} s; time stands still until it has caught up", behind.as_secs());
            self.inner.troubles.set(Part::Clock, reason);
        } else {
            self.inner.troubles.clear(Part::Clock);
        }
    }

    /// Reads in a transaction of its own, begun now.
    ///
    /// # Errors
    /// What `work` answered, or that the database could not be read.
    pub async fn read<T, E>(&self, work: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static) -> Result<T, ReadError<E>>
    where
        T: Send + 'static,
        E: Send + 'static,
    {
        let found = self.inner.db.read(work).await;
        match &found {
            Err(ReadError::Failed(error)) => {
                self.inner.troubles.set(Part::Reads, format!("the database of `{}` cannot be read: {error}", self.name()));
            }
            _ => self.inner.troubles.clear(Part::Reads),
        }
        found
    }

    /// Begins as many calls as may be made now, in the transaction that asked for them: they need no write of their own.
    /// [`Service::committed`] has them made (rule R29).
    pub(crate) fn begin_calls(&self, tx: &mut Tx<'_>, now: Timestamp) -> Result<Vec<DueCall>, SqlError> {
        let waiting = self.inner.begun.lock().unwrap_or_else(PoisonError::into_inner).len();
        let taken = self.inner.under_way.load(Ordering::Acquire).saturating_add(waiting);
        let free = self.inner.settings.calls_max.saturating_sub(taken);
        let longest = self.inner.calls.values().map(|call| call.timeout).max().unwrap_or_default();
        calls::take(tx, now, now.plus(longest + calls::LEASE_BEYOND), free)
    }

    /// Steps were committed that left so many messages ready to be sent, and these calls begun: counts them, and wakes what
    /// may have got something to do.
    pub(crate) fn committed(&self, ready: u64, begun: Vec<DueCall>) {
        self.inner.backlog.fetch_add(ready, Ordering::Relaxed);
        self.inner.begun.lock().unwrap_or_else(PoisonError::into_inner).extend(begun);
        self.inner.dispatch.notify_one();
        self.inner.call.notify_one();
        self.inner.appended.notify_waiters();
    }

    /// Ends all waiting for news of feeds, so that their requests are answered before the process stops.
    pub fn end_waits(&self) {
        self.inner.waits.stop();
    }

    /// What was sent around the outbox, where a simulation has switched it off.
    pub(crate) fn take_early(&self) -> Vec<crate::OutgoingMessage> {
        std::mem::take(&mut *self.inner.steps.surroundings.early.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
