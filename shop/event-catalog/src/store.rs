//! The catalog's SQL, as functions over a transaction.

use std::collections::BTreeMap;

use contracts::box_office::AvailabilityChanged;
use contracts::event_catalog::EventStatus;
use contracts::{Currency, EventId, Money, TicketTypeId};
use hosting::Timestamp;
use messaging::HandlerError;
use storage::{FromValue, Row, SqlError, Tx, Value, WrongValue, params};
use uuid::Uuid;

use crate::event::{Event, TicketType};

/// Where a page begins: after the event that starts then and has this id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) starts: Timestamp,
    pub(crate) id: EventId,
}

/// Which events a page shows, in the order of their start.
#[derive(Debug, Clone)]
pub(crate) struct Filter {
    pub(crate) after: Position,
    /// Text to be found in title, venue, city or category, in lower case.
    pub(crate) text: Option<String>,
    /// The city, in lower case.
    pub(crate) city: Option<String>,
    pub(crate) limit: u32,
}

pub(crate) fn insert(tx: &mut Tx<'_>, event: &Event) -> Result<(), SqlError> {
    tx.execute(
        "INSERT INTO events (event_id, version, title, description, category, venue, city, city_key, starts, cancelled, search)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        params![
            event.id.to_uuid(),
            event.version,
            event.title,
            event.description,
            event.category,
            event.venue,
            event.city,
            event.city.to_lowercase(),
            event.starts,
            event.status == EventStatus::Cancelled,
            searched(event)
        ],
    )?;
    for (position, kind) in (0_u32..).zip(&event.ticket_types) {
        insert_ticket_type(tx, event.id, position, kind)?;
    }
    Ok(())
}

fn insert_ticket_type(tx: &mut Tx<'_>, event_id: EventId, position: u32, kind: &TicketType) -> Result<(), SqlError> {
    tx.execute(
        "INSERT INTO ticket_types (ticket_type_id, event_id, position, version, name, price_minor, currency,
            capacity, quantity_max, sale_starts, sale_ends)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        params![
            kind.id.to_uuid(),
            event_id.to_uuid(),
            position,
            kind.version,
            kind.name,
            kind.price.amount_minor,
            kind.price.currency.as_str(),
            kind.capacity,
            kind.quantity_max,
            kind.sale_starts,
            kind.sale_ends
        ],
    )?;
    Ok(())
}

const EVENT: &str = "event_id, version, title, description, category, venue, city, starts, cancelled";

/// The event, its row kept from others until the step ends.
pub(crate) fn lock(tx: &mut Tx<'_>, id: EventId) -> Result<Option<Event>, SqlError> {
    let sql = format!("UPDATE events SET version = version WHERE event_id = $1 RETURNING {EVENT}");
    one(tx, &sql, id)
}

pub(crate) fn event(tx: &mut Tx<'_>, id: EventId) -> Result<Option<Event>, SqlError> {
    one(tx, &format!("SELECT {EVENT} FROM events WHERE event_id = $1"), id)
}

fn one(tx: &mut Tx<'_>, sql: &str, id: EventId) -> Result<Option<Event>, SqlError> {
    let Some(mut event) = tx.query_optional(sql, params![id.to_uuid()], read_event)? else { return Ok(None) };
    event.ticket_types = ticket_types(tx, id)?;
    Ok(Some(event))
}

/// The first events of the filter after its position.
pub(crate) fn page(tx: &mut Tx<'_>, filter: &Filter) -> Result<Vec<Event>, SqlError> {
    let pattern = filter.text.as_deref().map(like);
    let of_city = if filter.city.is_some() { "city_key = $4" } else { "CAST($4 AS TEXT) IS NULL" };
    let mut events = tx.query(
        &format!(
            "SELECT {EVENT} FROM events
             WHERE (starts, event_id) > ($1, $2)
               AND (CAST($3 AS TEXT) IS NULL OR search LIKE $3 ESCAPE '\\')
               AND {of_city}
             ORDER BY starts, event_id LIMIT $5"
        ),
        params![filter.after.starts, filter.after.id.to_uuid(), pattern, filter.city, filter.limit],
        read_event,
    )?;
    for event in &mut events {
        event.ticket_types = ticket_types(tx, event.id)?;
    }
    Ok(events)
}

pub(crate) fn has_events(tx: &mut Tx<'_>) -> Result<bool, SqlError> {
    tx.query_one("SELECT EXISTS (SELECT 1 FROM events)", params![], |row| row.get(0))
}

/// Every event, for audits.
pub(crate) fn all(tx: &mut Tx<'_>) -> Result<Vec<Event>, SqlError> {
    let mut events = tx.query(&format!("SELECT {EVENT} FROM events ORDER BY event_id"), params![], read_event)?;
    for event in &mut events {
        event.ticket_types = ticket_types(tx, event.id)?;
    }
    Ok(events)
}

/// Saves the rows that got a new version.
///
/// # Errors
/// A conflict if another writer was faster.
pub(crate) fn save(tx: &mut Tx<'_>, before: &Event, after: &Event) -> Result<(), HandlerError> {
    if after.version != before.version {
        let changed = tx.execute(
            "UPDATE events SET version = $3, title = $4, starts = $5, cancelled = $6, search = $7 WHERE event_id = $1 AND version = $2",
            params![
                after.id.to_uuid(),
                before.version,
                after.version,
                after.title,
                after.starts,
                after.status == EventStatus::Cancelled,
                searched(after)
            ],
        )?;
        expect_one(changed)?;
    }
    for (old, new) in before.ticket_types.iter().zip(&after.ticket_types) {
        if new.version != old.version {
            save_ticket_type(tx, old.version, new)?;
        }
    }
    Ok(())
}

fn save_ticket_type(tx: &mut Tx<'_>, version: u32, kind: &TicketType) -> Result<(), HandlerError> {
    let changed = tx.execute(
        "UPDATE ticket_types SET version = $3, price_minor = $4, capacity = $5, sale_ends = $6
         WHERE ticket_type_id = $1 AND version = $2",
        params![kind.id.to_uuid(), version, kind.version, kind.price.amount_minor, kind.capacity, kind.sale_ends],
    )?;
    expect_one(changed)
}

fn expect_one(changed: u64) -> Result<(), HandlerError> {
    if changed == 1 { Ok(()) } else { Err(HandlerError::conflict("another writer changed the event at the same time")) }
}

/// Keeps what the box office said last.
pub(crate) fn put_availability(tx: &mut Tx<'_>, event: &AvailabilityChanged) -> Result<(), SqlError> {
    tx.execute(
        "INSERT INTO availability (ticket_type_id, event_id, version, available) VALUES ($1, $2, $3, $4)
         ON CONFLICT (ticket_type_id) DO UPDATE SET version = excluded.version, available = excluded.available
         WHERE excluded.version > availability.version",
        params![event.ticket_type_id.to_uuid(), event.event_id.to_uuid(), event.version, event.available],
    )?;
    Ok(())
}

/// What is left of each ticket type of an event, as far as the box office has said.
pub(crate) fn availability(tx: &mut Tx<'_>, id: EventId) -> Result<BTreeMap<TicketTypeId, u32>, SqlError> {
    let sql = "SELECT ticket_type_id, available FROM availability WHERE event_id = $1";
    let rows = tx.query(sql, params![id.to_uuid()], |row| Ok((TicketTypeId::new(row.get(0)?), row.get(1)?)))?;
    Ok(rows.into_iter().collect())
}

fn ticket_types(tx: &mut Tx<'_>, id: EventId) -> Result<Vec<TicketType>, SqlError> {
    tx.query(
        "SELECT ticket_type_id, version, name, price_minor, currency, capacity, quantity_max, sale_starts, sale_ends
         FROM ticket_types WHERE event_id = $1 ORDER BY position",
        params![id.to_uuid()],
        |row| {
            Ok(TicketType {
                id: TicketTypeId::new(row.get(0)?),
                version: row.get(1)?,
                name: row.get(2)?,
                price: Money::new(row.get(3)?, row.get::<CurrencyColumn>(4)?.0),
                capacity: row.get(5)?,
                quantity_max: row.get(6)?,
                sale_starts: row.get(7)?,
                sale_ends: row.get(8)?,
            })
        },
    )
}

fn read_event(row: &Row<'_>) -> Result<Event, SqlError> {
    Ok(Event {
        id: EventId::new(row.get::<Uuid>(0)?),
        version: row.get(1)?,
        title: row.get(2)?,
        description: row.get(3)?,
        category: row.get(4)?,
        venue: row.get(5)?,
        city: row.get(6)?,
        starts: row.get(7)?,
        status: if row.get(8)? { EventStatus::Cancelled } else { EventStatus::Published },
        ticket_types: Vec::new(),
    })
}

/// A currency as its column has it.
struct CurrencyColumn(Currency);

impl FromValue for CurrencyColumn {
    fn from_value(value: Value<'_>) -> Result<Self, WrongValue> {
        String::from_value(value)?.parse().map(Self).map_err(|_| WrongValue { expected: "currency" })
    }
}

fn searched(event: &Event) -> String {
    format!("{}\n{}\n{}\n{}", event.title, event.venue, event.city, event.category).to_lowercase()
}

/// A pattern that finds `text` anywhere, whatever characters it has.
fn like(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}
