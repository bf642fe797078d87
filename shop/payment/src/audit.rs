//! What payment knows that the shop's invariants need, read in one transaction.

use contracts::{Money, OrderId};
use messaging::HandlerError;
use serde::Serialize;
use storage::{SqlError, Tx, params};
use uuid::Uuid;

use crate::payment::{Payment, PaymentState};
use crate::store;

/// All payments by order and attempt, and all calls to the gateway that have no recorded answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Facts {
    pub payments: Vec<PaymentFacts>,
    /// Keys of the open calls, in order.
    pub open_calls: Vec<String>,
    /// Payments whose row cannot be read, with the reason.
    pub unreadable: Vec<(OrderId, String)>,
}

/// One attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PaymentFacts {
    pub order_id: OrderId,
    pub attempt: u32,
    /// In snake case.
    pub state: &'static str,
    /// Nothing is under way; waiting for the buyer counts as rest.
    pub is_at_rest: bool,
    /// The gateway's id of the payment intent.
    pub intent: Option<String>,
    /// Nothing where the attempt was cancelled before it was requested.
    pub amount: Option<Money>,
    /// The money was taken, as far as is known; also when it was returned since.
    pub captured: bool,
    /// The money was returned.
    pub refunded: bool,
}

impl Facts {
    /// Whether nothing is under way.
    #[must_use]
    pub fn is_at_rest(&self) -> bool {
        self.open_calls.is_empty() && self.payments.iter().all(|payment| payment.is_at_rest)
    }
}

impl From<&Payment> for PaymentFacts {
    fn from(payment: &Payment) -> Self {
        Self {
            order_id: payment.order_id,
            attempt: payment.attempt,
            state: payment.state.name(),
            is_at_rest: payment.state.is_at_rest(),
            intent: payment.intent.clone(),
            amount: payment.charge.as_ref().map(|charge| charge.amount),
            captured: matches!(payment.state, PaymentState::Succeeded | PaymentState::Refunding | PaymentState::Refunded),
            refunded: payment.state == PaymentState::Refunded,
        }
    }
}

/// Reads the facts.
///
/// # Errors
/// Those of the database.
pub fn read(tx: &mut Tx<'_>) -> Result<Facts, SqlError> {
    let open_calls = tx.query("SELECT call_key FROM calls ORDER BY call_key", params![], |row| row.get::<String>(0))?;
    let mut facts = Facts { payments: Vec::new(), open_calls, unreadable: Vec::new() };
    let rows = tx.query("SELECT order_id, body FROM payments ORDER BY order_id, attempt", params![], |row| {
        let payment = store::from_json(&row.get::<String>(1)?);
        Ok((OrderId::from(row.get::<Uuid>(0)?), payment.map(|payment| PaymentFacts::from(&payment))))
    })?;
    for (order_id, read) in rows {
        match read {
            Ok(payment) => facts.payments.push(payment),
            Err(error) => facts.unreadable.push((order_id, HandlerError::chain(&error))),
        }
    }
    Ok(facts)
}
