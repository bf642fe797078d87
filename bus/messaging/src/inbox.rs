//! The inbox table: which messages this endpoint has taken, and since when (rules R1, R15, R22).

use hosting::Timestamp;
use storage::{SqlError, Tx, params};
use uuid::Uuid;

/// Claims the message for this step. `false`: it was handled before, or put off to a later round than this one.
pub(crate) fn claim(tx: &mut Tx<'_>, endpoint: &str, id: Uuid, round: u32, now: Timestamp) -> Result<bool, SqlError> {
    record(tx, endpoint, id, true, round, now)
}

/// Records that the message was put off at `round`. `false`: that, or more, is recorded already.
pub(crate) fn put_off(tx: &mut Tx<'_>, endpoint: &str, id: Uuid, round: u32, now: Timestamp) -> Result<bool, SqlError> {
    record(tx, endpoint, id, false, round, now)
}

fn record(tx: &mut Tx<'_>, endpoint: &str, id: Uuid, handled: bool, round: u32, now: Timestamp) -> Result<bool, SqlError> {
    let rows = tx.execute(
        "INSERT INTO inbox (endpoint, message_id, handled, round, at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (endpoint, message_id) DO UPDATE SET handled = $3, round = $4, at = $5
         WHERE inbox.handled = FALSE AND inbox.round < $4",
        params![endpoint, id, handled, round, now],
    )?;
    Ok(rows == 1)
}

/// Whether the message was handled.
pub(crate) fn is_handled(tx: &mut Tx<'_>, endpoint: &str, id: Uuid) -> Result<bool, SqlError> {
    let sql = "SELECT handled FROM inbox WHERE endpoint = $1 AND message_id = $2";
    Ok(tx.query_optional(sql, params![endpoint, id], |row| row.get(0))?.unwrap_or(false))
}

/// Deletes at most `max` rows from before `before`; answers how many.
pub(crate) fn clean(tx: &mut Tx<'_>, before: Timestamp, max: u32) -> Result<u64, SqlError> {
    tx.execute(
        "DELETE FROM inbox WHERE (endpoint, message_id) IN (SELECT endpoint, message_id FROM inbox WHERE at < $1 ORDER BY at LIMIT $2)",
        params![before, max],
    )
}

/// The latest instant that this endpoint has recorded, so that its time never goes back over a restart (rule R19).
pub(crate) fn last_seen(tx: &mut Tx<'_>) -> Result<Option<Timestamp>, SqlError> {
    let sql = "SELECT max(at) FROM (SELECT max(at) AS at FROM inbox UNION ALL SELECT max(at) AS at FROM operations) AS seen";
    tx.query_one(sql, params![], |row| row.get(0))
}
