//! One write: the changes of many operations, as few statements.

use std::collections::BTreeMap;
use std::mem::discriminant;

use broker_core::{Cause, Change, Content, EntityId, Key, Place, QueueRow, Row, Rule, SubscriptionRow, Time, TopicRow};
use storage::{Tx, params};

use super::{StoreError, place_number};
use crate::encoding::encode_headers;

/// Everything that one write stores.
#[derive(Debug)]
pub(crate) struct Batch {
    /// The number of the write.
    pub(crate) number: u64,
    /// The next key that the core gives.
    pub(crate) next_key: Key,
    /// What changed, in order.
    pub(crate) changes: Vec<Change>,
    /// Encoded contents of new messages; the changes name them by their places here.
    pub(crate) contents: Vec<Vec<u8>>,
    /// Headers added to messages that were dead-lettered.
    pub(crate) added_headers: BTreeMap<Key, BTreeMap<String, String>>,
}

impl Batch {
    pub(super) fn write(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        for run in self.changes.chunk_by(|one, next| discriminant(one) == discriminant(next)) {
            match run {
                [Change::Inserted { .. }, ..] => self.insert(tx, run)?,
                [Change::Counted { .. }, ..] => count(tx, run)?,
                [Change::Removed { .. }, ..] => remove(tx, run)?,
                _ => run.iter().try_for_each(|change| self.apply(tx, change))?,
            }
        }
        let sql = "UPDATE progress SET write_number = $1, next_key = $2 WHERE id = 1";
        tx.execute(sql, params![self.number, self.next_key.0])?;
        Ok(())
    }

    /// Changes of the kinds that come seldom, each for itself.
    fn apply(&self, tx: &mut Tx<'_>, change: &Change) -> Result<(), StoreError> {
        match change {
            Change::QueueAdded(row) => add_queue(tx, row),
            Change::TopicAdded(row) => add_topic(tx, row),
            Change::SubscriptionAdded(row) => add_subscription(tx, row),
            Change::Inserted { .. } => self.insert(tx, std::slice::from_ref(change)),
            Change::Counted { .. } => count(tx, std::slice::from_ref(change)),
            Change::Removed { .. } => remove(tx, std::slice::from_ref(change)),
            Change::Enqueued(row) => move_row(tx, row),
            Change::DeadLettered { row, at, cause } => self.dead_letter(tx, row, *at, cause),
            Change::Resubmitted { row, content } => self.resubmit(tx, row, *content),
            Change::SequenceMoved { entity, next } => move_sequence(tx, *entity, *next),
            Change::IdRemembered { entity, message_id, until } => {
                let sql = "INSERT INTO remembered_ids (entity, message_id, until) VALUES ($1, $2, $3) \
                           ON CONFLICT (entity, message_id) DO UPDATE SET until = excluded.until";
                tx.execute(sql, params![entity.0, message_id, until.as_micros()])?;
                Ok(())
            }
            Change::IdsForgotten { entity, until } => {
                tx.execute("DELETE FROM remembered_ids WHERE entity = $1 AND until <= $2", params![entity.0, until.as_micros()])?;
                Ok(())
            }
        }
    }

    /// A run of new messages. A copy is made of a message that was sent: all that were sent come first.
    fn insert(&self, tx: &mut Tx<'_>, run: &[Change]) -> Result<(), StoreError> {
        let rows =
            || run.iter().filter_map(|change| if let Change::Inserted { row, content } = change { Some((row, content)) } else { None });
        let mut statement = tx.statement(
            "INSERT INTO messages (key, entity, place, sequence, first_sequence, delivery_count, enqueued_at, expires_at, bytes) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )?;
        for (row, _) in rows() {
            let (place, expires) = (place_number(row.place), expires_at(row));
            let (enqueued, sequence, first) = (row.enqueued.as_micros(), row.sequence.0, row.first_sequence.0);
            let values = params![row.key.0, row.entity.0, place, sequence, first, row.delivery_count, enqueued, expires, row.bytes];
            statement.execute(values)?;
        }
        drop(statement);
        let mut statement = tx.statement("INSERT INTO contents (key, content) VALUES ($1, $2)")?;
        for (row, content) in rows() {
            let Content::Sent(name) = content else { continue };
            statement.execute(params![row.key.0, *self.blob(row.key, *name)?])?;
        }
        drop(statement);
        for (row, content) in rows() {
            let Content::CopyOf(other) = content else { continue };
            let sql = "INSERT INTO contents (key, content) SELECT $1, content FROM contents WHERE key = $2";
            one(tx.execute(sql, params![row.key.0, other.0])?, row.key)?;
        }
        Ok(())
    }

    fn blob(&self, key: Key, name: u64) -> Result<&Vec<u8>, StoreError> {
        let found = usize::try_from(name).ok().and_then(|place| self.contents.get(place));
        found.ok_or(StoreError::Missing { key: key.0 })
    }

    fn resubmit(&self, tx: &mut Tx<'_>, row: &Row, name: u64) -> Result<(), StoreError> {
        move_row(tx, row)?;
        tx.execute("UPDATE messages SET bytes = $1 WHERE key = $2", params![row.bytes, row.key.0])?;
        let blob = self.blob(row.key, name)?;
        one(tx.execute("UPDATE contents SET content = $1 WHERE key = $2", params![*blob, row.key.0])?, row.key)?;
        one(tx.execute("DELETE FROM dead_letters WHERE key = $1", params![row.key.0])?, row.key)
    }

    fn dead_letter(&self, tx: &mut Tx<'_>, row: &Row, at: Time, cause: &Cause) -> Result<(), StoreError> {
        move_row(tx, row)?;
        let none = BTreeMap::new();
        let headers = encode_headers(self.added_headers.get(&row.key).unwrap_or(&none));
        let sql = "INSERT INTO dead_letters (key, died_at, reason, description, headers) VALUES ($1, $2, $3, $4, $5)";
        tx.execute(sql, params![row.key.0, at.as_micros(), cause.reason(), cause.description(), headers])?;
        Ok(())
    }
}

/// Puts counts into the rows that are new in the same list, and leaves only the last count of each other row.
pub(crate) fn fold_counts(changes: Vec<Change>) -> Vec<Change> {
    let mut folded: Vec<Change> = Vec::with_capacity(changes.len());
    let mut last_mention: BTreeMap<Key, usize> = BTreeMap::new();
    for change in changes {
        if let Change::Counted { key, delivery_count: count } = &change {
            match last_mention.get(key).and_then(|index| folded.get_mut(*index)) {
                Some(
                    Change::Inserted { row, .. }
                    | Change::Enqueued(row)
                    | Change::DeadLettered { row, .. }
                    | Change::Resubmitted { row, .. },
                ) => {
                    row.delivery_count = *count;
                    continue;
                }
                Some(Change::Counted { delivery_count, .. }) => {
                    *delivery_count = *count;
                    continue;
                }
                _ => {}
            }
        }
        if let Change::Inserted { row: Row { key, .. }, .. }
        | Change::Enqueued(Row { key, .. })
        | Change::DeadLettered { row: Row { key, .. }, .. }
        | Change::Resubmitted { row: Row { key, .. }, .. }
        | Change::Counted { key, .. } = &change
        {
            last_mention.insert(*key, folded.len());
        }
        folded.push(change);
    }
    folded
}

fn one(changed: u64, key: Key) -> Result<(), StoreError> {
    if changed == 1 { Ok(()) } else { Err(StoreError::Missing { key: key.0 }) }
}

fn expires_at(row: &Row) -> Option<i64> {
    (row.expires != Time::NEVER).then_some(row.expires.as_micros())
}

fn move_row(tx: &mut Tx<'_>, row: &Row) -> Result<(), StoreError> {
    let sql = "UPDATE messages SET place = $1, sequence = $2, delivery_count = $3, enqueued_at = $4, expires_at = $5 WHERE key = $6";
    let (place, enqueued, expires) = (place_number(row.place), row.enqueued.as_micros(), expires_at(row));
    one(tx.execute(sql, params![place, row.sequence.0, row.delivery_count, enqueued, expires, row.key.0])?, row.key)
}

fn count(tx: &mut Tx<'_>, run: &[Change]) -> Result<(), StoreError> {
    let mut statement = tx.statement("UPDATE messages SET delivery_count = $1 WHERE key = $2")?;
    for change in run {
        let Change::Counted { key, delivery_count } = change else { continue };
        one(statement.execute(params![*delivery_count, key.0])?, *key)?;
    }
    Ok(())
}

fn remove(tx: &mut Tx<'_>, run: &[Change]) -> Result<(), StoreError> {
    let keys = || run.iter().filter_map(|change| if let Change::Removed { key, place } = change { Some((*key, *place)) } else { None });
    let mut statement = tx.statement("DELETE FROM messages WHERE key = $1")?;
    keys().try_for_each(|(key, _)| one(statement.execute(params![key.0])?, key))?;
    drop(statement);
    let mut statement = tx.statement("DELETE FROM contents WHERE key = $1")?;
    keys().try_for_each(|(key, _)| one(statement.execute(params![key.0])?, key))?;
    drop(statement);
    for (key, _) in keys().filter(|(_, place)| *place == Place::DeadLetter) {
        tx.execute("DELETE FROM dead_letters WHERE key = $1", params![key.0])?;
    }
    Ok(())
}

fn move_sequence(tx: &mut Tx<'_>, entity: EntityId, next: u64) -> Result<(), StoreError> {
    if tx.execute("UPDATE queues SET next_sequence = $1 WHERE id = $2", params![next, entity.0])? == 0 {
        tx.execute("UPDATE topics SET next_sequence = $1 WHERE id = $2", params![next, entity.0])?;
    }
    Ok(())
}

fn micros(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

fn add_queue(tx: &mut Tx<'_>, row: &QueueRow) -> Result<(), StoreError> {
    let sql = "INSERT INTO queues (id, name, next_sequence, lock_us, max_delivery_count, time_to_live_us, dead_letter_expired, \
               duplicate_window_us, message_bytes_max, bytes_max) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let settings = &row.settings;
    let (lock, life, window) = (micros(settings.lock), settings.time_to_live.map(micros), settings.duplicate_window.map(micros));
    let values = params![
        row.id.0,
        row.name,
        row.next_sequence,
        lock,
        settings.max_delivery_count,
        life,
        settings.dead_letter_expired,
        window,
        settings.message_bytes_max,
        settings.bytes_max
    ];
    tx.execute(sql, values)?;
    Ok(())
}

fn add_topic(tx: &mut Tx<'_>, row: &TopicRow) -> Result<(), StoreError> {
    let sql = "INSERT INTO topics (id, name, next_sequence, time_to_live_us, duplicate_window_us, message_bytes_max, bytes_max) \
               VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let settings = &row.settings;
    let (life, window) = (settings.time_to_live.map(micros), settings.duplicate_window.map(micros));
    tx.execute(sql, params![row.id.0, row.name, row.next_sequence, life, window, settings.message_bytes_max, settings.bytes_max])?;
    Ok(())
}

fn add_subscription(tx: &mut Tx<'_>, row: &SubscriptionRow) -> Result<(), StoreError> {
    let rule = match row.rule {
        Rule::True => "true",
    };
    let sql = "INSERT INTO subscriptions (topic, name, forward_to, rule) VALUES ($1, $2, $3, $4)";
    tx.execute(sql, params![row.topic.0, row.name, row.forward_to.0, rule])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use broker_core::Sequence;

    fn row(key: i64, delivery_count: u16) -> Row {
        let sequence = Sequence(1);
        let (place, enqueued, expires) = (Place::Active, Time::from_micros(0), Time::NEVER);
        Row { key: Key(key), entity: EntityId(1), place, sequence, first_sequence: sequence, delivery_count, enqueued, expires, bytes: 1 }
    }

    fn counted(key: i64, delivery_count: u16) -> Change {
        Change::Counted { key: Key(key), delivery_count }
    }

    #[test]
    fn a_count_goes_into_the_row_that_is_new_in_the_same_write() {
        let inserted = |count| Change::Inserted { row: row(1, count), content: Content::Sent(0) };
        assert_eq!(fold_counts(vec![inserted(0), counted(1, 1), counted(1, 0), counted(1, 1)]), [inserted(1)]);
    }

    #[test]
    fn only_the_last_count_of_a_row_is_written_and_none_is_lost_to_a_move() {
        let moved = |count| Change::DeadLettered { row: row(1, count), at: Time::from_micros(0), cause: Cause::Expired };
        let changes = vec![counted(1, 1), counted(2, 7), counted(1, 2), moved(2), counted(1, 3)];
        assert_eq!(fold_counts(changes), [counted(1, 2), counted(2, 7), moved(3)]);
    }
}
