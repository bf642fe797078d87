//! The real world, and the only file that touches it: the machine's clocks and randomness, tokio's tasks and timers.
#![expect(clippy::disallowed_methods, reason = "this is the one place where the outside world is let in")]

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use uuid::Uuid;

use crate::{BoxFuture, Clock, Entropy, HttpClient, Ids, Outside, Protections, Spawner, TaskEnd, Timestamp};

/// The machine's clocks and tokio's timer.
#[derive(Debug)]
pub struct RealClock {
    began: Instant,
}

impl Default for RealClock {
    fn default() -> Self {
        Self { began: Instant::now() }
    }
}

impl Clock for RealClock {
    fn now(&self) -> Timestamp {
        let micros = match SystemTime::now().duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_micros()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_micros()).map_or(i64::MIN, |micros| -micros),
        };
        Timestamp::from_micros(micros)
    }

    fn monotonic(&self) -> Duration {
        self.began.elapsed()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// The operating system's randomness.
#[derive(Debug, Default)]
pub struct RealEntropy;

impl Entropy for RealEntropy {
    /// # Panics
    /// If the operating system has no randomness to give: no secret can be made then, and none must be guessed.
    #[expect(clippy::expect_used, reason = "going on without randomness would make secrets guessable")]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system gives random bytes");
    }
}

/// Version 7 ids that never sort before an earlier one of this process, also when the wall clock jumps back.
#[derive(Debug, Default)]
struct RealIds {
    last: Mutex<u128>,
}

impl Ids for RealIds {
    fn next(&self, now: Timestamp) -> Uuid {
        let millis = u64::try_from(now.as_millis()).unwrap_or(0);
        let mut tail = [0; 10];
        RealEntropy.fill(&mut tail);
        let fresh = uuid::Builder::from_unix_timestamp_millis(millis, &tail).into_uuid().as_u128();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = if fresh > *last { fresh } else { *last + 1 };
        Uuid::from_u128(*last)
    }
}

/// Tasks on a tokio runtime.
#[derive(Debug, Clone)]
pub struct TokioSpawner {
    runtime: tokio::runtime::Handle,
}

impl TokioSpawner {
    /// Spawns on `runtime`.
    #[must_use]
    pub fn new(runtime: tokio::runtime::Handle) -> Self {
        Self { runtime }
    }
}

impl Spawner for TokioSpawner {
    fn spawn(&self, _name: &str, task: BoxFuture<'static, ()>) -> BoxFuture<'static, TaskEnd> {
        let joined = self.runtime.spawn(task);
        Box::pin(async move {
            match joined.await {
                Ok(()) => TaskEnd::Done,
                Err(error) => TaskEnd::Died(error.to_string()),
            }
        })
    }
}

/// The real world with everything in force; requests go out through `http`.
#[must_use]
pub fn real_outside(runtime: tokio::runtime::Handle, http: Arc<dyn HttpClient>) -> Outside {
    Outside {
        clock: Arc::new(RealClock::default()),
        ids: Arc::new(RealIds::default()),
        entropy: Arc::new(RealEntropy),
        spawner: Arc::new(TokioSpawner::new(runtime)),
        http,
        protections: Protections::all_on(),
    }
}
