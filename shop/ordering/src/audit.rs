//! What ordering knows that the shop's invariants need, read in one transaction.

use std::collections::BTreeSet;

use contracts::ordering::{CancelReason, OrderLine};
use contracts::{BasketId, Money, OrderId};
use hosting::Timestamp;
use messaging::HandlerError;
use serde::Serialize;
use storage::{SqlError, Tx, params};
use uuid::Uuid;

use crate::order::{Order, OrderState};
use crate::{KnownEvent, catalog, store};

/// All orders, by id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Facts {
    pub orders: Vec<OrderFacts>,
    /// The copy of the catalogue's events, by id.
    pub events: Vec<KnownEvent>,
    /// Orders whose row cannot be read, with the reason.
    pub unreadable: Vec<(OrderId, String)>,
}

/// One order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrderFacts {
    pub order_id: OrderId,
    pub basket_id: BasketId,
    /// In snake case.
    pub state: &'static str,
    pub is_final: bool,
    pub reason: Option<CancelReason>,
    pub total: Money,
    pub lines: Vec<OrderLine>,
    /// The current securing.
    pub securing: u32,
    /// The payment window's end.
    pub until: Option<Timestamp>,
    /// The attempt that an issued or paid order was paid by; nothing where there was nothing to pay.
    pub paid_by: Option<u32>,
    /// Attempts known to have taken money.
    pub captured: BTreeSet<u32>,
    /// Attempts whose money was returned.
    pub refunded: BTreeSet<u32>,
}

impl OrderFacts {
    /// Whether nothing is under way: final, or waiting for the buyer before the payment window's end.
    #[must_use]
    pub fn is_at_rest(&self, now: Timestamp) -> bool {
        let waits_for_buyer = matches!(self.state, "awaiting_payment" | "awaiting_buyer");
        self.is_final || (waits_for_buyer && self.until.is_some_and(|until| now < until))
    }
}

impl From<&Order> for OrderFacts {
    fn from(order: &Order) -> Self {
        let paid_by = match order.state {
            OrderState::Paid { attempt } | OrderState::Issued { attempt } => attempt,
            _ => None,
        };
        Self {
            order_id: order.order_id,
            basket_id: order.basket_id,
            state: order.state.name(),
            is_final: order.state.is_final(),
            reason: order.state.reason(),
            total: order.total,
            lines: order.lines.clone(),
            securing: order.securing,
            until: order.until,
            paid_by,
            captured: order.captured.clone(),
            refunded: order.refunded.clone(),
        }
    }
}

/// Reads the facts.
///
/// # Errors
/// Those of the database.
pub fn read(tx: &mut Tx<'_>) -> Result<Facts, SqlError> {
    let mut facts = Facts { orders: Vec::new(), events: catalog::all(tx)?, unreadable: Vec::new() };
    let rows = tx.query("SELECT order_id, body FROM orders ORDER BY order_id", params![], |row| {
        let order_id = OrderId::from(row.get::<Uuid>(0)?);
        Ok((order_id, store::from_json::<Order>(&row.get::<String>(1)?, order_id).map(|order| OrderFacts::from(&order))))
    })?;
    for (order_id, read) in rows {
        match read {
            Ok(order) => facts.orders.push(order),
            Err(error) => facts.unreadable.push((order_id, HandlerError::chain(&error))),
        }
    }
    Ok(facts)
}
