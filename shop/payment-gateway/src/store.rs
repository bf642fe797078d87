//! SQL: functions over a transaction. Every look-up goes by an index.

use std::collections::BTreeMap;

use storage::{Migrations, Row, SqlError, Tx, params};

use crate::cards::{Behaviour, Card, Decline};
use crate::intents::{Charge, Intent, PaymentMethod, Status};
use crate::refunds::Refund;

/// The gateway's tables, for [`storage::Database::open`].
pub const MIGRATIONS: Migrations =
    Migrations { set: "payment-gateway", files: &[("0001_gateway", include_str!("../migrations/0001_gateway.sql"))] };

/// Why the gateway's store cannot answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database said so.
    #[error("the payment gateway's database refused a statement")]
    Sql(#[from] SqlError),
    /// A stored value that no version of the gateway has written.
    #[error("the payment gateway's database holds a {what} that this version does not know: `{value}`")]
    Unreadable {
        /// Which value.
        what: &'static str,
        /// As it is stored.
        value: String,
    },
}

impl Error {
    pub(crate) fn unreadable(what: &'static str, value: impl ToString) -> Self {
        Self::Unreadable { what, value: value.to_string() }
    }
}

macro_rules! intent_columns {
    () => {
        "id, amount, currency, status, payment_method, metadata, latest_charge, last_decline, cancellation_reason, created, canceled_at"
    };
}

macro_rules! charge_columns {
    () => {
        "id, payment_intent, amount, amount_refunded, currency, captured, decline, created"
    };
}

macro_rules! refund_columns {
    () => {
        "id, charge, payment_intent, amount, currency, reason, metadata, created"
    };
}

/// Which refunds are listed.
#[derive(Debug, Clone)]
pub(crate) enum RefundsOf {
    All,
    Intent(String),
    Charge(String),
}

/// A stretch of a list, newest first: up to `count` objects after the one called `after`.
#[derive(Debug, Clone)]
pub(crate) struct Stretch {
    pub(crate) after: Option<String>,
    pub(crate) count: i64,
}

pub(crate) fn add_method(tx: &mut Tx<'_>, method: &PaymentMethod) -> Result<(), Error> {
    let sql = "INSERT INTO payment_methods (id, behaviour, brand, last4, exp_month, exp_year, created) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let PaymentMethod { id, card, exp_month, exp_year, created } = method;
    tx.execute(sql, params![id, card.behaviour.name(), card.brand, card.last4, exp_month, exp_year, created])?;
    Ok(())
}

pub(crate) fn method(tx: &mut Tx<'_>, id: &str) -> Result<Option<PaymentMethod>, Error> {
    let sql = "SELECT id, behaviour, brand, last4, exp_month, exp_year, created FROM payment_methods WHERE id = $1";
    tx.query_optional(sql, params![id], |row| Ok(read_method(row)))?.transpose()
}

pub(crate) fn add_intent(tx: &mut Tx<'_>, intent: &Intent) -> Result<(), Error> {
    let sql = "INSERT INTO payment_intents (id, version, amount, currency, status, payment_method, metadata, created) \
               VALUES ($1, 0, $2, $3, $4, $5, $6, $7)";
    let metadata = metadata_text(&intent.metadata);
    let status = intent.status.name();
    tx.execute(sql, params![intent.id, intent.amount, intent.currency, status, intent.payment_method, metadata, intent.created])?;
    Ok(())
}

pub(crate) fn intent(tx: &mut Tx<'_>, id: &str) -> Result<Option<Intent>, Error> {
    let sql = concat!("SELECT ", intent_columns!(), " FROM payment_intents WHERE id = $1");
    tx.query_optional(sql, params![id], |row| Ok(read_intent(row)))?.transpose()
}

/// The intent, to be changed: no other transaction changes it until this one has ended.
pub(crate) fn intent_to_change(tx: &mut Tx<'_>, id: &str) -> Result<Option<Intent>, Error> {
    let sql = concat!("UPDATE payment_intents SET version = version + 1 WHERE id = $1 RETURNING ", intent_columns!());
    tx.query_optional(sql, params![id], |row| Ok(read_intent(row)))?.transpose()
}

/// Stores what a confirm or a cancel changes.
pub(crate) fn change_intent(tx: &mut Tx<'_>, intent: &Intent) -> Result<(), Error> {
    let sql = "UPDATE payment_intents SET status = $2, payment_method = $3, latest_charge = $4, last_decline = $5, \
               cancellation_reason = $6, canceled_at = $7 WHERE id = $1";
    let (status, decline) = (intent.status.name(), intent.last_decline.map(Decline::name));
    let Intent { id, payment_method, latest_charge, cancellation_reason, canceled_at, .. } = intent;
    tx.execute(sql, params![id, status, payment_method, latest_charge, decline, cancellation_reason, canceled_at])?;
    Ok(())
}

/// A stretch of all intents; `None` if the one to start after does not exist.
pub(crate) fn intents(tx: &mut Tx<'_>, stretch: &Stretch) -> Result<Option<Vec<Intent>>, Error> {
    let find = "SELECT number FROM payment_intents WHERE id = $1";
    let Some(before) = position(tx, find, stretch)? else { return Ok(None) };
    let sql = concat!("SELECT ", intent_columns!(), " FROM payment_intents WHERE number < $1 ORDER BY number DESC LIMIT $2");
    let rows = tx.query(sql, params![before, stretch.count], |row| Ok(read_intent(row)))?;
    rows.into_iter().collect::<Result<_, _>>().map(Some)
}

pub(crate) fn add_charge(tx: &mut Tx<'_>, charge: &Charge) -> Result<(), Error> {
    let sql = "INSERT INTO charges (id, version, payment_intent, amount, amount_refunded, currency, captured, decline, created) \
               VALUES ($1, 0, $2, $3, $4, $5, $6, $7, $8)";
    let Charge { id, payment_intent, amount, amount_refunded, currency, captured, decline, created } = charge;
    let decline = decline.map(Decline::name);
    tx.execute(sql, params![id, payment_intent, amount, amount_refunded, currency, captured, decline, created])?;
    Ok(())
}

/// The charge, to be refunded: no other transaction changes it until this one has ended.
pub(crate) fn charge_to_change(tx: &mut Tx<'_>, id: &str) -> Result<Option<Charge>, Error> {
    let sql = concat!("UPDATE charges SET version = version + 1 WHERE id = $1 RETURNING ", charge_columns!());
    tx.query_optional(sql, params![id], |row| Ok(read_charge(row)))?.transpose()
}

/// Records a refund and what is left of its charge.
pub(crate) fn add_refund(tx: &mut Tx<'_>, charge: &Charge, refund: &Refund) -> Result<(), Error> {
    tx.execute("UPDATE charges SET amount_refunded = $2 WHERE id = $1", params![charge.id, charge.amount_refunded])?;
    let sql = "INSERT INTO refunds (id, charge, payment_intent, amount, currency, reason, metadata, created) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let Refund { id, charge, payment_intent, amount, currency, reason, metadata, created } = refund;
    let metadata = metadata_text(metadata);
    tx.execute(sql, params![id, charge, payment_intent, amount, currency, reason, metadata, created])?;
    Ok(())
}

pub(crate) fn refund(tx: &mut Tx<'_>, id: &str) -> Result<Option<Refund>, Error> {
    let sql = concat!("SELECT ", refund_columns!(), " FROM refunds WHERE id = $1");
    tx.query_optional(sql, params![id], |row| Ok(read_refund(row)))?.transpose()
}

/// A stretch of the refunds; `None` if the one to start after does not exist.
pub(crate) fn refunds(tx: &mut Tx<'_>, of: &RefundsOf, stretch: &Stretch) -> Result<Option<Vec<Refund>>, Error> {
    let Some(before) = position(tx, "SELECT number FROM refunds WHERE id = $1", stretch)? else { return Ok(None) };
    let all = concat!("SELECT ", refund_columns!(), " FROM refunds WHERE number < $1 ORDER BY number DESC LIMIT $2");
    let of_intent =
        concat!("SELECT ", refund_columns!(), " FROM refunds WHERE payment_intent = $3 AND number < $1 ORDER BY number DESC LIMIT $2");
    let of_charge = concat!("SELECT ", refund_columns!(), " FROM refunds WHERE charge = $3 AND number < $1 ORDER BY number DESC LIMIT $2");
    let read = |row: &Row<'_>| Ok(read_refund(row));
    let rows = match of {
        RefundsOf::All => tx.query(all, params![before, stretch.count], read)?,
        RefundsOf::Intent(id) => tx.query(of_intent, params![before, stretch.count, id], read)?,
        RefundsOf::Charge(id) => tx.query(of_charge, params![before, stretch.count, id], read)?,
    };
    rows.into_iter().collect::<Result<_, _>>().map(Some)
}

/// The number that a stretch lies below; `None` if it starts after something that is not there.
fn position(tx: &mut Tx<'_>, sql: &str, stretch: &Stretch) -> Result<Option<i64>, Error> {
    match &stretch.after {
        None => Ok(Some(i64::MAX)),
        Some(id) => Ok(tx.query_optional(sql, params![id], |row| row.get::<i64>(0))?),
    }
}

fn read_method(row: &Row<'_>) -> Result<PaymentMethod, Error> {
    let behaviour: String = row.get(1)?;
    let behaviour = Behaviour::from_name(&behaviour).ok_or_else(|| Error::unreadable("card behaviour", behaviour))?;
    let card = Card { behaviour, brand: row.get(2)?, last4: row.get(3)? };
    Ok(PaymentMethod { id: row.get(0)?, card, exp_month: row.get(4)?, exp_year: row.get(5)?, created: row.get(6)? })
}

fn read_intent(row: &Row<'_>) -> Result<Intent, Error> {
    let status: String = row.get(3)?;
    Ok(Intent {
        id: row.get(0)?,
        amount: row.get(1)?,
        currency: row.get(2)?,
        status: Status::from_name(&status).ok_or_else(|| Error::unreadable("payment intent status", status))?,
        payment_method: row.get(4)?,
        metadata: metadata(&row.get::<String>(5)?)?,
        latest_charge: row.get(6)?,
        last_decline: decline(row.get(7)?)?,
        cancellation_reason: row.get(8)?,
        created: row.get(9)?,
        canceled_at: row.get(10)?,
    })
}

fn read_charge(row: &Row<'_>) -> Result<Charge, Error> {
    Ok(Charge {
        id: row.get(0)?,
        payment_intent: row.get(1)?,
        amount: row.get(2)?,
        amount_refunded: row.get(3)?,
        currency: row.get(4)?,
        captured: row.get(5)?,
        decline: decline(row.get(6)?)?,
        created: row.get(7)?,
    })
}

fn read_refund(row: &Row<'_>) -> Result<Refund, Error> {
    Ok(Refund {
        id: row.get(0)?,
        charge: row.get(1)?,
        payment_intent: row.get(2)?,
        amount: row.get(3)?,
        currency: row.get(4)?,
        reason: row.get(5)?,
        metadata: metadata(&row.get::<String>(6)?)?,
        created: row.get(7)?,
    })
}

fn decline(name: Option<String>) -> Result<Option<Decline>, Error> {
    name.map(|name| Decline::from_name(&name).ok_or_else(|| Error::unreadable("decline", name))).transpose()
}

fn metadata_text(metadata: &BTreeMap<String, String>) -> String {
    serde_json::json!(metadata).to_string()
}

pub(crate) fn metadata(text: &str) -> Result<BTreeMap<String, String>, Error> {
    serde_json::from_str(text).map_err(|_| Error::unreadable("metadata", text))
}
