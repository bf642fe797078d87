//! Reading everything that the core decides on: at a start, and after a write has failed.

use std::time::Duration;

use broker_core::{Core, EntityId, Key, Lock, QueueRow, QueueSettings, Restore, Rule, SubscriptionRow, Time, TopicRow, TopicSettings};
use storage::{SqlError, Tx, params};

use super::{MESSAGE_COLUMNS, StoreError, message_row, place_of};

/// What was found.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) core: Core,
    /// The number of the last write that was committed.
    pub(crate) write_number: u64,
    /// Rows that refer to nothing.
    pub(crate) orphans: u64,
}

pub(super) fn load(tx: &mut Tx<'_>, latest_wall: Time, locks: Vec<Lock>) -> Result<Loaded, StoreError> {
    let mut restore = Restore::new();
    restore.latest_wall(latest_wall);
    queues(tx)?.into_iter().for_each(|row| restore.queue(row));
    topics(tx)?.into_iter().for_each(|row| restore.topic(row));
    subscriptions(tx)?.into_iter().for_each(|row| restore.subscription(row));
    let mut meaningless = None;
    tx.query(&format!("SELECT {MESSAGE_COLUMNS} FROM messages ORDER BY key"), params![], |row| {
        let (mut message, place) = message_row(row)?;
        match place_of(place) {
            Ok(place) => {
                message.place = place;
                restore.message(&message);
            }
            Err(error) => meaningless = Some(error),
        }
        Ok(())
    })?;
    if let Some(error) = meaningless {
        return Err(error);
    }
    tx.query("SELECT entity, message_id, until FROM remembered_ids ORDER BY entity, message_id", params![], |row| {
        restore.remembered(EntityId(row.get(0)?), &row.get::<String>(1)?, Time::from_micros(row.get(2)?));
        Ok(())
    })?;
    let (write_number, next_key) = progress(tx)?;
    let orphans = restore.orphans();
    Ok(Loaded { core: restore.finish(next_key, locks), write_number, orphans })
}

/// The number of the last write, and the next key as it left it.
pub(super) fn progress(tx: &mut Tx<'_>) -> Result<(u64, Key), StoreError> {
    let sql = "SELECT write_number, next_key FROM progress WHERE id = 1";
    Ok(tx.query_one(sql, params![], |row| Ok((row.get(0)?, Key(row.get(1)?))))?)
}

fn duration(row: &storage::Row<'_>, index: usize) -> Result<Option<Duration>, SqlError> {
    Ok(row.get::<Option<u64>>(index)?.map(Duration::from_micros))
}

pub(crate) fn queues(tx: &mut Tx<'_>) -> Result<Vec<QueueRow>, SqlError> {
    let sql = "SELECT id, name, next_sequence, lock_us, max_delivery_count, time_to_live_us, dead_letter_expired, duplicate_window_us, \
               message_bytes_max, bytes_max FROM queues ORDER BY id";
    tx.query(sql, params![], |row| {
        let settings = QueueSettings {
            lock: Duration::from_micros(row.get(3)?),
            max_delivery_count: row.get(4)?,
            time_to_live: duration(row, 5)?,
            dead_letter_expired: row.get(6)?,
            duplicate_window: duration(row, 7)?,
            message_bytes_max: row.get(8)?,
            bytes_max: row.get(9)?,
        };
        Ok(QueueRow { id: EntityId(row.get(0)?), name: row.get(1)?, next_sequence: row.get(2)?, settings })
    })
}

fn topics(tx: &mut Tx<'_>) -> Result<Vec<TopicRow>, SqlError> {
    let sql = "SELECT id, name, next_sequence, time_to_live_us, duplicate_window_us, message_bytes_max, bytes_max FROM topics ORDER BY id";
    tx.query(sql, params![], |row| {
        let settings = TopicSettings {
            time_to_live: duration(row, 3)?,
            duplicate_window: duration(row, 4)?,
            message_bytes_max: row.get(5)?,
            bytes_max: row.get(6)?,
        };
        Ok(TopicRow { id: EntityId(row.get(0)?), name: row.get(1)?, next_sequence: row.get(2)?, settings })
    })
}

fn subscriptions(tx: &mut Tx<'_>) -> Result<Vec<SubscriptionRow>, StoreError> {
    let sql = "SELECT topic, name, forward_to, rule FROM subscriptions ORDER BY topic, name";
    let found: Vec<(SubscriptionRow, String)> = tx.query(sql, params![], |row| {
        let subscription =
            SubscriptionRow { topic: EntityId(row.get(0)?), name: row.get(1)?, forward_to: EntityId(row.get(2)?), rule: Rule::True };
        Ok((subscription, row.get(3)?))
    })?;
    found
        .into_iter()
        .map(|(subscription, rule)| match rule.as_str() {
            "true" => Ok(subscription),
            _ => Err(StoreError::Meaningless { table: "subscriptions", value: format!("the rule `{rule}`") }),
        })
        .collect()
}
