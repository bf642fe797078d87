//! The reader's step: what entries teach, and the cursor after them, in one transaction (rule R35). Synchronous, like
//! all steps.

use std::sync::Arc;

use hosting::Timestamp;
use storage::{SqlError, Tx, params};

use super::publish::PublishedEntry;
use super::{FeedEntry, FeedSource};
use crate::context::Surroundings;
use crate::envelope::Cause;
use crate::{Context, HandlerError, HandlerResult, step};

/// An entry as its reader gets it.
#[derive(Debug, Clone)]
pub struct Entry<F> {
    /// When it was told, by the publisher's clock.
    pub time: Timestamp,
    /// What was told.
    pub data: F,
}

/// Why a reader cannot read on where it was (rule R36).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restart {
    /// The publisher was restored from a backup: everything that is still in the feed comes once more.
    NewEpoch,
    /// The reader was away longer than the feed keeps its entries: it goes on at the oldest, and some are missing.
    EntriesMissed,
}

type Handle = dyn Fn(&mut Context<'_>, &PublishedEntry) -> HandlerResult + Send + Sync;
type Begin = dyn Fn(&mut Context<'_>, Restart) -> HandlerResult + Send + Sync;

/// A feed that an endpoint reads, with its types erased.
#[derive(Clone)]
pub(crate) struct RegisteredFeed {
    pub(crate) feed: &'static str,
    pub(crate) endpoint: &'static str,
    pub(crate) source: FeedSource,
    handle: Arc<Handle>,
    restart: Arc<Begin>,
}

/// What a reading step came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Learnt {
    /// All entries were taken in; that many messages are ready to be sent because of them.
    All { ready: u64 },
    /// Somebody else has read on from the same place: what was fetched is known already.
    Known,
    /// The entry after this many failed, for this reason; what came before it is taken in.
    Stuck { taken: usize, ready: u64, why: String },
}

impl Learnt {
    /// How many messages are ready to be sent because of it.
    pub(crate) fn ready(&self) -> u64 {
        match self {
            Self::All { ready } | Self::Stuck { ready, .. } => *ready,
            Self::Known => 0,
        }
    }
}

impl RegisteredFeed {
    pub(crate) fn new<F: FeedEntry>(
        source: FeedSource,
        handle: impl Fn(&mut Context<'_>, Entry<F>) -> HandlerResult + Send + Sync + 'static,
        restart: impl Fn(&mut Context<'_>, Restart) -> HandlerResult + Send + Sync + 'static,
    ) -> Self {
        let handle = move |ctx: &mut Context<'_>, published: &PublishedEntry| {
            let data = serde_json::from_str(published.data.get()).map_err(|error| {
                let what = format!("the entry is no `{}` of version {} (it says {})", F::FEED, F::VERSION, published.version);
                HandlerError::permanent(what).caused_by(error)
            })?;
            handle(ctx, Entry { time: published.time, data })
        };
        Self { feed: F::FEED, endpoint: F::ENDPOINT, source, handle: Arc::new(handle), restart: Arc::new(restart) }
    }

    /// Its key among the cursors, which is also its path on the network.
    pub(crate) fn name(&self) -> String {
        format!("{}/feeds/{}", self.endpoint, self.feed)
    }

    /// Takes in entries that were fetched from `from`, in order, and moves the cursor behind the last one that could be
    /// taken in.
    pub(crate) fn learn(
        &self,
        tx: &mut Tx<'_>,
        now: Timestamp,
        around: &Surroundings,
        from: Option<&str>,
        entries: &[PublishedEntry],
    ) -> Result<Learnt, SqlError> {
        if self.cursor(tx)?.as_deref() != from {
            return Ok(Learnt::Known);
        }
        let (mut taken, mut ready, mut failed) = (0, 0, None);
        for entry in entries {
            match tx.savepoint(|tx| self.step(tx, now, around, &entry.cursor, |ctx| (self.handle)(ctx, entry)))? {
                Ok(more) => (taken, ready) = (taken + 1, ready + more),
                Err(error) => {
                    failed = Some(error.chain());
                    break;
                }
            }
        }
        if taken > 0 && around.outside.protections.has("feed-cursor") {
            self.set_cursor(tx, Some(&entries[taken - 1].cursor))?;
        }
        Ok(match failed {
            None => Learnt::All { ready },
            Some(why) => Learnt::Stuck { taken, ready, why },
        })
    }

    /// Takes in one entry, whatever was read before.
    pub(crate) fn learn_one(
        &self,
        tx: &mut Tx<'_>,
        now: Timestamp,
        around: &Surroundings,
        entry: &PublishedEntry,
    ) -> Result<Result<(), String>, SqlError> {
        let from = self.cursor(tx)?;
        Ok(match self.learn(tx, now, around, from.as_deref(), std::slice::from_ref(entry))? {
            Learnt::All { .. } | Learnt::Known => Ok(()),
            Learnt::Stuck { why, .. } => Err(why),
        })
    }

    /// Begins anew at `oldest`, or at the beginning; answers how many messages are ready to be sent because of it.
    pub(crate) fn start_over(
        &self,
        tx: &mut Tx<'_>,
        now: Timestamp,
        around: &Surroundings,
        from: Option<&str>,
        oldest: Option<&str>,
        why: Restart,
    ) -> Result<u64, HandlerError> {
        if self.cursor(tx)?.as_deref() != from {
            return Ok(0);
        }
        let ready = self.step(tx, now, around, oldest.unwrap_or(""), |ctx| (self.restart)(ctx, why))?;
        self.set_cursor(tx, oldest)?;
        Ok(ready)
    }

    fn step(
        &self,
        tx: &mut Tx<'_>,
        now: Timestamp,
        around: &Surroundings,
        cursor: &str,
        work: impl FnOnce(&mut Context<'_>) -> HandlerResult,
    ) -> Result<u64, HandlerError> {
        let id = format!("{}/{cursor}", self.name());
        let cause = Cause { causation: Some(id.clone()), conversation: Some(id), ..Cause::default() };
        let mut ctx = Context::new(tx.reborrow(), now, cause, around);
        step::caught(|| work(&mut ctx))??;
        Ok(ctx.left().ready)
    }

    /// Up to where this endpoint has read; none: from the beginning.
    pub(crate) fn cursor(&self, tx: &mut Tx<'_>) -> Result<Option<String>, SqlError> {
        tx.query_optional("SELECT reading FROM feed_cursors WHERE feed = $1", params![self.name()], |row| row.get(0))
    }

    pub(crate) fn set_cursor(&self, tx: &mut Tx<'_>, cursor: Option<&str>) -> Result<(), SqlError> {
        match cursor {
            Some(cursor) => tx.execute(
                "INSERT INTO feed_cursors (feed, reading) VALUES ($1, $2) ON CONFLICT (feed) DO UPDATE SET reading = excluded.reading",
                params![self.name(), cursor],
            )?,
            None => tx.execute("DELETE FROM feed_cursors WHERE feed = $1", params![self.name()])?,
        };
        Ok(())
    }
}

/// An entry as a publisher would send it.
pub(crate) fn entry_to_learn<F: FeedEntry>(entry: &F, epoch: uuid::Uuid, time: Timestamp) -> PublishedEntry {
    let data = serde_json::value::to_raw_value(entry).unwrap_or_default();
    PublishedEntry { cursor: super::Cursor { epoch, position: 1 }.to_string(), time, version: F::VERSION, data }
}
