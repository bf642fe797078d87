//! Which messages of some kinds are on the way: written by an endpoint and not yet handled, as far as one endpoint can see
//! them. For people who ask why a copy is behind.

use hosting::Timestamp;
use serde::Serialize;
use storage::{ReadError, SqlError, Tx, params};

use crate::dead_letters::LetterError;
use crate::{Headers, Service, Source, envelope};

/// How many messages are looked at in each place; the oldest come first.
const LOOKED_AT_MAX: usize = 1_000;

/// Where a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// In the endpoint's outbox: not sent yet, or put off to be tried again.
    Outbox,
    /// In the endpoint's queue: sent, and not yet handled.
    Queue,
    /// Given up: among the endpoint's dead letters, or never to be sent. It arrives when a person has it tried again.
    GivenUp,
}

/// A message on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OnTheWay {
    /// Where it is.
    pub place: Place,
    /// When it was made, by its sender's clock.
    pub made: Option<Timestamp>,
}

/// The messages of these names in the endpoint's outbox, queue and dead letters; of very many, the oldest.
///
/// # Errors
/// Those of transport and database.
pub async fn look(service: &Service, names: &'static [&'static str]) -> Result<Vec<OnTheWay>, LetterError> {
    let found = service.read(move |tx| outbox(tx, names)).await;
    let mut found =
        found.map_err(|error: ReadError<SqlError>| LetterError::Database { endpoint: service.name(), why: error.to_string() })?;
    let queue = service.name().to_owned();
    for (source, place) in [(Source::Queue(queue.clone()), Place::Queue), (Source::DeadLetters(queue), Place::GivenUp)] {
        let browsed = service.inner.transport.browse(&source, 0, LOOKED_AT_MAX).await?;
        let is_named = |headers: &Headers| headers.get(envelope::TYPE).is_some_and(|kind| names.contains(&kind.as_str()));
        let these = browsed.iter().filter(|message| is_named(&message.headers));
        found.extend(these.map(|message| OnTheWay { place, made: made(&message.headers) }));
    }
    Ok(found)
}

fn made(headers: &Headers) -> Option<Timestamp> {
    headers.get(envelope::TIME).and_then(|time| time.parse().ok())
}

fn outbox(tx: &mut Tx<'_>, names: &[&str]) -> Result<Vec<OnTheWay>, SqlError> {
    let mut found = Vec::new();
    for name in names {
        let sql = "SELECT headers, failure IS NOT NULL FROM outbox WHERE headers LIKE $1 ORDER BY id LIMIT $2";
        let max = i64::try_from(LOOKED_AT_MAX).unwrap_or(i64::MAX);
        let rows = tx.query(sql, params![format!("%\"type\":\"{name}\"%"), max], |row| {
            let headers: Headers = serde_json::from_str(&row.get::<String>(0)?).unwrap_or_default();
            let place = if row.get::<bool>(1)? { Place::GivenUp } else { Place::Outbox };
            Ok(OnTheWay { place, made: made(&headers) })
        })?;
        found.extend(rows);
    }
    Ok(found)
}

/// How far a reader of a feed is behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReaderBehind {
    /// The feed.
    pub feed: String,
    /// Who reads it.
    pub reader: String,
    /// Entries that it has read, or that are out of retention.
    pub read: u64,
    /// Entries that it has not asked for yet.
    pub entries: u64,
    /// When the oldest of them was told.
    pub since: Option<Timestamp>,
}

/// All readers of the feeds that an endpoint keeps, by what they last asked for.
///
/// # Errors
/// Those of the database.
pub fn readers(tx: &mut Tx<'_>) -> Result<Vec<ReaderBehind>, SqlError> {
    let sql = "SELECT r.feed, r.reader, r.position, f.last_position - r.position,
                      (SELECT min(e.at) FROM feed_entries e WHERE e.feed = r.feed AND e.position = r.position + 1)
               FROM feed_readers r JOIN feeds f ON f.feed = r.feed ORDER BY r.feed, r.reader";
    tx.query(sql, params![], |row| {
        Ok(ReaderBehind { feed: row.get(0)?, reader: row.get(1)?, read: row.get(2)?, entries: row.get(3)?, since: row.get(4)? })
    })
}
