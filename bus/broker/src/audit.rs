//! What is in the store, for a reader from outside: also while the broker runs, and after it was killed. Who holds
//! a lock is not stored, so locked messages count as active.

use std::collections::BTreeMap;

use broker_core::{EntityId, Key};
use bytes::Bytes;
use hosting::Timestamp;
use storage::{Tx, params};

use crate::encoding::Content;
use crate::store::{MESSAGE_COLUMNS, StoreError, content, death_note, message_row, queues};

/// One queue's messages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueueAudit {
    /// The queue.
    pub name: String,
    /// Messages that are enqueued, locked or not.
    pub active: u64,
    /// Messages that are not due yet.
    pub scheduled: u64,
    /// Dead letters by their reason.
    pub dead_letters: BTreeMap<String, u64>,
}

/// A dead letter as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Its number in the dead-letter queue.
    pub sequence_number: u64,
    /// The sender's id.
    pub message_id: String,
    /// How often it was delivered.
    pub delivery_count: u32,
    /// When it was enqueued.
    pub enqueued: Timestamp,
    /// When it was dead-lettered.
    pub died: Timestamp,
    /// Why, in a word.
    pub reason: String,
    /// Why, in a sentence.
    pub description: String,
    /// Its headers, with those that were added then.
    pub headers: BTreeMap<String, String>,
    /// Its body.
    pub body: Bytes,
}

/// All queues in order of creation, in one transaction that may be read-only.
///
/// # Errors
/// If the store cannot be read.
pub fn audit(tx: &mut Tx<'_>) -> Result<Vec<QueueAudit>, StoreError> {
    let mut found: BTreeMap<EntityId, QueueAudit> =
        queues(tx)?.into_iter().map(|row| (row.id, QueueAudit { name: row.name, ..QueueAudit::default() })).collect();
    let sql = "SELECT m.entity, m.place, d.reason, COUNT(*) FROM messages m LEFT JOIN dead_letters d ON d.key = m.key \
               GROUP BY m.entity, m.place, d.reason ORDER BY m.entity, m.place, d.reason";
    let counts: Vec<(u32, i64, Option<String>, u64)> =
        tx.query(sql, params![], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    for (entity, place, reason, count) in counts {
        // What belongs to no queue waits in a topic.
        let Some(queue) = found.get_mut(&EntityId(entity)) else { continue };
        match place {
            0 => queue.active += count,
            1 => queue.scheduled += count,
            _ => *queue.dead_letters.entry(reason.unwrap_or_default()).or_default() += count,
        }
    }
    Ok(found.into_values().collect())
}

/// Up to `max` dead letters of `queue` from sequence number `from` on, in order. An unknown queue has none.
///
/// # Errors
/// If the store cannot be read, or a message in it.
pub fn dead_letters(tx: &mut Tx<'_>, queue: &str, from: u64, max: u32) -> Result<Vec<DeadLetter>, StoreError> {
    let sql = format!(
        "SELECT {MESSAGE_COLUMNS} FROM messages WHERE entity = (SELECT id FROM queues WHERE name = $1) AND place = 2 AND sequence >= $2 \
         ORDER BY sequence LIMIT $3"
    );
    let rows = tx.query(&sql, params![queue, from, max], |row| message_row(row).map(|(row, _)| row))?;
    rows.into_iter().map(|row| read_dead_letter(tx, &row)).collect()
}

fn read_dead_letter(tx: &mut Tx<'_>, row: &broker_core::Row) -> Result<DeadLetter, StoreError> {
    let missing = |key: Key| StoreError::Missing { key: key.0 };
    let Content { message_id, mut headers, body, .. } = content(tx, row.key)?.ok_or_else(|| missing(row.key))?;
    let death = death_note(tx, row.key)?.ok_or_else(|| missing(row.key))?;
    headers.extend(death.headers);
    Ok(DeadLetter {
        sequence_number: row.sequence.0,
        message_id,
        delivery_count: u32::from(row.delivery_count),
        enqueued: Timestamp::from_micros(row.enqueued.as_micros()),
        died: Timestamp::from_micros(death.died_at),
        reason: death.reason,
        description: death.description,
        headers,
        body,
    })
}
