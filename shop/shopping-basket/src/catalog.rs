//! The SQL of the basket's copy of the catalog: the newest version of each row that was heard of, in whatever order.

use std::collections::BTreeMap;

use contracts::event_catalog::{EventState, EventStatus, TicketTypeState};
use contracts::{BasketId, EventId, Money, TicketTypeId};
use storage::{Row, SqlError, Tx, params};

use crate::basket::Offer;
use crate::store::CurrencyColumn;

/// What the copy knows of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KnownEvent {
    pub(crate) cancelled: bool,
    /// Its ticket types are known.
    pub(crate) published: bool,
}

/// Keeps the event's state. `false` if the copy has it, or a newer one.
pub(crate) fn put_event(tx: &mut Tx<'_>, event: &EventState) -> Result<bool, SqlError> {
    let changed = tx.execute(
        "INSERT INTO events (event_id, version, title, starts, cancelled, published) VALUES ($1, $2, $3, $4, $5, FALSE)
         ON CONFLICT (event_id) DO UPDATE
         SET version = excluded.version, title = excluded.title, starts = excluded.starts, cancelled = excluded.cancelled
         WHERE excluded.version > events.version",
        params![event.event_id.to_uuid(), event.version, event.title, event.starts, event.status == EventStatus::Cancelled],
    )?;
    Ok(changed > 0)
}

/// The event's ticket types are known from now on.
pub(crate) fn mark_published(tx: &mut Tx<'_>, id: EventId) -> Result<(), SqlError> {
    tx.execute("UPDATE events SET published = TRUE WHERE event_id = $1 AND NOT published", params![id.to_uuid()])?;
    Ok(())
}

/// Keeps the ticket type's state, unless the copy has it or a newer one.
pub(crate) fn put_ticket_type(tx: &mut Tx<'_>, kind: &TicketTypeState) -> Result<(), SqlError> {
    tx.execute(
        "INSERT INTO ticket_types (ticket_type_id, event_id, version, name, price_minor, currency, quantity_max)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (ticket_type_id) DO UPDATE
         SET version = excluded.version, name = excluded.name, price_minor = excluded.price_minor,
             currency = excluded.currency, quantity_max = excluded.quantity_max
         WHERE excluded.version > ticket_types.version",
        params![
            kind.ticket_type_id.to_uuid(),
            kind.event_id.to_uuid(),
            kind.version,
            kind.name,
            kind.price.amount_minor,
            kind.price.currency.as_str(),
            kind.quantity_max
        ],
    )?;
    Ok(())
}

/// Only in a simulation without `version-check`: whatever comes next of the event is taken for newer.
pub(crate) fn forget_version_of_event(tx: &mut Tx<'_>, id: EventId) -> Result<(), SqlError> {
    tx.execute("UPDATE events SET version = 0 WHERE event_id = $1", params![id.to_uuid()])?;
    Ok(())
}

/// The same of a ticket type.
pub(crate) fn forget_version_of_ticket_type(tx: &mut Tx<'_>, id: TicketTypeId) -> Result<(), SqlError> {
    tx.execute("UPDATE ticket_types SET version = 0 WHERE ticket_type_id = $1", params![id.to_uuid()])?;
    Ok(())
}

/// What is known of the event, its row kept from others until the step ends: a cancellation waits, and then finds what
/// was decided here.
pub(crate) fn lock_event(tx: &mut Tx<'_>, id: EventId) -> Result<Option<KnownEvent>, SqlError> {
    let sql = "UPDATE events SET version = version WHERE event_id = $1 RETURNING cancelled, published";
    tx.query_optional(sql, params![id.to_uuid()], |row| Ok(KnownEvent { cancelled: row.get(0)?, published: row.get(1)? }))
}

const OFFER: &str =
    "t.event_id, e.title, e.cancelled, t.ticket_type_id, t.name, t.price_minor, t.currency, t.quantity_max, e.version, e.starts";

/// A ticket type of an event, as it is offered today.
pub(crate) fn offer(tx: &mut Tx<'_>, event_id: EventId, ticket_type_id: TicketTypeId) -> Result<Option<Offer>, SqlError> {
    let sql = format!(
        "SELECT {OFFER} FROM ticket_types t JOIN events e ON e.event_id = t.event_id WHERE t.ticket_type_id = $1 AND t.event_id = $2"
    );
    tx.query_optional(&sql, params![ticket_type_id.to_uuid(), event_id.to_uuid()], read_offer)
}

/// What the lines of a basket are about, as it is offered today.
pub(crate) fn offers_of(tx: &mut Tx<'_>, basket_id: BasketId) -> Result<BTreeMap<TicketTypeId, Offer>, SqlError> {
    let sql = format!(
        "SELECT {OFFER} FROM lines l JOIN ticket_types t ON t.ticket_type_id = l.ticket_type_id JOIN events e ON e.event_id = t.event_id
         WHERE l.basket_id = $1"
    );
    let offers = tx.query(&sql, params![basket_id.to_uuid()], read_offer)?;
    Ok(offers.into_iter().map(|offer| (offer.ticket_type_id, offer)).collect())
}

fn read_offer(row: &Row<'_>) -> Result<Offer, SqlError> {
    Ok(Offer {
        event_id: EventId::new(row.get(0)?),
        event_title: row.get(1)?,
        event_cancelled: row.get(2)?,
        ticket_type_id: TicketTypeId::new(row.get(3)?),
        ticket_type_name: row.get(4)?,
        price: Money::new(row.get(5)?, row.get::<CurrencyColumn>(6)?.0),
        quantity_max: row.get(7)?,
        event_version: row.get(8)?,
        event_starts: row.get(9)?,
    })
}
