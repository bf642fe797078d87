//! The box office's facts for the shop's invariants, read in one transaction. Reads whole tables, so it is for checks,
//! not for requests.

use contracts::{BasketId, EventId, HoldId, OrderId, TicketTypeId};
use hosting::Timestamp;
use serde::Serialize;
use storage::{Row, SqlError, Tx, params};
use uuid::Uuid;

/// All that the box office knows at one moment, each list in the order of its ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Facts {
    pub events: Vec<EventFacts>,
    pub ticket_types: Vec<TicketTypeFacts>,
    /// Every hold, tombstones included.
    pub holds: Vec<HoldFacts>,
    /// The tickets of every order that has some, by order and ticket type.
    pub tickets: Vec<TicketFacts>,
}

/// An event as the box office knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventFacts {
    pub event_id: EventId,
    /// Of the catalogue's row, at the last news.
    pub version: u32,
    pub published: bool,
    pub cancelled: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TicketTypeFacts {
    pub ticket_type_id: TicketTypeId,
    pub event_id: EventId,
    /// Grows with each change of the counter.
    pub version: u32,
    /// The catalogue's capacity, in places.
    pub wanted: u32,
    /// Places held or secured. Signed as it is stored, so that what should never be negative can be seen.
    pub held: i64,
    pub sold: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HoldFacts {
    pub hold_id: HoldId,
    /// As in the state table, in snake case.
    pub state: String,
    /// Whose line it is; nothing for a tombstone of a hold never asked for.
    pub basket_id: Option<BasketId>,
    /// Of what; nothing for such a tombstone.
    pub ticket_type_id: Option<TicketTypeId>,
    /// Places that are bound in states held, secured and sold; else the last that were.
    pub quantity: u32,
    /// When the hold or the payment window ends.
    pub until: Option<Timestamp>,
    /// The order that it belongs or belonged to.
    pub order_id: Option<OrderId>,
    /// That order's securing.
    pub securing: Option<u32>,
}

/// How many tickets of a type an order has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TicketFacts {
    pub order_id: OrderId,
    pub ticket_type_id: TicketTypeId,
    /// Tickets that let somebody in.
    pub valid: u32,
    /// Tickets that do not.
    pub void: u32,
    /// Different codes among all of them.
    pub codes: u32,
}

impl HoldFacts {
    /// Its time runs: while there is such a hold, the box office is not at rest.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state == "held"
    }
}

impl Facts {
    /// Holds whose time runs, in order.
    pub fn open_holds(&self) -> impl Iterator<Item = &HoldFacts> {
        self.holds.iter().filter(|hold| hold.is_open())
    }
}

/// Reads the facts in `tx`.
///
/// # Errors
/// The database cannot be read, or holds what this version does not know.
pub fn read(tx: &mut Tx<'_>) -> Result<Facts, SqlError> {
    Ok(Facts { events: events(tx)?, ticket_types: ticket_types(tx)?, holds: holds(tx)?, tickets: tickets(tx)? })
}

fn events(tx: &mut Tx<'_>) -> Result<Vec<EventFacts>, SqlError> {
    tx.query("SELECT id, catalog_version, published, cancelled FROM events ORDER BY id", params![], |row| {
        Ok(EventFacts { event_id: EventId::new(row.get(0)?), version: row.get(1)?, published: row.get(2)?, cancelled: row.get(3)? })
    })
}

fn ticket_types(tx: &mut Tx<'_>) -> Result<Vec<TicketTypeFacts>, SqlError> {
    tx.query("SELECT id, event_id, version, wanted, held, sold FROM ticket_types ORDER BY id", params![], |row| {
        Ok(TicketTypeFacts {
            ticket_type_id: TicketTypeId::new(row.get(0)?),
            event_id: EventId::new(row.get(1)?),
            version: row.get(2)?,
            wanted: row.get(3)?,
            held: row.get(4)?,
            sold: row.get(5)?,
        })
    })
}

fn holds(tx: &mut Tx<'_>) -> Result<Vec<HoldFacts>, SqlError> {
    let sql = "SELECT id, state, basket_id, ticket_type_id, quantity, until, order_id, securing FROM holds ORDER BY id";
    tx.query(sql, params![], hold)
}

fn hold(row: &Row<'_>) -> Result<HoldFacts, SqlError> {
    Ok(HoldFacts {
        hold_id: HoldId::new(row.get(0)?),
        state: row.get(1)?,
        basket_id: row.get::<Option<Uuid>>(2)?.map(BasketId::new),
        ticket_type_id: row.get::<Option<Uuid>>(3)?.map(TicketTypeId::new),
        quantity: row.get(4)?,
        until: row.get(5)?,
        order_id: row.get::<Option<Uuid>>(6)?.map(OrderId::new),
        securing: row.get(7)?,
    })
}

fn tickets(tx: &mut Tx<'_>) -> Result<Vec<TicketFacts>, SqlError> {
    let sql = "SELECT order_id, ticket_type_id, sum(CASE WHEN valid THEN 1 ELSE 0 END), sum(CASE WHEN valid THEN 0 ELSE 1 END), \
                   count(DISTINCT code) \
               FROM tickets GROUP BY order_id, ticket_type_id ORDER BY order_id, ticket_type_id";
    tx.query(sql, params![], |row| {
        Ok(TicketFacts {
            order_id: OrderId::new(row.get(0)?),
            ticket_type_id: TicketTypeId::new(row.get(1)?),
            valid: row.get(2)?,
            void: row.get(3)?,
            codes: row.get(4)?,
        })
    })
}
