//! What a publisher answers: pages of a feed with long polling, and how far behind each reader is.

use std::time::Duration;

use hosting::{Timestamp, race};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use storage::{Durability, SqlError};
use uuid::Uuid;

use super::entries::{self, Astray, Extent, Found};
use super::{Cursor, FeedEntry};
use crate::Service;
use crate::http::Problem;

const MAX_DEFAULT: u32 = 100;
/// The most entries of one page.
const MAX_LIMIT: u32 = 1_000;
/// The longest that a reader may ask to wait: less than the 30 seconds after which many servers and proxies give up.
const WAIT_LIMIT: Duration = Duration::from_secs(25);
const READER_CHARS_MAX: usize = 64;
/// Without any sign, a waiting reader looks this often: entries may come from another replica.
const LOOK_AT_LEAST: Duration = Duration::from_secs(5);

/// What a reader asks for: the query of a feed's URL.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedQuery {
    /// `next` of the page before; without it, from the oldest entry.
    pub after: Option<String>,
    /// Entries at most: 1 to 1,000, 100 unless said.
    pub max: Option<u32>,
    /// How long to wait for an entry when there is none: `20s` or `500ms`, at most 25 seconds; not at all unless said.
    pub wait: Option<String>,
    /// The reader's name, under which the publisher shows how far it is: 1 to 64 characters `a-z`, `0-9`, `-`.
    pub reader: Option<String>,
}

/// A page of a feed.
#[derive(Debug, Serialize, Deserialize)]
pub struct FeedPage {
    /// In the order of their commits.
    pub entries: Vec<PublishedEntry>,
    /// Where to read on; none while the feed never had an entry.
    pub next: Option<String>,
    /// Whether there is more by now.
    pub more: bool,
}

/// An entry of a feed as it is sent.
#[derive(Debug, Serialize, Deserialize)]
pub struct PublishedEntry {
    /// Its place: reading after it gives the next.
    pub cursor: String,
    /// When it was told.
    pub time: Timestamp,
    /// The version of its shape.
    pub version: u16,
    /// What is told.
    pub data: Box<RawValue>,
}

/// A feed, and who reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FeedOverview {
    /// Its name.
    pub feed: &'static str,
    /// Entries that are kept.
    pub entries: u64,
    /// In order of name.
    pub readers: Vec<ReaderOverview>,
}

/// How far a reader is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReaderOverview {
    /// Its name.
    pub reader: String,
    /// Up to where it has read.
    pub cursor: String,
    /// Entries that it has still to read.
    pub behind: u64,
    /// When it last asked.
    pub asked: Timestamp,
}

struct Asked {
    after: Option<Cursor>,
    max: u32,
    wait: Duration,
    reader: Option<String>,
}

impl Service {
    /// A page of a feed that this endpoint keeps (rules R33 and R34). With `wait` it waits for an entry if there is none.
    ///
    /// # Errors
    /// 400 for a query that makes no sense; 410 with the `oldest` cursor for one that is out of retention or of another
    /// epoch (rule R36); 503 while storage is in trouble.
    pub async fn feed<F: FeedEntry>(&self, query: FeedQuery) -> Result<FeedPage, Problem> {
        let asked = check(query)?;
        self.note_reader(F::FEED, &asked).await;
        let clock = &self.inner.outside.clock;
        let until = clock.monotonic() + asked.wait;
        loop {
            // Registered before looking: what is committed after the look wakes it.
            let mut committed = std::pin::pin!(self.inner.appended.notified());
            committed.as_mut().enable();
            let (after, max) = (asked.after, asked.max);
            match self.read(move |tx| entries::page(tx, F::FEED, after, max)).await? {
                Err((astray, extent)) => return Err(self.gone(F::FEED, after, astray, extent).await),
                Ok(found) => {
                    let left = until.saturating_sub(clock.monotonic());
                    if !found.entries.is_empty() || left.is_zero() || self.inner.stopping.is_stopped() {
                        return page(found, asked.after);
                    }
                    let sign = race(self.inner.stopping.stopped(), committed);
                    let _ = race(sign, clock.sleep(left.min(LOOK_AT_LEAST))).await;
                }
            }
        }
    }

    /// The feeds that this endpoint keeps, and who reads them.
    ///
    /// # Errors
    /// 503 while storage is in trouble.
    pub async fn feeds(&self) -> Result<Vec<FeedOverview>, Problem> {
        let names: Vec<&'static str> = self.declaration().feeds.iter().copied().collect();
        let read = move |tx: &mut storage::Tx<'_>| names.into_iter().map(|feed| overview(tx, feed)).collect::<Result<Vec<_>, SqlError>>();
        Ok(self.read(read).await?)
    }

    /// Bookkeeping for people: that it fails keeps nobody from reading.
    async fn note_reader(&self, feed: &'static str, asked: &Asked) {
        let (Some(reader), Some(after)) = (asked.reader.clone(), asked.after) else { return };
        let now = self.now();
        let note = move |tx: &mut storage::Tx<'_>| match entries::extent(tx, feed)? {
            Some(extent) if extent.holds(after).is_ok() => entries::note_reader(tx, feed, &reader, after.position, now),
            _ => Ok(()),
        };
        if let Err(error) = self.inner.db.write_with(Durability::Unsynced, note).await {
            tracing::debug!(feed, %error, "where a reader is could not be noted");
        }
    }

    /// A reader that knows more of this epoch than this database has: the database was restored from a backup. From now
    /// on every cursor from before that is told so, also when new entries have filled the gap.
    async fn gone(&self, feed: &'static str, after: Option<Cursor>, astray: Astray, extent: Extent) -> Problem {
        let mut extent = extent;
        if astray == Astray::OtherEpoch && after.is_some_and(|after| after.epoch == extent.epoch) {
            let epoch = self.inner.outside.entropy.secret();
            tracing::warn!(feed, "a reader is ahead of this database, which must be older than it: the feed begins a new epoch");
            if let Err(error) = self.inner.db.write(move |tx| entries::renew_epoch(tx, feed, epoch)).await {
                tracing::error!(%error, feed, "the epoch of the feed could not be renewed");
                return Problem::unavailable(
                    "storage-unavailable",
                    1,
                    "the feed has to begin a new epoch, and its storage is in trouble; try again",
                );
            }
            extent.epoch = epoch;
        }
        let (kind, why) = match astray {
            Astray::OtherEpoch => ("feed-epoch-changed", "the cursor is of another epoch: this feed was restored from a backup"),
            Astray::TooOld => ("feed-cursor-expired", "what follows the cursor is out of retention"),
        };
        let oldest = (extent.epoch != Uuid::nil()).then(|| extent.beginning().to_string());
        let read_on = match &oldest {
            Some(oldest) => format!("read on after `{oldest}`, the oldest"),
            None => "read on without a cursor".to_owned(),
        };
        Problem::new(StatusCode::GONE, kind, format!("{why}; {read_on}, and mind what is missing")).with("oldest", oldest)
    }
}

fn page(found: Found, after: Option<Cursor>) -> Result<FeedPage, Problem> {
    let Some(extent) = found.extent else { return Ok(FeedPage { entries: Vec::new(), next: None, more: false }) };
    let at = |position| Cursor { epoch: extent.epoch, position };
    let last = found.entries.last().map_or(after.unwrap_or_else(|| extent.beginning()), |entry| at(entry.position));
    let published = found.entries.into_iter().map(|entry| {
        let data = RawValue::from_string(entry.body).map_err(|error| {
            tracing::error!(%error, position = entry.position, "a stored entry is no JSON");
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal-error", "a stored entry cannot be read; see the service's log")
        })?;
        Ok(PublishedEntry { cursor: at(entry.position).to_string(), time: entry.at, version: entry.version, data })
    });
    Ok(FeedPage { entries: published.collect::<Result<_, Problem>>()?, next: Some(last.to_string()), more: last.position < extent.last })
}

fn overview(tx: &mut storage::Tx<'_>, feed: &'static str) -> Result<FeedOverview, SqlError> {
    let Some(extent) = entries::extent(tx, feed)? else { return Ok(FeedOverview { feed, entries: 0, readers: Vec::new() }) };
    let readers = entries::readers(tx, feed)?.into_iter().map(|(reader, position, asked)| ReaderOverview {
        reader,
        cursor: Cursor { epoch: extent.epoch, position }.to_string(),
        behind: extent.last.saturating_sub(position),
        asked,
    });
    Ok(FeedOverview { feed, entries: extent.last + 1 - extent.oldest, readers: readers.collect() })
}

fn check(query: FeedQuery) -> Result<Asked, Problem> {
    let after = query.after.map(|text| text.parse::<Cursor>()).transpose();
    let after = after.map_err(|error| Problem::bad_request(format!("`after`: {error}")))?;
    let max = query.max.unwrap_or(MAX_DEFAULT);
    if !(1..=MAX_LIMIT).contains(&max) {
        return Err(Problem::bad_request(format!("`max` must be 1 to {MAX_LIMIT}; it is {max}")));
    }
    let wait = query.wait.map_or(Ok(Duration::ZERO), |text| duration(&text))?;
    if let Some(reader) = &query.reader
        && (!(1..=READER_CHARS_MAX).contains(&reader.len()) || !reader.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-')))
    {
        return Err(Problem::bad_request(format!("`reader` must have 1 to {READER_CHARS_MAX} characters a-z, 0-9 or -")));
    }
    Ok(Asked { after, max, wait, reader: query.reader })
}

fn duration(text: &str) -> Result<Duration, Problem> {
    let number = |digits: &str| digits.parse::<u64>().ok();
    let read = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
        (Some(digits), _) => number(digits).map(Duration::from_millis),
        (None, Some(digits)) => number(digits).map(Duration::from_secs),
        (None, None) => None,
    };
    read.filter(|wait| *wait <= WAIT_LIMIT).ok_or_else(|| {
        Problem::bad_request(format!("`wait` must be such as `20s` or `500ms`, at most {} s; it is `{text}`", WAIT_LIMIT.as_secs()))
    })
}
