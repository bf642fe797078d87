//! An endpoint under test: no broker, no runtime, no sleep. Steps run as in production; what they send is collected.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use hosting::{BoxFuture, Clock, Entropy, HttpClient, HttpError, Ids, Outside, Protections, Spawner, TaskEnd, Timestamp};
use storage::{Database, Driver, Location, NoFaults, Tx, WriteError};
use uuid::Uuid;

use crate::calls::{self, Answer, CallFailed, ExternalCall};
use crate::context::Surroundings;
use crate::envelope::{self, Cause};
use crate::feed::{FeedEntry, RegisteredFeed, Restart};
use crate::http::Problem;
use crate::recoverability::Tries;
use crate::step::{Outcome, Steps, caught};
use crate::{Context, Delivery, Destination, Endpoint, HandlerError, Lock, Message, OutgoingMessage, feed, outbox};

static NAMES: AtomicU64 = AtomicU64::new(0);

/// How a message ended that was not handled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotHandled {
    /// It was put off, for this reason.
    #[error("put off: {0}")]
    PutOff(String),
    /// It went to the dead letters, with this reason and description.
    #[error("dead-lettered ({0}): {1}")]
    DeadLettered(String, String),
    /// It had been handled before.
    #[error("handled before")]
    Duplicate,
    /// It was too old.
    #[error("expired")]
    Expired,
}

/// An endpoint on a database in memory and a clock that stands still until told.
pub struct TestEndpoint {
    steps: Arc<Steps>,
    calls: std::collections::BTreeMap<&'static str, calls::RegisteredCall>,
    feeds: Vec<RegisteredFeed>,
    db: Database,
    clock: Arc<StillClock>,
    sent: Vec<OutgoingMessage>,
    last: Option<Delivery>,
}

impl TestEndpoint {
    /// The endpoint, on an empty database, at 2027-01-01T00:00:00Z.
    ///
    /// # Panics
    /// If its migrations fail.
    #[must_use]
    pub fn new(endpoint: Endpoint) -> Self {
        Self::with_protections(endpoint, Protections::all_on())
    }

    /// The same with safeguards switched off.
    ///
    /// # Panics
    /// As [`TestEndpoint::new`].
    #[expect(clippy::panic, reason = "this is a tool for tests")]
    #[must_use]
    pub fn with_protections(endpoint: Endpoint, protections: Protections) -> Self {
        let name = format!("test-endpoint-{}", NAMES.fetch_add(1, Ordering::Relaxed));
        let driver = Driver::Inline(Arc::new(NoFaults));
        let db = Database::open(&Location::Memory(name), driver, &endpoint.migrations).unwrap_or_else(|error| panic!("{error:?}"));
        let clock = Arc::new(StillClock { micros: AtomicI64::new(1_798_761_600_000_000) });
        let outside = Outside {
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            ids: Arc::new(CountedIds::default()),
            entropy: Arc::new(CountedEntropy::default()),
            spawner: Arc::new(Nowhere),
            http: Arc::new(Nowhere),
            protections,
        };
        let surroundings =
            Surroundings { declaration: endpoint.declaration, outside, body_bytes_max: 256 * 1024, early: std::sync::Mutex::default() };
        let steps = Steps { surroundings, handlers: endpoint.handlers, policy: endpoint.policy };
        Self { steps: Arc::new(steps), calls: endpoint.calls, feeds: endpoint.feeds, db, clock, sent: Vec::new(), last: None }
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Delivers a command or an event, tried again at once as the policy says; then whatever it sends to itself now.
    ///
    /// # Errors
    /// How it ended, if it was not handled.
    pub fn handle<M: Message>(&mut self, message: M) -> Result<(), NotHandled> {
        let id = self.steps.surroundings.outside.ids.next(self.now());
        let headers = envelope::headers(&message, id, "test", (self.now(), self.now()), &Cause::default());
        let body = serde_json::to_vec(&message).unwrap_or_default();
        self.deliver(OutgoingMessage { destination: Destination::Queue(String::new()), id: id.to_string(), headers, body: body.into() })
    }

    /// Delivers a message with its envelope as given.
    ///
    /// # Errors
    /// As [`TestEndpoint::handle`].
    pub fn deliver(&mut self, message: OutgoingMessage) -> Result<(), NotHandled> {
        let delivery = delivered(message);
        self.last = Some(delivery.clone());
        let outcome = self.step(&delivery);
        self.deliver_to_itself();
        outcome
    }

    /// Delivers the last message again, as after a crash between commit and settlement; answers how it ended.
    pub fn redeliver_last(&mut self) -> Result<(), NotHandled> {
        let Some(last) = self.last.clone() else { return Ok(()) };
        let outcome = self.step(&last);
        self.deliver_to_itself();
        outcome
    }

    /// Lets time pass; what falls due meanwhile is handled, each message at its time.
    pub fn advance(&mut self, by: Duration) {
        let end = self.now().plus(by);
        loop {
            let now = self.now();
            let next = self.read(move |tx| outbox::next_due(tx, now)).filter(|due| *due <= end);
            let Some(due) = next else { break };
            self.clock.set(due);
            self.deliver_to_itself();
        }
        self.clock.set(end);
        self.deliver_to_itself();
    }

    /// Everything published of this type since the last [`TestEndpoint::forget`], in order.
    #[must_use]
    pub fn published<E: crate::Event>(&self) -> Vec<E> {
        self.emitted()
    }

    /// Everything sent of this type since the last [`TestEndpoint::forget`], in order.
    #[must_use]
    pub fn sent<C: crate::Command>(&self) -> Vec<C> {
        self.emitted()
    }

    /// Everything sent and published, with its envelope.
    #[must_use]
    pub fn outgoing(&self) -> &[OutgoingMessage] {
        &self.sent
    }

    /// Forgets what was sent so far.
    pub fn forget(&mut self) {
        self.sent.clear();
    }

    /// Runs an operation.
    ///
    /// # Errors
    /// What it refused.
    ///
    /// # Panics
    /// If the database fails.
    #[expect(clippy::panic, reason = "this is a tool for tests")]
    pub fn operation<T: Send + 'static>(
        &mut self,
        work: impl Fn(&mut Context<'_>) -> Result<T, Problem> + Send + Sync + 'static,
    ) -> Result<T, Problem> {
        let (steps, now) = (Arc::clone(&self.steps), self.clock.now());
        let written = self.db.write_blocking(move |tx| work(&mut Context::new(tx.reborrow(), now, Cause::default(), &steps.surroundings)));
        let answer = match written {
            Ok(answer) => Ok(answer),
            Err(WriteError::Refused(problem)) => Err(problem),
            Err(other) => panic!("{other:?}"),
        };
        self.deliver_to_itself();
        answer
    }

    /// Reads.
    ///
    /// # Panics
    /// If the database fails.
    #[expect(clippy::panic, reason = "this is a tool for tests")]
    pub fn read<T: Send + 'static>(&self, work: impl FnOnce(&mut Tx<'_>) -> Result<T, storage::SqlError> + Send + 'static) -> T {
        self.db.read_blocking(work).unwrap_or_else(|error| panic!("{error:?}"))
    }

    /// The calls of this kind that are due, with their keys, in order.
    #[must_use]
    pub fn calls<C: ExternalCall>(&self) -> Vec<(String, C)> {
        self.due_calls::<C>().into_iter().filter_map(|call| Some((call.key, serde_json::from_str(&call.request).ok()?))).collect()
    }

    /// Answers the first due call of this kind, as if the outside had.
    ///
    /// # Errors
    /// What the recording step answered.
    ///
    /// # Panics
    /// If no such call is due.
    #[expect(clippy::panic, reason = "this is a tool for tests")]
    pub fn answer<C: ExternalCall>(&mut self, answer: Result<C::Answer, CallFailed>) -> Result<(), HandlerError> {
        let Some(call) = self.due_calls::<C>().into_iter().next() else { panic!("no call `{}` is due", C::NAME) };
        let Some(registered) = self.calls.get(C::NAME) else { panic!("call `{}` is not registered", C::NAME) };
        let (record, steps, now) = (Arc::clone(&registered.record), Arc::clone(&self.steps), self.clock.now());
        let answer = answer.map(|answer| Arc::new(answer) as Answer);
        let written = self.db.write_blocking(move |tx| {
            calls::finish(tx, call.row)?;
            let mut ctx = Context::new(tx.reborrow(), now, Cause::from_text(&call.cause), &steps.surroundings);
            caught(|| record(&mut ctx, &call.request, answer.clone()))?
        });
        let result = match written {
            Ok(()) => Ok(()),
            Err(WriteError::Refused(error)) => Err(error),
            Err(other) => panic!("{other:?}"),
        };
        self.deliver_to_itself();
        result
    }

    /// Everything told through a feed that the endpoint keeps, in order.
    ///
    /// # Panics
    /// If the database fails, or an entry is no `F`.
    #[expect(clippy::panic, reason = "this is a tool for tests")]
    #[must_use]
    pub fn told<F: FeedEntry>(&self) -> Vec<F> {
        let bodies = self.read(|tx| feed::stored(tx, F::FEED, |body| body));
        bodies.iter().map(|body| serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"))).collect()
    }

    /// Takes in an entry of a feed that the endpoint polls, told now.
    ///
    /// # Errors
    /// Why it cannot be taken in.
    ///
    /// # Panics
    /// If the endpoint does not poll the feed, or the database fails.
    #[expect(clippy::panic, reason = "this is a tool for tests")]
    pub fn learn<F: FeedEntry>(&mut self, entry: &F) -> Result<(), String> {
        let (feed, steps, now) = (self.polled::<F>(), Arc::clone(&self.steps), self.clock.now());
        let entry = feed::entry_to_learn(entry, steps.surroundings.outside.ids.next(now), now);
        let written = self.db.write_blocking(move |tx| feed.learn_one(tx, now, &steps.surroundings, &entry));
        let learnt = written.unwrap_or_else(|error| panic!("{error:?}"));
        self.deliver_to_itself();
        learnt
    }

    /// Tells the endpoint that it cannot read the feed on where it was.
    ///
    /// # Errors
    /// What the handler answered.
    ///
    /// # Panics
    /// As [`TestEndpoint::learn`].
    #[expect(clippy::panic, reason = "this is a tool for tests")]
    pub fn restart_feed<F: FeedEntry>(&mut self, why: Restart) -> Result<(), HandlerError> {
        let (feed, steps, now) = (self.polled::<F>(), Arc::clone(&self.steps), self.clock.now());
        let written = self.db.write_blocking(move |tx| {
            let from = feed.cursor(tx)?;
            feed.start_over(tx, now, &steps.surroundings, from.as_deref(), None, why)
        });
        let result = match written {
            Ok(_) => Ok(()),
            Err(WriteError::Refused(error)) => Err(error),
            Err(other) => panic!("{other:?}"),
        };
        self.deliver_to_itself();
        result
    }

    #[expect(clippy::panic, reason = "this is a tool for tests")]
    fn polled<F: FeedEntry>(&self) -> RegisteredFeed {
        let found = self.feeds.iter().find(|feed| feed.feed == F::FEED && feed.endpoint == F::ENDPOINT);
        found.unwrap_or_else(|| panic!("the endpoint does not poll feed `{}`", F::FEED)).clone()
    }

    pub(crate) fn steps(&self) -> &Arc<Steps> {
        &self.steps
    }

    pub(crate) fn db(&self) -> &Database {
        &self.db
    }

    fn due_calls<C: ExternalCall>(&self) -> Vec<calls::DueCall> {
        let now = self.now();
        self.read(move |tx| calls::due(tx, now, usize::MAX)).into_iter().filter(|call| call.name == C::NAME).collect()
    }

    fn emitted<M: Message>(&self) -> Vec<M> {
        let named = self.sent.iter().filter(|message| message.headers.get(envelope::TYPE).is_some_and(|name| name == M::NAME));
        named.filter_map(|message| serde_json::from_slice(&message.body).ok()).collect()
    }

    #[expect(clippy::panic, reason = "this is a tool for tests")]
    fn step(&self, delivery: &Delivery) -> Result<(), NotHandled> {
        let (now, delivery) = (self.clock.now(), Arc::new(delivery.clone()));
        let mut tries = Tries::default();
        loop {
            let (steps, delivery) = (Arc::clone(&self.steps), Arc::clone(&delivery));
            let written = self.db.write_blocking(move |tx| steps.step(tx, now, &delivery, tries));
            match written.unwrap_or_else(|error| panic!("{error:?}")) {
                Outcome::Handled(_) => return Ok(()),
                Outcome::Again { tries: more } => tries = more,
                Outcome::Duplicate => return Err(NotHandled::Duplicate),
                Outcome::Expired => return Err(NotHandled::Expired),
                Outcome::PutOff { error } => return Err(NotHandled::PutOff(error)),
                Outcome::DeadLetter(epitaph) => return Err(NotHandled::DeadLettered(epitaph.reason.to_owned(), epitaph.description)),
            }
        }
    }

    /// Takes what is ready from the outbox; what is for this endpoint itself is handled.
    #[expect(clippy::panic, reason = "this is a tool for tests")]
    fn deliver_to_itself(&mut self) {
        loop {
            let now = self.now();
            let rows = self.read(move |tx| outbox::ready(tx, now, usize::MAX, &[]));
            let early = std::mem::take(&mut *self.steps.surroundings.early.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
            if rows.is_empty() && early.is_empty() {
                return;
            }
            let ids: Vec<i64> = rows.iter().map(|row| row.row).collect();
            self.db.write_blocking(move |tx| outbox::conclude(tx, &ids, &[])).unwrap_or_else(|error| panic!("{error:?}"));
            let messages: VecDeque<OutgoingMessage> = early.into_iter().chain(rows.into_iter().map(|row| row.message)).collect();
            for message in messages {
                self.sent.push(message.clone());
                if self.is_for_itself(&message) {
                    let _ = self.step(&delivered(message));
                }
            }
        }
    }

    fn is_for_itself(&self, message: &OutgoingMessage) -> bool {
        match &message.destination {
            Destination::Queue(name) => name == self.steps.name(),
            Destination::Topic(name) => self.steps.handlers.contains_key(name.as_str()),
        }
    }
}

fn delivered(message: OutgoingMessage) -> Delivery {
    let (lock, lock_duration) = (Lock(Vec::new()), Duration::from_secs(60));
    Delivery { lock, lock_duration, id: message.id, headers: message.headers, body: message.body, delivery_count: 0 }
}

struct StillClock {
    micros: AtomicI64,
}

impl StillClock {
    fn set(&self, now: Timestamp) {
        self.micros.fetch_max(now.as_micros(), Ordering::Relaxed);
    }
}

impl Clock for StillClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.micros.load(Ordering::Relaxed))
    }

    fn monotonic(&self) -> Duration {
        Duration::from_micros(u64::try_from(self.micros.load(Ordering::Relaxed)).unwrap_or(0))
    }

    fn sleep(&self, _duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(std::future::pending())
    }
}

#[derive(Default)]
struct CountedIds {
    count: AtomicU64,
}

impl Ids for CountedIds {
    fn next(&self, now: Timestamp) -> Uuid {
        let mut tail = [0; 10];
        tail[2..].copy_from_slice(&self.count.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        uuid::Builder::from_unix_timestamp_millis(u64::try_from(now.as_millis()).unwrap_or(0), &tail).into_uuid()
    }
}

#[derive(Default)]
struct CountedEntropy {
    count: AtomicU64,
}

impl Entropy for CountedEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        use sha2::{Digest, Sha256};
        for chunk in bytes.chunks_mut(32) {
            let digest = Sha256::digest(self.count.fetch_add(1, Ordering::Relaxed).to_le_bytes());
            chunk.copy_from_slice(&digest[..chunk.len()]);
        }
    }
}

/// No tasks and no network: a step has no use for them.
struct Nowhere;

impl Spawner for Nowhere {
    fn spawn(&self, _name: &str, _task: BoxFuture<'static, ()>) -> BoxFuture<'static, TaskEnd> {
        Box::pin(std::future::ready(TaskEnd::Died("a test endpoint runs no tasks".to_owned())))
    }
}

impl HttpClient for Nowhere {
    fn send(
        &self,
        _request: ::http::Request<bytes::Bytes>,
        _timeout: Duration,
    ) -> BoxFuture<'_, Result<::http::Response<bytes::Bytes>, HttpError>> {
        Box::pin(std::future::ready(Err(HttpError::NotSent)))
    }
}
