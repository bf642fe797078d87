//! The publisher's tables. Positions are given in the appending step itself, from the feed's row, which the step keeps to
//! itself until it ends: so they are in commit order, and none is ever skipped (rule R34). With many writers this is the
//! place where a sequencer gives positions after the commit instead; nobody else knows how they come about.

use hosting::Timestamp;
use storage::{SqlError, Tx, params};
use uuid::Uuid;

use super::Cursor;

/// The bodies of a page, in bytes.
const PAGE_BYTES_MAX: usize = 1024 * 1024;

/// An entry as it is stored.
pub(crate) struct StoredEntry {
    pub(crate) position: u64,
    pub(crate) at: Timestamp,
    pub(crate) version: u16,
    pub(crate) body: String,
}

/// From where to where a feed has entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) epoch: Uuid,
    /// The position of the oldest entry that is kept; one above `last` when none is.
    pub(crate) oldest: u64,
    pub(crate) last: u64,
}

impl Extent {
    /// Where a reader of everything that is kept begins.
    pub(crate) fn beginning(&self) -> Cursor {
        Cursor { epoch: self.epoch, position: self.oldest.saturating_sub(1) }
    }

    /// Whether everything after `cursor` is still here.
    pub(crate) fn holds(&self, cursor: Cursor) -> Result<(), Astray> {
        if cursor.epoch != self.epoch || cursor.position > self.last {
            return Err(Astray::OtherEpoch);
        }
        if cursor.position < self.beginning().position { Err(Astray::TooOld) } else { Ok(()) }
    }
}

/// Why a feed cannot be read on from a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Astray {
    /// The cursor is from before the publisher was restored, or of another feed.
    OtherEpoch,
    /// What follows is out of retention.
    TooOld,
}

/// A page of a feed, read in one transaction.
pub(crate) struct Found {
    /// None: nothing was ever appended.
    pub(crate) extent: Option<Extent>,
    pub(crate) entries: Vec<StoredEntry>,
}

/// Appends an entry; `epoch` makes that of a feed that has none yet.
pub(crate) fn append(
    tx: &mut Tx<'_>,
    feed: &str,
    version: u16,
    body: &str,
    now: Timestamp,
    epoch: impl FnOnce() -> Uuid,
) -> Result<(), SqlError> {
    let next = "UPDATE feeds SET last_position = last_position + 1 WHERE feed = $1 RETURNING last_position";
    let position = match tx.query_optional(next, params![feed], |row| row.get::<u64>(0))? {
        Some(position) => position,
        None => {
            let first = "INSERT INTO feeds (feed, epoch, oldest_position, last_position) VALUES ($1, $2, 1, 1)";
            tx.execute(first, params![feed, epoch()])?;
            1
        }
    };
    tx.execute(
        "INSERT INTO feed_entries (feed, position, at, version, body) VALUES ($1, $2, $3, $4, $5)",
        params![feed, position, now, u32::from(version), body],
    )?;
    Ok(())
}

pub(crate) fn extent(tx: &mut Tx<'_>, feed: &str) -> Result<Option<Extent>, SqlError> {
    tx.query_optional("SELECT epoch, oldest_position, last_position FROM feeds WHERE feed = $1", params![feed], |row| {
        Ok(Extent { epoch: row.get(0)?, oldest: row.get(1)?, last: row.get(2)? })
    })
}

/// Up to `max` entries after `after`, and no more than [`PAGE_BYTES_MAX`] unless one alone is more; from the oldest without it.
pub(crate) fn page(tx: &mut Tx<'_>, feed: &str, after: Option<Cursor>, max: u32) -> Result<Result<Found, (Astray, Extent)>, SqlError> {
    let Some(extent) = extent(tx, feed)? else {
        // A cursor of a feed that has nothing yet: it is from before a restore.
        let nothing = Extent { epoch: Uuid::nil(), oldest: 1, last: 0 };
        return Ok(if after.is_some() { Err((Astray::OtherEpoch, nothing)) } else { Ok(Found { extent: None, entries: Vec::new() }) });
    };
    let after = after.unwrap_or_else(|| extent.beginning());
    if let Err(astray) = extent.holds(after) {
        return Ok(Err((astray, extent)));
    }
    let mut entries = tx.query(
        "SELECT position, at, version, body FROM feed_entries WHERE feed = $1 AND position > $2 ORDER BY position LIMIT $3",
        params![feed, after.position, max],
        |row| Ok(StoredEntry { position: row.get(0)?, at: row.get(1)?, version: row.get(2)?, body: row.get(3)? }),
    )?;
    let mut bytes = 0;
    let fits = |entry: &&StoredEntry| {
        bytes += entry.body.len();
        bytes <= PAGE_BYTES_MAX
    };
    let fitting = entries.iter().take_while(fits).count();
    entries.truncate(fitting.max(1));
    Ok(Ok(Found { extent: Some(extent), entries }))
}

/// What `pick` takes of the bodies of all entries that are kept, in order.
pub(crate) fn stored<T>(tx: &mut Tx<'_>, feed: &str, pick: impl Fn(String) -> T) -> Result<Vec<T>, SqlError> {
    tx.query("SELECT body FROM feed_entries WHERE feed = $1 ORDER BY position", params![feed], |row| Ok(pick(row.get(0)?)))
}

/// Deletes at most `max` entries of each feed that are older than `before`, the oldest first; answers how many there were.
pub(crate) fn clean(tx: &mut Tx<'_>, feeds: &[&str], before: Timestamp, max: u32) -> Result<u64, SqlError> {
    let mut cleaned = 0;
    for feed in feeds {
        let Some(extent) = extent(tx, feed)? else { continue };
        // The oldest `max` alone are looked at: times may go back by a little, positions never do.
        let old = tx.query(
            "SELECT at FROM feed_entries WHERE feed = $1 AND position >= $2 ORDER BY position LIMIT $3",
            params![*feed, extent.oldest, max],
            |row| row.get::<Timestamp>(0),
        )?;
        let gone = old.iter().take_while(|at| **at < before).count() as u64;
        if gone > 0 {
            let oldest = extent.oldest + gone;
            tx.execute("DELETE FROM feed_entries WHERE feed = $1 AND position < $2", params![*feed, oldest])?;
            tx.execute("UPDATE feeds SET oldest_position = $2 WHERE feed = $1", params![*feed, oldest])?;
        }
        cleaned += gone;
    }
    Ok(cleaned)
}

/// Notes up to where a reader has read.
pub(crate) fn note_reader(tx: &mut Tx<'_>, feed: &str, reader: &str, position: u64, now: Timestamp) -> Result<(), SqlError> {
    tx.execute(
        "INSERT INTO feed_readers (feed, reader, position, at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (feed, reader) DO UPDATE SET position = excluded.position, at = excluded.at",
        params![feed, reader, position, now],
    )?;
    Ok(())
}

/// The readers of a feed by name: up to which position, and when each last asked.
pub(crate) fn readers(tx: &mut Tx<'_>, feed: &str) -> Result<Vec<(String, u64, Timestamp)>, SqlError> {
    tx.query("SELECT reader, position, at FROM feed_readers WHERE feed = $1 ORDER BY reader", params![feed], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?))
    })
}

/// Gives the feed a new epoch: for a database that was restored from a backup, whose readers may know more than it does.
pub(crate) fn renew_epoch(tx: &mut Tx<'_>, feed: &str, epoch: Uuid) -> Result<(), SqlError> {
    tx.execute("UPDATE feeds SET epoch = $2 WHERE feed = $1", params![feed, epoch])?;
    Ok(())
}
