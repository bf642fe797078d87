//! The outside world as handed-in parts. Code above this crate reads no clock, makes no id, draws no random number,
//! spawns no task and opens no connection but through these.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use uuid::Uuid;

use crate::Timestamp;

/// A future that owns what it needs, or borrows for `'a`.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Reads the time and waits.
pub trait Clock: Send + Sync {
    /// The wall clock. May jump, both ways.
    fn now(&self) -> Timestamp;
    /// Time since some fixed moment; never goes back. For durations: locks, leases, back-off.
    fn monotonic(&self) -> Duration;
    /// Ends after `duration` by the monotonic clock.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
}

/// Makes ids.
pub trait Ids: Send + Sync {
    /// A fresh UUID, version 7 (RFC 9562): unique, and later ones sort after earlier ones.
    fn next(&self, now: Timestamp) -> Uuid;
}

/// Draws unguessable bits: secrets, ticket codes, jitter.
pub trait Entropy: Send + Sync {
    /// Fills the whole of `bytes`.
    fn fill(&self, bytes: &mut [u8]);

    /// A number below `bound`; 0 if `bound` is 0. The bias of the remainder is below 2⁻³² for bounds below 2³².
    fn below(&self, bound: u64) -> u64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        u64::from_le_bytes(bytes).checked_rem(bound).unwrap_or(0)
    }

    /// A 128-bit secret as a version 4 UUID (122 random bits).
    fn secret(&self) -> Uuid {
        let mut bytes = [0; 16];
        self.fill(&mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }
}

/// Runs tasks.
pub trait Spawner: Send + Sync {
    /// Starts `task`; the answer ends when the task has ended, however it ended (also by panic).
    fn spawn(&self, name: &str, task: BoxFuture<'static, ()>) -> BoxFuture<'static, TaskEnd>;
}

/// How a spawned task ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskEnd {
    /// It returned.
    Done,
    /// It panicked, with this text; or its runtime is gone.
    Died(String),
}

/// Why a request has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// It never reached the other side: trying again is free.
    #[error("the request could not be sent")]
    NotSent,
    /// It may have been carried out: the answer was lost or came too late.
    #[error("the answer was lost: the request may have been carried out")]
    ReplyLost,
}

/// Calls other processes, or routers in this one.
pub trait HttpClient: Send + Sync {
    /// Sends `request` (absolute URL) and collects the whole answer, within `timeout`.
    fn send(&self, request: http::Request<Bytes>, timeout: Duration) -> BoxFuture<'_, Result<http::Response<Bytes>, HttpError>>;
}

/// Safeguards that a simulation may switch off, by name, to show what each is for. Outside a simulation all are on.
#[derive(Debug, Clone, Default)]
pub struct Protections {
    off: BTreeSet<String>,
}

impl Protections {
    /// Every safeguard in force; the only value that a real process builds.
    #[must_use]
    pub fn all_on() -> Self {
        Self::default()
    }

    /// All but `name`. For simulations alone: clippy forbids it elsewhere.
    #[must_use]
    pub fn without(name: &str) -> Self {
        Self { off: BTreeSet::from([name.to_owned()]) }
    }

    /// Whether the safeguard is in force.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        !self.off.contains(name)
    }
}

/// The outside world, handed to whatever needs it. Cheap to clone.
#[derive(Clone)]
pub struct Outside {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Ids.
    pub ids: Arc<dyn Ids>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Tasks.
    pub spawner: Arc<dyn Spawner>,
    /// Requests to other processes.
    pub http: Arc<dyn HttpClient>,
    /// Safeguards in force.
    pub protections: Protections,
}

impl std::fmt::Debug for Outside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outside").field("protections", &self.protections).finish_non_exhaustive()
    }
}

/// Which of two futures ended first.
#[derive(Debug)]
pub enum Either<A, B> {
    /// The first did (also when both were ready).
    First(A),
    /// The second did.
    Second(B),
}

/// Waits for the first of two futures, the first one preferred, and drops the other. Deterministic, unlike a fair
/// select.
pub async fn race<A, B>(first: impl Future<Output = A>, second: impl Future<Output = B>) -> Either<A, B> {
    let mut first = std::pin::pin!(first);
    let mut second = std::pin::pin!(second);
    std::future::poll_fn(|context| {
        if let Poll::Ready(value) = first.as_mut().poll(context) {
            return Poll::Ready(Either::First(value));
        }
        second.as_mut().poll(context).map(Either::Second)
    })
    .await
}

/// Waits until all of them have ended, and answers what they did in their order.
pub async fn all<T>(futures: Vec<BoxFuture<'_, T>>) -> Vec<T> {
    let mut under_way: Vec<(BoxFuture<'_, T>, Option<T>)> = futures.into_iter().map(|future| (future, None)).collect();
    std::future::poll_fn(move |context| {
        for (future, ended) in under_way.iter_mut().filter(|(_, ended)| ended.is_none()) {
            if let Poll::Ready(value) = future.as_mut().poll(context) {
                *ended = Some(value);
            }
        }
        if under_way.iter().any(|(_, ended)| ended.is_none()) {
            return Poll::Pending;
        }
        Poll::Ready(under_way.drain(..).filter_map(|(_, ended)| ended).collect())
    })
    .await
}
