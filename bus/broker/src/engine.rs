//! The loop that owns the core: it waits for operations, for messages given back, or for a moment; takes what has come
//! together since; applies it; writes it once; and only then answers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use broker_core::{Core, Lock, Now, Time};
use hosting::{Condition, Either, Outside, race};
use storage::Database;
use tokio::sync::{mpsc, watch};
use uuid::Uuid;

use crate::cache::Cache;
use crate::error::BrokerError;
use crate::message::Settlement;
use crate::operation::Operation;
use crate::receivers::Receivers;
use crate::settings::BrokerSettings;
use crate::store::{Loaded, Store};
use crate::turn::Pending;

/// The longest sleep while something waits for the wall clock: it may have jumped meanwhile.
const WALL_SLEEP_MAX: Duration = Duration::from_secs(60);

/// Everything the loop has.
pub(crate) struct Engine {
    pub(crate) outside: Outside,
    pub(crate) settings: BrokerSettings,
    pub(crate) store: Store,
    pub(crate) core: Core,
    pub(crate) write_number: u64,
    pub(crate) cache: Cache,
    pub(crate) receivers: Receivers,
    /// What the next write stores and who waits for it.
    pub(crate) pending: Pending,
    /// Settlements that were answered and are not stored yet.
    pub(crate) answered: BTreeMap<Uuid, (Lock, Settlement)>,
    /// Until when, on the steady clock, nothing is written that nobody waits for.
    pub(crate) back_off_until: Option<Time>,
    pub(crate) give_back: mpsc::UnboundedSender<Vec<Uuid>>,
    pub(crate) status: Status,
    /// The store was closed under the loop.
    pub(crate) closed: bool,
    operations: mpsc::Receiver<Operation>,
    given_back: mpsc::UnboundedReceiver<Vec<Uuid>>,
}

/// What woke the loop.
enum Wake {
    Operation(Option<Operation>),
    GivenBack(Option<Vec<Uuid>>),
    Moment,
}

impl Engine {
    pub(crate) async fn load(
        outside: &Outside,
        db: Database,
        settings: BrokerSettings,
        operations: mpsc::Receiver<Operation>,
        status: Status,
    ) -> Result<Self, BrokerError> {
        let store = Store::new(db);
        let now = Time::from_micros(outside.clock.now().as_micros());
        let Loaded { core, write_number, orphans } = store.load(now, Vec::new()).await.map_err(BrokerError::Store)?;
        if orphans > 0 {
            return Err(BrokerError::Orphans { rows: orphans });
        }
        let (give_back, given_back) = mpsc::unbounded_channel();
        Ok(Self {
            outside: outside.clone(),
            cache: Cache::new(settings.cache_bytes_max),
            settings,
            store,
            core,
            write_number,
            receivers: Receivers::default(),
            pending: Pending::default(),
            answered: BTreeMap::new(),
            back_off_until: None,
            give_back,
            status,
            closed: false,
            operations,
            given_back,
        })
    }

    pub(crate) async fn run(mut self) {
        let ending = Ending { status: self.status.clone(), reason: "the broker's loop died" };
        loop {
            match self.wait().await {
                Wake::Operation(None) => break,
                Wake::Operation(Some(first)) => self.take(first),
                Wake::GivenBack(tokens) => self.release(tokens.unwrap_or_default()),
                Wake::Moment => {}
            }
            self.turn().await;
            if self.closed {
                return ending.told("its store was closed");
            }
            others_first().await;
        }
        self.finish().await;
        ending.told("told to stop");
    }

    /// Everything that was accepted is stored, what was given back too. Who still waits for messages gets none.
    async fn finish(&mut self) {
        self.receivers = Receivers::default();
        while let Ok(tokens) = self.given_back.try_recv() {
            self.release(tokens);
        }
        self.pending.urgent |= self.core.has_changes();
        self.turn().await;
    }

    async fn wait(&mut self) -> Wake {
        let sleep = self.next_moment().map(|after| self.outside.clock.sleep(after));
        let moment = async {
            match sleep {
                Some(sleep) => sleep.await,
                None => std::future::pending().await,
            }
        };
        match race(race(self.operations.recv(), self.given_back.recv()), moment).await {
            Either::First(Either::First(operation)) => Wake::Operation(operation),
            Either::First(Either::Second(tokens)) => Wake::GivenBack(tokens),
            Either::Second(()) => Wake::Moment,
        }
    }

    /// Takes what has come together, up to the limits of one write.
    fn take(&mut self, first: Operation) {
        let now = self.now();
        self.core.advance(now);
        let (mut count, mut bytes) = (0, 0);
        let mut next = Some(first);
        while let Some(operation) = next {
            count += 1;
            bytes += operation.bytes();
            match operation {
                Operation::Stop => self.operations.close(),
                other => self.apply(now, other),
            }
            let full = count >= self.settings.write_operations_max || bytes >= self.settings.write_bytes_max;
            next = if full { None } else { self.operations.try_recv().ok() };
        }
        while let Ok(tokens) = self.given_back.try_recv() {
            self.release(tokens);
        }
    }

    /// One turn: serves those who wait, writes if it is time to, answers those who only look.
    async fn turn(&mut self) {
        let held_back = self.step().await;
        if held_back && self.back_off_until.is_none() {
            // The store works again: those who were held back need not wait for the next turn.
            self.step().await;
        }
        self.look().await;
    }

    /// Lets time pass, serves, writes. Answers whether receivers were held back because the store had failed.
    async fn step(&mut self) -> bool {
        let now = self.now();
        self.core.advance(now);
        if self.back_off_until.is_some_and(|until| until <= now.steady) {
            self.back_off_until = None;
        }
        let held_back = self.back_off_until.is_some();
        if !held_back {
            self.serve(now);
        }
        if self.pending.urgent || self.late(now) {
            self.write().await;
        } else if self.core.has_changes() && self.pending.since.is_none() {
            self.pending.since = Some(now.steady);
        }
        held_back
    }

    /// Whether what nobody waits for has waited long enough.
    fn late(&self, now: Now) -> bool {
        let latest = self.pending.since.map(|since| since.plus(self.settings.settle_within));
        self.back_off_until.is_none() && latest.is_some_and(|latest| latest <= now.steady)
    }

    /// How long to sleep if nothing else happens; nothing: as long as that takes.
    fn next_moment(&self) -> Option<Duration> {
        let now = self.now();
        let deadlines = self.core.next_deadline();
        let latest = self.pending.since.map(|since| since.plus(self.settings.settle_within));
        let steady = [deadlines.steady, self.back_off_until.or(latest)].into_iter().flatten().min();
        let steady = steady.map(|at| between(now.steady, at));
        let wall = deadlines.wall.map(|at| between(now.wall, at).min(WALL_SLEEP_MAX));
        [steady, wall].into_iter().flatten().min()
    }

    pub(crate) fn now(&self) -> Now {
        let steady = i64::try_from(self.outside.clock.monotonic().as_micros()).unwrap_or(i64::MAX);
        Now { wall: Time::from_micros(self.outside.clock.now().as_micros()), steady: Time::from_micros(steady) }
    }
}

/// Lets tasks that are ready go first: those who were just answered may have more to ask, which then shares the next write
/// instead of waiting for the one after it.
async fn others_first() {
    let mut gone = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut gone, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

fn between(from: Time, to: Time) -> Duration {
    Duration::from_micros(u64::try_from(to.as_micros().saturating_sub(from.as_micros())).unwrap_or(0))
}

/// How the loop is, for all handles.
#[derive(Debug, Clone)]
pub(crate) struct Status {
    condition: Arc<Mutex<Condition>>,
    ended: watch::Sender<bool>,
}

impl Default for Status {
    fn default() -> Self {
        Self { condition: Arc::new(Mutex::new(Condition::Starting)), ended: watch::Sender::new(false) }
    }
}

impl Status {
    pub(crate) fn set(&self, condition: Condition) {
        *self.condition.lock().unwrap_or_else(PoisonError::into_inner) = condition;
    }

    pub(crate) fn get(&self) -> Condition {
        self.condition.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) async fn ended(&self) {
        // This very handle keeps the sender, so the channel cannot be closed.
        let _ = self.ended.subscribe().wait_for(|ended| *ended).await;
    }
}

/// Tells how the loop ended, also if it panicked or was dropped.
struct Ending {
    status: Status,
    reason: &'static str,
}

impl Ending {
    fn told(mut self, reason: &'static str) {
        self.reason = reason;
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.status.set(Condition::Stopped { reason: self.reason.to_owned() });
        self.status.ended.send_replace(true);
    }
}
