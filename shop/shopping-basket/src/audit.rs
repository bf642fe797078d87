//! The basket's facts for the shop's invariants: its copy of the catalog, and what was checked out.

use std::collections::BTreeMap;

use contracts::shopping_basket::BasketEvent;
use contracts::{BasketId, EventId, HoldId, LineId, Money, OrderId, TicketTypeId};
use hosting::Timestamp;
use messaging::FeedEntry as _;
use serde::Serialize;
use storage::{SqlError, Tx, params};

use crate::basket::BasketState;
use crate::store::{self, CurrencyColumn};

/// Each list is in the order of its ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Facts {
    pub events: Vec<EventCopy>,
    pub ticket_types: Vec<TicketTypeCopy>,
    pub checked_out: Vec<CheckedOut>,
    /// Lines of open baskets that still wait for the box office's word. At rest there is none.
    pub lines_requested: u64,
    /// Entries that the feed ever had.
    pub told: u64,
    /// Entries about each basket; nothing once some are out of retention.
    pub told_by_basket: Option<BTreeMap<BasketId, u64>>,
    /// What became of the lines about each event.
    pub lines_by_event: BTreeMap<EventId, LineCounts>,
}

/// How many lines about one event there ever were, and how many of them ended how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct LineCounts {
    pub added: u64,
    pub removed: u64,
    pub checked_out: u64,
}

/// The copy of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventCopy {
    pub event_id: EventId,
    /// The catalog's version.
    pub version: u32,
    pub title: String,
    pub starts: Timestamp,
    pub cancelled: bool,
    /// Its ticket types are known.
    pub published: bool,
}

/// The copy of a ticket type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TicketTypeCopy {
    pub ticket_type_id: TicketTypeId,
    pub event_id: EventId,
    /// The catalog's version.
    pub version: u32,
    pub name: String,
    pub price: Money,
    pub quantity_max: u32,
}

/// A basket that became an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckedOut {
    pub basket_id: BasketId,
    pub order_id: OrderId,
    /// In the buyer's order, removed ones apart.
    pub lines: Vec<OrderedLine>,
    /// Nothing where it does not fit.
    pub total: Option<Money>,
}

/// A line as it was ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrderedLine {
    pub line_id: LineId,
    pub hold_id: HoldId,
    pub event_id: EventId,
    pub ticket_type_id: TicketTypeId,
    pub quantity: u32,
    pub unit_price: Money,
}

/// Reads the facts, in the caller's transaction.
///
/// # Errors
/// Those of the database.
pub fn read(tx: &mut Tx<'_>) -> Result<Facts, SqlError> {
    let requested = "SELECT COUNT(*) FROM lines l JOIN baskets b ON b.basket_id = l.basket_id
                     WHERE l.state = 'requested' AND b.order_id IS NULL";
    Ok(Facts {
        events: events(tx)?,
        ticket_types: ticket_types(tx)?,
        checked_out: checked_out(tx)?,
        lines_requested: tx.query_one(requested, params![], |row| row.get(0))?,
        told: messaging::audit::told(tx, BasketEvent::FEED)?,
        told_by_basket: told_by_basket(tx)?,
        lines_by_event: lines_by_event(tx)?,
    })
}

fn told_by_basket(tx: &mut Tx<'_>) -> Result<Option<BTreeMap<BasketId, u64>>, SqlError> {
    let Some(baskets) = messaging::audit::all_told(tx, |entry: BasketEvent| entry.basket_id)? else { return Ok(None) };
    let mut counts = BTreeMap::new();
    for basket_id in baskets {
        *counts.entry(basket_id).or_default() += 1;
    }
    Ok(Some(counts))
}

fn lines_by_event(tx: &mut Tx<'_>) -> Result<BTreeMap<EventId, LineCounts>, SqlError> {
    let sql = "SELECT l.event_id, COUNT(*), SUM(CASE WHEN l.state = 'removed' THEN 1 ELSE 0 END),
                   SUM(CASE WHEN l.state = 'held' AND b.order_id IS NOT NULL THEN 1 ELSE 0 END)
               FROM lines l JOIN baskets b ON b.basket_id = l.basket_id GROUP BY l.event_id ORDER BY l.event_id";
    let counts = tx.query(sql, params![], |row| {
        Ok((EventId::new(row.get(0)?), LineCounts { added: row.get(1)?, removed: row.get(2)?, checked_out: row.get(3)? }))
    });
    Ok(counts?.into_iter().collect())
}

fn events(tx: &mut Tx<'_>) -> Result<Vec<EventCopy>, SqlError> {
    let sql = "SELECT event_id, version, title, starts, cancelled, published FROM events ORDER BY event_id";
    tx.query(sql, params![], |row| {
        Ok(EventCopy {
            event_id: EventId::new(row.get(0)?),
            version: row.get(1)?,
            title: row.get(2)?,
            starts: row.get(3)?,
            cancelled: row.get(4)?,
            published: row.get(5)?,
        })
    })
}

fn ticket_types(tx: &mut Tx<'_>) -> Result<Vec<TicketTypeCopy>, SqlError> {
    let sql = "SELECT ticket_type_id, event_id, version, name, price_minor, currency, quantity_max
               FROM ticket_types ORDER BY ticket_type_id";
    tx.query(sql, params![], |row| {
        Ok(TicketTypeCopy {
            ticket_type_id: TicketTypeId::new(row.get(0)?),
            event_id: EventId::new(row.get(1)?),
            version: row.get(2)?,
            name: row.get(3)?,
            price: Money::new(row.get(4)?, row.get::<CurrencyColumn>(5)?.0),
            quantity_max: row.get(6)?,
        })
    })
}

fn checked_out(tx: &mut Tx<'_>) -> Result<Vec<CheckedOut>, SqlError> {
    let sql = "SELECT basket_id FROM baskets WHERE order_id IS NOT NULL ORDER BY basket_id";
    let ids = tx.query(sql, params![], |row| Ok(BasketId::new(row.get(0)?)))?;
    let mut found = Vec::with_capacity(ids.len());
    for basket_id in ids {
        let Some(basket) = store::basket(tx, basket_id)? else { continue };
        let BasketState::CheckedOut { order_id } = basket.state else { continue };
        let lines = basket.lines_there().map(|line| OrderedLine {
            line_id: line.line_id,
            hold_id: line.hold_id,
            event_id: line.event_id,
            ticket_type_id: line.ticket_type_id,
            quantity: line.quantity,
            unit_price: line.price,
        });
        found.push(CheckedOut { basket_id, order_id, lines: lines.collect(), total: basket.total() });
    }
    Ok(found)
}
