//! What an endpoint has under way, read from outside in one transaction.

use hosting::Timestamp;
use serde::Serialize;
use storage::{SqlError, Tx, params};

use crate::feed::{self, FeedEntry};

/// What keeps an endpoint from being at rest, and what went wrong for good.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct EndpointFacts {
    /// Messages that are due and not sent yet.
    pub ready: u64,
    /// Messages that failed and come again later (rule R15).
    pub delayed_retries: u64,
    /// External calls without a recorded answer.
    pub calls: u64,
    /// Messages that can never be sent, with the reason: dead letters that did not leave (rule R11).
    pub never_sent: Vec<String>,
    /// Calls that were given up and kept, with the reason: dead letters too.
    pub given_up: Vec<String>,
}

impl EndpointFacts {
    /// Whether nothing is under way. What is due later does not count.
    #[must_use]
    pub fn is_at_rest(&self) -> bool {
        self.ready == 0 && self.delayed_retries == 0 && self.calls == 0
    }
}

/// Reads the facts as of `now`.
///
/// # Errors
/// Those of the database.
pub fn read(tx: &mut Tx<'_>, now: Timestamp) -> Result<EndpointFacts, SqlError> {
    let ready = tx.query_one("SELECT count(*) FROM outbox WHERE failure IS NULL AND due <= $1", params![now], |row| row.get(0))?;
    // A timeout that was sent to oneself and failed also has a round; only the round tells a retry from a timeout.
    let delayed_retries = tx.query_one(
        "SELECT count(*) FROM outbox WHERE failure IS NULL AND due > $1 AND headers LIKE '%\"retryround\":%'",
        params![now],
        |row| row.get(0),
    )?;
    let calls = tx.query_one("SELECT count(*) FROM calls WHERE failure IS NULL", params![], |row| row.get(0))?;
    let failures = |tx: &mut Tx<'_>, table: &str| {
        tx.query(&format!("SELECT failure FROM {table} WHERE failure IS NOT NULL ORDER BY id"), params![], |row| row.get(0))
    };
    Ok(EndpointFacts { ready, delayed_retries, calls, never_sent: failures(tx, "outbox")?, given_up: failures(tx, "calls")? })
}

/// How many entries a feed of this endpoint ever had, those that are out of retention included.
///
/// # Errors
/// Those of the database.
pub fn told(tx: &mut Tx<'_>, feed: &str) -> Result<u64, SqlError> {
    Ok(feed::extent(tx, feed)?.map_or(0, |extent| extent.last))
}

/// What `pick` takes of each entry that a feed ever had, in order; nothing once some of them are out of retention. One that
/// cannot be read as `F` is left out. Entries are not kept while they are gone through: a feed may have millions.
///
/// # Errors
/// Those of the database.
pub fn all_told<F: FeedEntry, T>(tx: &mut Tx<'_>, pick: impl Fn(F) -> T) -> Result<Option<Vec<T>>, SqlError> {
    if feed::extent(tx, F::FEED)?.is_some_and(|extent| extent.oldest > 1) {
        return Ok(None);
    }
    let picked = feed::stored(tx, F::FEED, |body| serde_json::from_str(&body).ok().map(&pick))?;
    Ok(Some(picked.into_iter().flatten().collect()))
}
