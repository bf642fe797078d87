//! Rows of events and ticket types: copies of the catalogue's.

use contracts::EventId;
use contracts::event_catalog::{EventState, EventStatus, TicketTypeState};
use storage::{SqlError, Tx, params};

use super::counters::read_availability;
use crate::api::{Availability, Known};

/// Takes in the news of a published event if it is newer. A cancellation is for ever. Answers whether it is cancelled.
pub(crate) fn put_event(tx: &mut Tx<'_>, event: &EventState, published: bool) -> Result<bool, SqlError> {
    tx.query_one(
        "INSERT INTO events (id, catalog_version, published, cancelled) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (id) DO UPDATE SET \
             catalog_version = CASE WHEN excluded.catalog_version > events.catalog_version \
                 THEN excluded.catalog_version ELSE events.catalog_version END, \
             published = events.published OR excluded.published, \
             cancelled = events.cancelled OR excluded.cancelled \
         RETURNING cancelled",
        params![event.event_id.to_uuid(), event.version, published, event.status == EventStatus::Cancelled],
        |row| row.get(0),
    )
}

/// Whether the event is known to be cancelled. Locks the event's row against its cancellation.
pub(crate) fn is_cancelled(tx: &mut Tx<'_>, id: EventId) -> Result<bool, SqlError> {
    let sql = "UPDATE events SET catalog_version = catalog_version WHERE id = $1 RETURNING cancelled";
    Ok(tx.query_optional(sql, params![id.to_uuid()], |row| row.get(0))?.unwrap_or(false))
}

/// Enters a ticket type, or takes in the catalogue's row if it is newer. Answers what is left if that changed.
pub(crate) fn put_ticket_type(tx: &mut Tx<'_>, new: &TicketTypeState, cancelled: bool) -> Result<Option<Availability>, SqlError> {
    tx.query_optional(
        "INSERT INTO ticket_types \
             (id, event_id, version, catalog_version, wanted, held, sold, quantity_max, sale_starts, sale_ends, cancelled) \
         VALUES ($1, $2, 1, $3, $4, 0, 0, $5, $6, $7, $8) \
         ON CONFLICT (id) DO UPDATE SET version = ticket_types.version + 1, catalog_version = excluded.catalog_version, \
             wanted = excluded.wanted, quantity_max = excluded.quantity_max, sale_starts = excluded.sale_starts, \
             sale_ends = excluded.sale_ends \
         WHERE excluded.catalog_version > ticket_types.catalog_version \
         RETURNING id, event_id, version, wanted, held, sold",
        params![
            new.ticket_type_id.to_uuid(),
            new.event_id.to_uuid(),
            new.version,
            new.capacity,
            new.quantity_max,
            new.sale_starts,
            new.sale_ends,
            cancelled
        ],
        read_availability,
    )
}

/// Marks all ticket types of an event as cancelled: no places can be had any more. The organiser's few types, one row each.
pub(crate) fn cancel_ticket_types(tx: &mut Tx<'_>, event_id: EventId) -> Result<(), SqlError> {
    tx.execute("UPDATE ticket_types SET cancelled = TRUE WHERE event_id = $1", params![event_id.to_uuid()])?;
    Ok(())
}

/// What is known of an event.
pub(crate) fn known(tx: &mut Tx<'_>, id: EventId) -> Result<Known, SqlError> {
    let event = tx.query_optional("SELECT published, cancelled FROM events WHERE id = $1", params![id.to_uuid()], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    let ticket_types = tx.query_one("SELECT count(*) FROM ticket_types WHERE event_id = $1", params![id.to_uuid()], |row| row.get(0))?;
    let (known, cancelled) = event.unwrap_or_default();
    Ok(Known { known, cancelled, ticket_types })
}
