//! SQL about orders: an order with its history, and which orders an event is in.

use contracts::{EventId, OrderId};
use hosting::Timestamp;
use messaging::{HandlerError, Loaded, Saga, Saved};
use serde::Serialize;
use serde::de::DeserializeOwned;
use storage::{SqlError, Tx, params};
use uuid::Uuid;

use crate::order::Order;

/// One decision about an order, as it is told to people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HistoryRow {
    /// 1 for the first decision; grows by one.
    pub position: i64,
    pub at: Timestamp,
    /// The name of the message, or of what was asked for over HTTP.
    pub input: String,
    pub message_id: Option<String>,
    /// Nothing where the order began.
    pub from_state: Option<String>,
    pub to_state: String,
    /// Names of the messages that were sent, in order.
    pub sent: Vec<String>,
}

impl Saga for Order {
    type Key = OrderId;
    const NAME: &'static str = "order";

    fn load(tx: &mut Tx<'_>, key: &OrderId) -> Result<Option<Loaded<Self>>, HandlerError> {
        let sql = "SELECT version, body FROM orders WHERE order_id = $1";
        let stored = tx.query_optional(sql, params![key.to_uuid()], |row| Ok((row.get::<i64>(0)?, row.get::<String>(1)?)))?;
        let Some((version, body)) = stored else { return Ok(None) };
        Ok(Some(Loaded { saga: from_json(&body, *key)?, version, completed: false }))
    }

    fn save(&self, tx: &mut Tx<'_>, key: &OrderId, saved: &Saved<'_>) -> Result<(), HandlerError> {
        if saved.loaded_version == 0 {
            insert(self, tx, *key)?
        } else {
            update(self, tx, *key, saved.loaded_version)?
        }
        add_history(self, tx, *key, saved)
    }
}

/// The order, if it is known.
///
/// # Errors
/// Those of the database; permanent if the stored order cannot be read.
pub(crate) fn order(tx: &mut Tx<'_>, order_id: OrderId) -> Result<Option<Order>, HandlerError> {
    Ok(Order::load(tx, &order_id)?.map(|loaded| loaded.saga))
}

/// At most `limit` decisions about an order behind that position, oldest first.
///
/// # Errors
/// Those of the database; permanent if a row cannot be read.
pub(crate) fn history(tx: &mut Tx<'_>, order_id: OrderId, after: i64, limit: u32) -> Result<Vec<HistoryRow>, HandlerError> {
    let sql = "SELECT position, at, input, message_id, from_state, to_state, sent FROM order_history
               WHERE order_id = $1 AND position > $2 ORDER BY position LIMIT $3";
    let rows = tx.query(sql, params![order_id.to_uuid(), after, limit], |row| {
        let sent: String = row.get(6)?;
        let row = HistoryRow {
            position: row.get(0)?,
            at: row.get(1)?,
            input: row.get(2)?,
            message_id: row.get(3)?,
            from_state: row.get(4)?,
            to_state: row.get(5)?,
            sent: Vec::new(),
        };
        Ok((row, sent))
    })?;
    rows.into_iter().map(|(row, sent)| Ok(HistoryRow { sent: from_json(&sent, order_id)?, ..row })).collect()
}

/// At most `limit` orders with a line of that event, by id, behind `after`.
pub(crate) fn orders_of_event(tx: &mut Tx<'_>, event_id: EventId, after: Option<OrderId>, limit: usize) -> Result<Vec<OrderId>, SqlError> {
    let start = after.map_or_else(Vec::new, |order_id| order_id.to_uuid().as_bytes().to_vec());
    let sql = "SELECT order_id FROM order_events WHERE event_id = $1 AND order_id > $2 ORDER BY order_id LIMIT $3";
    tx.query(sql, params![event_id.to_uuid(), start, limit as u64], |row| Ok(row.get::<Uuid>(0)?.into()))
}

/// The state it comes from is where the decision before ended.
fn add_history(order: &Order, tx: &mut Tx<'_>, order_id: OrderId, saved: &Saved<'_>) -> Result<(), HandlerError> {
    let sent = to_json(&saved.sent, order_id)?;
    let message_id = saved.message_id.map(str::to_owned);
    let position = saved.loaded_version + 1;
    tx.execute(
        "INSERT INTO order_history (order_id, position, at, input, message_id, from_state, to_state, sent)
         VALUES ($1, $2, $3, $4, $5, (SELECT to_state FROM order_history WHERE order_id = $1 AND position = $2 - 1), $6, $7)",
        params![order_id.to_uuid(), position, saved.now, saved.input, message_id, order.state.name(), sent],
    )?;
    Ok(())
}

fn insert(order: &Order, tx: &mut Tx<'_>, order_id: OrderId) -> Result<(), HandlerError> {
    let total = order.total;
    let rows = tx.execute(
        "INSERT INTO orders (order_id, version, basket_id, state, total_minor, currency, email, placed, body)
         VALUES ($1, 1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (order_id) DO NOTHING",
        params![
            order_id.to_uuid(),
            order.basket_id.to_uuid(),
            order.state.name(),
            total.amount_minor,
            total.currency.as_str(),
            order.email,
            order.placed,
            to_json(order, order_id)?
        ],
    )?;
    for line in &order.lines {
        tx.execute(
            "INSERT INTO order_events (event_id, order_id) VALUES ($1, $2) ON CONFLICT (event_id, order_id) DO NOTHING",
            params![line.event_id.to_uuid(), order_id.to_uuid()],
        )?;
    }
    written(rows, order_id)
}

fn update(order: &Order, tx: &mut Tx<'_>, order_id: OrderId, loaded_version: i64) -> Result<(), HandlerError> {
    let rows = tx.execute(
        "UPDATE orders SET version = version + 1, state = $3, body = $4 WHERE order_id = $1 AND version = $2",
        params![order_id.to_uuid(), loaded_version, order.state.name(), to_json(order, order_id)?],
    )?;
    written(rows, order_id)
}

fn written(rows: u64, order_id: OrderId) -> Result<(), HandlerError> {
    if rows == 1 { Ok(()) } else { Err(HandlerError::conflict(format!("order `{order_id}` was changed meanwhile"))) }
}

fn to_json(value: &impl Serialize, order_id: OrderId) -> Result<String, HandlerError> {
    serde_json::to_string(value)
        .map_err(|error| HandlerError::permanent(format!("order `{order_id}` cannot be written as JSON")).caused_by(error))
}

pub(crate) fn from_json<T: DeserializeOwned>(text: &str, order_id: OrderId) -> Result<T, HandlerError> {
    serde_json::from_str(text)
        .map_err(|error| HandlerError::permanent(format!("the stored order `{order_id}` cannot be read")).caused_by(error))
}
