//! The gateway's facts for invariants: all money that was taken and given back, read in one transaction. Reads the
//! whole store, so it is for checks, not for requests.

use std::collections::BTreeMap;

use storage::{Database, ReadError, Tx, params};

use crate::store::{self, Error};

/// All charges and refunds at one moment, in the order in which they were made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Each attempt to take money, also those that were declined.
    pub charges: Vec<Charge>,
    /// All money given back.
    pub refunds: Vec<Refund>,
}

/// One attempt to take money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// The charge's id, `ch_…`.
    pub id: String,
    /// The id of the payment intent that it belongs to, `pi_…`.
    pub payment_intent: String,
    /// In minor units.
    pub amount_minor: i64,
    /// How much of it was given back, in minor units.
    pub refunded_minor: i64,
    /// ISO 4217, lower case.
    pub currency: String,
    /// The money was taken.
    pub captured: bool,
    /// The payment intent's metadata: what the caller wrote on it.
    pub metadata: BTreeMap<String, String>,
}

/// Money given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// The refund's id, `re_…`.
    pub id: String,
    /// The charge that it gives back from, `ch_…`.
    pub charge: String,
    /// That charge's payment intent, `pi_…`.
    pub payment_intent: String,
    /// In minor units.
    pub amount_minor: i64,
    /// ISO 4217, lower case.
    pub currency: String,
    /// The refund's own metadata.
    pub metadata: BTreeMap<String, String>,
}

/// Reads the facts in a read transaction of their own.
///
/// # Errors
/// The database cannot be read, or holds what this version does not know.
pub async fn read(database: &Database) -> Result<Facts, ReadError<Error>> {
    database.read(facts).await
}

/// Reads the facts in `tx`.
///
/// # Errors
/// The database cannot be read, or holds what this version does not know.
pub fn facts(tx: &mut Tx<'_>) -> Result<Facts, Error> {
    Ok(Facts { charges: charges(tx)?, refunds: refunds(tx)? })
}

fn charges(tx: &mut Tx<'_>) -> Result<Vec<Charge>, Error> {
    let sql = "SELECT c.id, c.payment_intent, c.amount, c.amount_refunded, c.currency, c.captured, i.metadata \
               FROM charges c JOIN payment_intents i ON i.id = c.payment_intent ORDER BY c.number";
    let rows = tx.query(sql, params![], |row| {
        let charge = Charge {
            id: row.get(0)?,
            payment_intent: row.get(1)?,
            amount_minor: row.get(2)?,
            refunded_minor: row.get(3)?,
            currency: row.get(4)?,
            captured: row.get(5)?,
            metadata: BTreeMap::new(),
        };
        Ok((charge, row.get::<String>(6)?))
    })?;
    rows.into_iter().map(|(charge, text)| Ok(Charge { metadata: store::metadata(&text)?, ..charge })).collect()
}

fn refunds(tx: &mut Tx<'_>) -> Result<Vec<Refund>, Error> {
    let sql = "SELECT id, charge, payment_intent, amount, currency, metadata FROM refunds ORDER BY number";
    let rows = tx.query(sql, params![], |row| {
        let refund = Refund {
            id: row.get(0)?,
            charge: row.get(1)?,
            payment_intent: row.get(2)?,
            amount_minor: row.get(3)?,
            currency: row.get(4)?,
            metadata: BTreeMap::new(),
        };
        Ok((refund, row.get::<String>(5)?))
    })?;
    rows.into_iter().map(|(refund, text)| Ok(Refund { metadata: store::metadata(&text)?, ..refund })).collect()
}
