//! The outbox table: what is committed and still to be sent (rules R5, R10, R11). Due messages are rows with a later
//! time and a key to cancel them by.

use bytes::Bytes;
use hosting::Timestamp;
use storage::{FromValue, Row, SqlError, ToValue, Tx, Value, WrongValue, params};
use uuid::Uuid;

use crate::{Destination, Headers, OutgoingMessage, envelope};

/// A row to be written.
pub(crate) struct NewRow<'r> {
    pub(crate) id: Uuid,
    pub(crate) destination: &'r Destination,
    pub(crate) headers: &'r Headers,
    pub(crate) body: &'r [u8],
    pub(crate) due: Timestamp,
    pub(crate) key: Option<&'r str>,
}

/// A row that is ready to be sent.
pub(crate) struct ReadyRow {
    pub(crate) row: i64,
    pub(crate) message: OutgoingMessage,
}

/// Writes a row; one with a key replaces an earlier one of the same key that is not due at `now`. One that fell due is
/// committed to be sent (rule R10), and only loses its key.
pub(crate) fn insert(tx: &mut Tx<'_>, new: &NewRow<'_>, now: Timestamp) -> Result<(), SqlError> {
    if let Some(key) = new.key
        && !cancel(tx, key, now)?
    {
        tx.execute("UPDATE outbox SET due_key = NULL WHERE due_key = $1", params![key])?;
    }
    let headers: serde_json::Map<_, _> = new.headers.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
    tx.execute(
        "INSERT INTO outbox (message_id, destination, headers, body, due, due_key) VALUES ($1, $2, $3, $4, $5, $6)",
        params![new.id, address(new.destination), serde_json::Value::from(headers).to_string(), new.body, new.due, new.key],
    )?;
    Ok(())
}

/// Deletes the row of `key` if it is not due yet; answers whether it was there and is now never sent.
pub(crate) fn cancel(tx: &mut Tx<'_>, key: &str, now: Timestamp) -> Result<bool, SqlError> {
    Ok(tx.execute("DELETE FROM outbox WHERE due_key = $1 AND due > $2", params![key, now])? == 1)
}

/// The rows that are due, in order of their writing, but for those to destinations that are `held`.
pub(crate) fn ready(tx: &mut Tx<'_>, now: Timestamp, max: usize, held: &[Destination]) -> Result<Vec<ReadyRow>, SqlError> {
    let max = i64::try_from(max).unwrap_or(i64::MAX);
    let held: Vec<String> = held.iter().map(address).collect();
    let mut values: Vec<&dyn ToValue> = vec![&now, &max];
    values.extend(held.iter().map(|address| address as &dyn ToValue));
    let others: String = (3..values.len() + 1).map(|number| format!(" AND destination <> ${number}")).collect();
    let sql = format!(
        "SELECT id, message_id, destination, headers, body FROM outbox
         WHERE failure IS NULL AND due <= $1{others} ORDER BY due, id LIMIT $2"
    );
    tx.query(&sql, &values, read_row)
}

/// Rows behind `after` that can never be sent, in order of their writing: their failures and messages.
pub(crate) fn failed(tx: &mut Tx<'_>, after: i64, max: usize) -> Result<Vec<(ReadyRow, String)>, SqlError> {
    tx.query(
        "SELECT id, message_id, destination, headers, body, failure FROM outbox WHERE failure IS NOT NULL AND id > $1 ORDER BY id LIMIT $2",
        params![after, i64::try_from(max).unwrap_or(i64::MAX)],
        |row| Ok((read_row(row)?, row.get(5)?)),
    )
}

/// Headers as they are stored; what cannot be read is never sent without them.
struct Stored(Headers);

impl FromValue for Stored {
    fn from_value(value: Value<'_>) -> Result<Self, WrongValue> {
        let text = String::from_value(value)?;
        serde_json::from_str(&text).map(Self).map_err(|_| WrongValue { expected: "JSON object of texts" })
    }
}

fn read_row(row: &Row<'_>) -> Result<ReadyRow, SqlError> {
    let (body, headers) = (row.get::<Vec<u8>>(4)?, row.get::<Stored>(3)?.0);
    // What came from elsewhere and was put off may have an id that is no UUID: the row's own is the inbox's key then.
    let id = match headers.get(envelope::ID) {
        Some(id) => id.clone(),
        None => row.get::<Uuid>(1)?.to_string(),
    };
    let message = OutgoingMessage { destination: destination(&row.get::<String>(2)?), id, headers, body: Bytes::from(body) };
    Ok(ReadyRow { row: row.get(0)?, message })
}

/// When the next row falls due, of those that are not due yet.
pub(crate) fn next_due(tx: &mut Tx<'_>, now: Timestamp) -> Result<Option<Timestamp>, SqlError> {
    tx.query_one("SELECT min(due) FROM outbox WHERE failure IS NULL AND due > $1", params![now], |row| row.get(0))
}

/// How many rows are ready, counted up to `max`.
pub(crate) fn count_ready(tx: &mut Tx<'_>, now: Timestamp, max: u64) -> Result<u64, SqlError> {
    let sql = "SELECT count(*) FROM (SELECT id FROM outbox WHERE failure IS NULL AND due <= $1 LIMIT $2) AS ready";
    tx.query_one(sql, params![now, max], |row| row.get(0))
}

/// Deletes the rows that the transport confirmed, and keeps those that can never be sent, with the reason; they are shown
/// as dead letters.
pub(crate) fn conclude(tx: &mut Tx<'_>, confirmed: &[i64], refused: &[(i64, String)]) -> Result<(), SqlError> {
    for row in confirmed {
        tx.execute("DELETE FROM outbox WHERE id = $1", params![*row])?;
    }
    for (row, failure) in refused {
        tx.execute("UPDATE outbox SET failure = $2, due_key = NULL WHERE id = $1", params![*row, failure])?;
    }
    Ok(())
}

/// Lets a row be sent that could not be; whether there was one.
pub(crate) fn clear_failure(tx: &mut Tx<'_>, row: i64) -> Result<bool, SqlError> {
    Ok(tx.execute("UPDATE outbox SET failure = NULL WHERE id = $1 AND failure IS NOT NULL", params![row])? == 1)
}

fn address(destination: &Destination) -> String {
    match destination {
        Destination::Queue(name) => format!("queue:{name}"),
        Destination::Topic(name) => format!("topic:{name}"),
    }
}

fn destination(address: &str) -> Destination {
    match address.split_once(':') {
        Some(("topic", name)) => Destination::Topic(name.to_owned()),
        Some((_, name)) => Destination::Queue(name.to_owned()),
        None => Destination::Queue(address.to_owned()),
    }
}
