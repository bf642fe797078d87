//! SQL about payments and their history.

use contracts::OrderId;
use hosting::Timestamp;
use messaging::HandlerError;
use storage::{SqlError, Tx, params};

use crate::payment::Payment;

/// A payment as it was stored.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) payment: Payment,
    /// 0 for one that is not stored yet.
    version: i64,
}

/// One decision about a payment.
#[derive(Debug)]
pub(crate) struct HistoryRow {
    pub(crate) at: Timestamp,
    pub(crate) input: String,
    pub(crate) to_state: String,
}

impl Loaded {
    /// A payment that is not stored yet.
    pub(crate) fn new(payment: Payment) -> Self {
        Self { payment, version: 0 }
    }
}

pub(crate) fn load(tx: &mut Tx<'_>, order_id: OrderId, attempt: u32) -> Result<Option<Loaded>, HandlerError> {
    let sql = "SELECT version, body FROM payments WHERE order_id = $1 AND attempt = $2";
    let stored = tx.query_optional(sql, params![order_id.to_uuid(), attempt], |row| Ok((row.get::<i64>(0)?, row.get::<String>(1)?)))?;
    let Some((version, body)) = stored else { return Ok(None) };
    Ok(Some(Loaded { payment: from_json(&body)?, version }))
}

/// All attempts to pay that order, in order.
pub(crate) fn payments_of(tx: &mut Tx<'_>, order_id: OrderId) -> Result<Vec<Payment>, HandlerError> {
    let sql = "SELECT body FROM payments WHERE order_id = $1 ORDER BY attempt";
    let bodies = tx.query(sql, params![order_id.to_uuid()], |row| row.get::<String>(0))?;
    bodies.iter().map(|body| from_json(body)).collect()
}

/// The latest `limit` decisions about a payment, oldest first.
pub(crate) fn history(tx: &mut Tx<'_>, order_id: OrderId, attempt: u32, limit: u32) -> Result<Vec<HistoryRow>, SqlError> {
    let sql = "SELECT at, input, to_state FROM payment_history WHERE order_id = $1 AND attempt = $2 ORDER BY position DESC LIMIT $3";
    let mut rows = tx.query(sql, params![order_id.to_uuid(), attempt, limit], |row| {
        Ok(HistoryRow { at: row.get(0)?, input: row.get(1)?, to_state: row.get(2)? })
    })?;
    rows.reverse();
    Ok(rows)
}

/// Writes the payment, on the condition that it is still as it was loaded, and what led to this.
pub(crate) fn save(tx: &mut Tx<'_>, loaded: &Loaded, input: &str, now: Timestamp) -> Result<(), HandlerError> {
    let Loaded { payment, version } = loaded;
    let body = serde_json::to_string(payment)
        .map_err(|error| HandlerError::permanent(format!("{} cannot be written as JSON", name(payment))).caused_by(error))?;
    let amount = payment.charge.as_ref().map(|charge| charge.amount);
    let rows = tx.execute(
        "INSERT INTO payments (order_id, attempt, version, state, intent, amount_minor, currency, body)
         VALUES ($1, $2, $3 + 1, $4, $5, $6, $7, $8)
         ON CONFLICT (order_id, attempt) DO UPDATE SET version = $3 + 1, state = $4, intent = $5, body = $8 WHERE payments.version = $3",
        params![
            payment.order_id.to_uuid(),
            payment.attempt,
            *version,
            payment.state.name(),
            payment.intent,
            amount.map(|amount| amount.amount_minor),
            amount.map(|amount| amount.currency.to_string()),
            body
        ],
    )?;
    if rows != 1 {
        return Err(HandlerError::conflict(format!("{} was changed meanwhile", name(payment))));
    }
    tx.execute(
        "INSERT INTO payment_history (order_id, attempt, position, at, input, to_state) VALUES ($1, $2, $3, $4, $5, $6)",
        params![payment.order_id.to_uuid(), payment.attempt, version + 1, now, input, payment.state.name()],
    )?;
    Ok(())
}

pub(crate) fn from_json(body: &str) -> Result<Payment, HandlerError> {
    serde_json::from_str(body).map_err(|error| HandlerError::permanent("a stored payment cannot be read").caused_by(error))
}

fn name(payment: &Payment) -> String {
    format!("payment {} of order `{}`", payment.attempt, payment.order_id)
}
