//! The box office's facts for the shop's invariants, read in one transaction. Reads whole tables, so it is for checks,
//! not for requests.

use std::collections::BTreeMap;

use contracts::{EventId, HoldId, OrderId, TicketTypeId};
use hosting::Timestamp;
use serde::Serialize;
use storage::{Row, SqlError, Tx, params};

/// All that the box office knows at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// Every event heard of, by id.
    pub events: BTreeMap<EventId, EventFact>,
    /// Every counter, by its ticket type.
    pub ticket_types: BTreeMap<TicketTypeId, TicketTypeFact>,
    /// Every hold, tombstones included.
    pub holds: BTreeMap<HoldId, HoldFact>,
    /// The tickets of every order that has some.
    pub tickets: BTreeMap<OrderId, OrderTickets>,
}

/// An event as the box office knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventFact {
    /// Of the catalogue's row, at the last news.
    pub version: u32,
    /// Its publication was heard of.
    pub published: bool,
    /// It does not take place.
    pub cancelled: bool,
}

/// A counter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TicketTypeFact {
    /// Whose ticket type it is.
    pub event_id: EventId,
    /// The catalogue's capacity, in places.
    pub wanted: u32,
    /// Places held or secured.
    pub held: u32,
    /// Places sold.
    pub sold: u32,
}

/// A hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HoldFact {
    /// As in the state table, in snake case.
    pub state: String,
    /// Nothing for a tombstone of a hold never asked for.
    pub ticket_type_id: Option<TicketTypeId>,
    /// In places.
    pub quantity: u32,
    /// When a hold or a payment window ends.
    pub until: Option<Timestamp>,
    /// The order that it belongs or belonged to.
    pub order_id: Option<OrderId>,
    /// That order's securing.
    pub securing: Option<u32>,
}

/// How many tickets an order has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct OrderTickets {
    /// Valid tickets by ticket type.
    pub valid: BTreeMap<TicketTypeId, u32>,
    /// Void tickets.
    pub void: u32,
    /// Different codes among the valid ones.
    pub codes: u32,
}

impl Facts {
    /// Holds whose time runs, in order: while there is one, the box office is not at rest.
    #[must_use]
    pub fn open_holds(&self) -> Vec<HoldId> {
        self.holds.iter().filter(|(_, hold)| hold.state == "held").map(|(id, _)| *id).collect()
    }
}

/// Reads the facts in `tx`.
///
/// # Errors
/// The database cannot be read, or holds what this version does not know.
pub fn read(tx: &mut Tx<'_>) -> Result<Facts, SqlError> {
    Ok(Facts { events: events(tx)?, ticket_types: ticket_types(tx)?, holds: holds(tx)?, tickets: tickets(tx)? })
}

fn events(tx: &mut Tx<'_>) -> Result<BTreeMap<EventId, EventFact>, SqlError> {
    let rows = tx.query("SELECT id, catalog_version, published, cancelled FROM events", params![], |row| {
        Ok((EventId::new(row.get(0)?), EventFact { version: row.get(1)?, published: row.get(2)?, cancelled: row.get(3)? }))
    })?;
    Ok(rows.into_iter().collect())
}

fn ticket_types(tx: &mut Tx<'_>) -> Result<BTreeMap<TicketTypeId, TicketTypeFact>, SqlError> {
    let rows = tx.query("SELECT id, event_id, wanted, held, sold FROM ticket_types", params![], |row| {
        let fact = TicketTypeFact { event_id: EventId::new(row.get(1)?), wanted: row.get(2)?, held: row.get(3)?, sold: row.get(4)? };
        Ok((TicketTypeId::new(row.get(0)?), fact))
    })?;
    Ok(rows.into_iter().collect())
}

fn holds(tx: &mut Tx<'_>) -> Result<BTreeMap<HoldId, HoldFact>, SqlError> {
    let sql = "SELECT id, state, ticket_type_id, quantity, until, order_id, securing FROM holds";
    Ok(tx.query(sql, params![], |row| Ok((HoldId::new(row.get(0)?), hold(row)?)))?.into_iter().collect())
}

fn hold(row: &Row<'_>) -> Result<HoldFact, SqlError> {
    Ok(HoldFact {
        state: row.get(1)?,
        ticket_type_id: row.get::<Option<uuid::Uuid>>(2)?.map(TicketTypeId::new),
        quantity: row.get(3)?,
        until: row.get(4)?,
        order_id: row.get::<Option<uuid::Uuid>>(5)?.map(OrderId::new),
        securing: row.get(6)?,
    })
}

fn tickets(tx: &mut Tx<'_>) -> Result<BTreeMap<OrderId, OrderTickets>, SqlError> {
    let sql =
        "SELECT order_id, ticket_type_id, valid, count(*), count(DISTINCT code) FROM tickets GROUP BY order_id, ticket_type_id, valid";
    let rows = tx.query(sql, params![], |row| {
        Ok((OrderId::new(row.get(0)?), TicketTypeId::new(row.get(1)?), row.get::<bool>(2)?, row.get::<u32>(3)?, row.get::<u32>(4)?))
    })?;
    let mut orders: BTreeMap<OrderId, OrderTickets> = BTreeMap::new();
    for (order_id, ticket_type_id, valid, count, codes) in rows {
        let order = orders.entry(order_id).or_default();
        if valid {
            order.valid.insert(ticket_type_id, count);
            order.codes += codes;
        } else {
            order.void += count;
        }
    }
    Ok(orders)
}
