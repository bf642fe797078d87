//! External calls as rows: what is to be asked of the outside, written in the same step as everything else, and gone
//! only with the step that records the answer (rules R28 to R31).

use std::any::Any;
use std::fmt::Display;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use hosting::{BoxFuture, Outside, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use storage::{SqlError, Tx, params};

use crate::envelope::Cause;
use crate::{Context, HandlerError, HandlerResult};

/// A request to the outside, stored as JSON until its answer is recorded.
pub trait ExternalCall: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Names the kind of call in its table; never changed.
    const NAME: &'static str;
    /// What the outside answers.
    type Answer: Clone + Send + Sync + 'static;

    /// The system that is asked, as people call it.
    const SYSTEM: &'static str = Self::NAME;
    /// How long one attempt may take.
    const TIMEOUT: Duration = Duration::from_secs(30);
    /// When it is tried again after a failed attempt; after the last delay the failure is recorded.
    const RETRIES: &'static [Duration] = &[Duration::from_secs(1), Duration::from_secs(10), Duration::from_secs(60)];
}

/// How much longer than its time limit an attempt is leased, so that its answer can still be recorded.
pub(crate) const LEASE_BEYOND: Duration = Duration::from_secs(30);

/// What `begin` decided.
#[derive(Debug)]
pub enum Begin<C> {
    /// Call the outside, under this key: the same on every attempt.
    Call {
        /// The key, which the outside gets as its idempotency key.
        key: String,
        /// What to ask.
        request: C,
    },
    /// There is nothing to ask.
    Nothing,
}

/// What a call knows of itself while it is made.
#[derive(Debug, Clone)]
pub struct Call {
    /// Clock, HTTP client and the rest.
    pub outside: Outside,
    key: String,
    attempt: u32,
    previous_unknown: bool,
}

impl Call {
    /// The key: the same on every attempt, also after a crash.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// 1 for the first attempt.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Whether an earlier attempt began and left no record: it may have taken effect.
    #[must_use]
    pub fn previous_unknown(&self) -> bool {
        self.previous_unknown
    }
}

/// How one attempt failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// It certainly took no effect.
    #[error("{0}")]
    Failed(String),
    /// It may have taken effect.
    #[error("the outcome is unknown: {0}")]
    Unknown(String),
    /// It will never work: given up at once.
    #[error("{0}")]
    Refused(String),
    /// It took no effect, and will not before this time has passed.
    #[error("{why}")]
    Later {
        /// How long it is put off instead of the next delay.
        delay: Duration,
        /// What the outside said.
        why: String,
    },
}

/// Handed to `record` when no attempt was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallFailed {
    /// The last attempt's failure.
    pub error: CallError,
    /// How many attempts there were.
    pub attempts: u32,
    /// Whether any attempt may have taken effect.
    pub any_unknown: bool,
}

/// What becomes of a call that no attempt could make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GivenUp {
    /// Its `record` knows what to do about it.
    Recorded,
    /// Nobody does: its row stays, as a dead letter.
    Kept,
}

/// An answer with its type erased: that of the kind of call.
pub(crate) type Answer = Arc<dyn Any + Send + Sync>;
type Run = dyn Fn(Call, &str) -> BoxFuture<'static, Result<Answer, CallError>> + Send + Sync;
type Record = dyn Fn(&mut Context<'_>, &str, Result<Answer, CallFailed>) -> HandlerResult + Send + Sync;

/// One kind of call with its types erased.
#[derive(Clone)]
pub(crate) struct RegisteredCall {
    pub(crate) run: Arc<Run>,
    pub(crate) record: Arc<Record>,
    pub(crate) timeout: Duration,
    pub(crate) retries: &'static [Duration],
    pub(crate) given_up: GivenUp,
}

impl RegisteredCall {
    pub(crate) fn new<C, F>(
        call: impl Fn(Call, C) -> F + Send + Sync + 'static,
        record: impl Fn(&mut Context<'_>, C, Result<C::Answer, CallFailed>) -> HandlerResult + Send + Sync + 'static,
    ) -> Self
    where
        C: ExternalCall,
        F: Future<Output = Result<C::Answer, CallError>> + Send + 'static,
    {
        let run = move |info: Call, request: &str| -> BoxFuture<'static, Result<Answer, CallError>> {
            match decode::<C>(request) {
                Err(error) => Box::pin(async move { Err(CallError::Refused(error.chain())) }),
                Ok(request) => {
                    let answer = call(info, request);
                    Box::pin(async move { answer.await.map(|answer| Arc::new(answer) as Answer) })
                }
            }
        };
        let record = move |ctx: &mut Context<'_>, request: &str, result: Result<Answer, CallFailed>| {
            let result = match result.map(|answer| answer.downcast_ref::<C::Answer>().cloned()) {
                Ok(Some(answer)) => Ok(answer),
                Ok(None) => return Err(HandlerError::permanent(format!("call `{}` was given an answer of another type", C::NAME))),
                Err(failed) => Err(failed),
            };
            record(ctx, decode(request)?, result)
        };
        let given_up = GivenUp::Recorded;
        Self { run: Arc::new(run), record: Arc::new(record), timeout: C::TIMEOUT, retries: C::RETRIES, given_up }
    }

    /// When a call is made again whose attempt of this number failed; never, if it is to be given up.
    pub(crate) fn again_after(&self, attempt: u32, error: &CallError) -> Option<Duration> {
        let next = self.retries.get(usize::try_from(attempt).ok()?.saturating_sub(1)).copied()?;
        match error {
            CallError::Refused(_) => None,
            CallError::Later { delay, .. } => Some(*delay),
            CallError::Failed(_) | CallError::Unknown(_) => Some(next),
        }
    }
}

fn decode<C: ExternalCall>(request: &str) -> Result<C, HandlerError> {
    serde_json::from_str(request)
        .map_err(|error| HandlerError::permanent(format!("the stored request of call `{}` cannot be read", C::NAME)).caused_by(error))
}

/// A call that is due.
#[derive(Debug, Clone)]
pub(crate) struct DueCall {
    pub(crate) row: i64,
    pub(crate) name: String,
    pub(crate) key: String,
    pub(crate) request: String,
    pub(crate) attempt: u32,
    pub(crate) unknown: bool,
    pub(crate) cause: String,
}

impl DueCall {
    pub(crate) fn call(&self, outside: &Outside) -> Call {
        Call { outside: outside.clone(), key: self.key.clone(), attempt: self.attempt, previous_unknown: self.unknown }
    }
}

pub(crate) fn insert(tx: &mut Tx<'_>, name: &str, key: &str, request: &str, due: Timestamp, cause: &Cause) -> Result<(), SqlError> {
    tx.execute(
        "INSERT INTO calls (name, call_key, request, due, attempt, unknown, cause) VALUES ($1, $2, $3, $4, 0, FALSE, $5)
         ON CONFLICT (name, call_key) DO NOTHING",
        params![name, key, request, due, cause.to_text()],
    )?;
    Ok(())
}

/// Up to `max` calls that are due, in order; the attempt counts the one that is to come.
pub(crate) fn due(tx: &mut Tx<'_>, now: Timestamp, max: usize) -> Result<Vec<DueCall>, SqlError> {
    tx.query(
        "SELECT id, name, call_key, request, attempt, unknown, cause FROM calls
         WHERE failure IS NULL AND due <= $1 ORDER BY due, id LIMIT $2",
        params![now, i64::try_from(max).unwrap_or(i64::MAX)],
        |row| {
            Ok(DueCall {
                row: row.get(0)?,
                name: row.get(1)?,
                key: row.get(2)?,
                request: row.get(3)?,
                attempt: row.get::<u32>(4)? + 1,
                unknown: row.get(5)?,
                cause: row.get(6)?,
            })
        },
    )
}

/// Takes up to `max` calls that are due: each counts an attempt, is *started* (an answer that is never recorded makes
/// it unknown), and is leased until `lease`.
pub(crate) fn take(tx: &mut Tx<'_>, now: Timestamp, lease: Timestamp, max: usize) -> Result<Vec<DueCall>, SqlError> {
    let due = due(tx, now, max)?;
    for call in &due {
        tx.execute(
            "UPDATE calls SET attempt = $2, unknown = TRUE, leased = TRUE, due = $3 WHERE id = $1",
            params![call.row, call.attempt, lease],
        )?;
    }
    Ok(due)
}

/// Undoes [`take`] for calls that were not made.
pub(crate) fn give_back(tx: &mut Tx<'_>, now: Timestamp, begun: &[DueCall]) -> Result<(), SqlError> {
    for call in begun {
        tx.execute(
            "UPDATE calls SET attempt = $2 - 1, unknown = $3, leased = FALSE, due = $4 WHERE id = $1 AND attempt = $2",
            params![call.row, call.attempt, call.unknown, now],
        )?;
    }
    Ok(())
}

/// Frees the leases that a killed process left, so that its calls are made again at once. What was put off keeps its time.
pub(crate) fn free_leases(tx: &mut Tx<'_>, now: Timestamp) -> Result<u64, SqlError> {
    tx.execute("UPDATE calls SET leased = FALSE, due = $1 WHERE failure IS NULL AND leased = TRUE AND due > $1", params![now])
}

/// Puts a call off after a failed attempt.
pub(crate) fn put_off(tx: &mut Tx<'_>, row: i64, due: Timestamp, unknown: bool) -> Result<(), SqlError> {
    tx.execute("UPDATE calls SET due = $2, unknown = $3, leased = FALSE WHERE id = $1", params![row, due, unknown])?;
    Ok(())
}

/// Keeps a call that is given up, unless another runner's answer was recorded first.
pub(crate) fn keep(tx: &mut Tx<'_>, row: i64, now: Timestamp, failure: &str) -> Result<(), SqlError> {
    tx.execute("UPDATE calls SET failure = $2, due = $3, leased = FALSE WHERE id = $1", params![row, failure, now])?;
    Ok(())
}

/// A call that was given up.
pub(crate) struct KeptCall {
    pub(crate) row: i64,
    pub(crate) name: String,
    pub(crate) key: String,
    pub(crate) request: String,
    pub(crate) since: Timestamp,
    pub(crate) failure: String,
}

/// Calls behind row `after` that were given up, in order of their writing.
pub(crate) fn kept(tx: &mut Tx<'_>, after: i64, max: usize) -> Result<Vec<KeptCall>, SqlError> {
    tx.query(
        "SELECT id, name, call_key, request, due, failure FROM calls WHERE failure IS NOT NULL AND id > $1 ORDER BY id LIMIT $2",
        params![after, i64::try_from(max).unwrap_or(i64::MAX)],
        |row| {
            Ok(KeptCall {
                row: row.get(0)?,
                name: row.get(1)?,
                key: row.get(2)?,
                request: row.get(3)?,
                since: row.get(4)?,
                failure: row.get(5)?,
            })
        },
    )
}

/// Lets a call be made again that was given up, with all its attempts; whether there was one.
pub(crate) fn revive(tx: &mut Tx<'_>, row: i64, now: Timestamp) -> Result<bool, SqlError> {
    let sql = "UPDATE calls SET failure = NULL, due = $2, attempt = 0 WHERE id = $1 AND failure IS NOT NULL";
    Ok(tx.execute(sql, params![row, now])? == 1)
}

/// Takes the row away for the step that records; `false` if another runner's answer was recorded first (rule R30).
pub(crate) fn finish(tx: &mut Tx<'_>, row: i64) -> Result<bool, SqlError> {
    Ok(tx.execute("DELETE FROM calls WHERE id = $1", params![row])? == 1)
}

pub(crate) fn next_due(tx: &mut Tx<'_>) -> Result<Option<Timestamp>, SqlError> {
    tx.query_one("SELECT min(due) FROM calls WHERE failure IS NULL", params![], |row| row.get(0))
}

/// The key of a call, for people.
pub(crate) fn describe(name: &str, key: impl Display) -> String {
    format!("{name} {key}")
}
