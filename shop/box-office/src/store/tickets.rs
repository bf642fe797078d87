//! Rows of tickets.

use contracts::{EventId, HoldId, OrderId, TicketId, TicketTypeId};
use hosting::Timestamp;
use storage::{SqlError, Tx, params};

use crate::api::TicketView;

/// A ticket that is made now.
#[derive(Debug, Clone)]
pub(crate) struct NewTicket {
    /// Sorts after those made before.
    pub(crate) id: TicketId,
    /// What lets one person in; unique.
    pub(crate) code: String,
    pub(crate) order_id: OrderId,
    pub(crate) hold_id: HoldId,
    pub(crate) event_id: EventId,
    pub(crate) ticket_type_id: TicketTypeId,
}

/// Writes a ticket, valid from now on.
pub(crate) fn insert_ticket(tx: &mut Tx<'_>, ticket: &NewTicket, now: Timestamp) -> Result<(), SqlError> {
    tx.execute(
        "INSERT INTO tickets (id, code, order_id, hold_id, event_id, ticket_type_id, valid, version, issued) \
         VALUES ($1, $2, $3, $4, $5, $6, TRUE, 1, $7)",
        params![
            ticket.id.to_uuid(),
            ticket.code,
            ticket.order_id.to_uuid(),
            ticket.hold_id.to_uuid(),
            ticket.event_id.to_uuid(),
            ticket.ticket_type_id.to_uuid(),
            now
        ],
    )?;
    Ok(())
}

/// Makes the tickets of a hold void; answers how many were valid.
pub(crate) fn void_tickets(tx: &mut Tx<'_>, hold_id: HoldId) -> Result<u64, SqlError> {
    let sql = "UPDATE tickets SET valid = FALSE, version = version + 1 WHERE hold_id = $1 AND valid = TRUE";
    tx.execute(sql, params![hold_id.to_uuid()])
}

/// The tickets of an order after `after`, at most `limit`, in order of their making.
pub(crate) fn tickets(tx: &mut Tx<'_>, id: OrderId, after: Option<TicketId>, limit: u32) -> Result<Vec<(TicketId, TicketView)>, SqlError> {
    let after = after.map_or(uuid::Uuid::nil(), TicketId::to_uuid);
    let sql = "SELECT id, code, event_id, ticket_type_id, valid FROM tickets WHERE order_id = $1 AND id > $2 ORDER BY id LIMIT $3";
    tx.query(sql, params![id.to_uuid(), after, limit], |row| {
        let view = TicketView {
            code: row.get(1)?,
            event_id: EventId::new(row.get(2)?),
            ticket_type_id: TicketTypeId::new(row.get(3)?),
            valid: row.get(4)?,
        };
        Ok((TicketId::new(row.get(0)?), view))
    })
}

/// Whether a hold is or was this order's.
pub(crate) fn knows_order(tx: &mut Tx<'_>, id: OrderId) -> Result<bool, SqlError> {
    Ok(tx.query_optional("SELECT 1 FROM holds WHERE order_id = $1 LIMIT 1", params![id.to_uuid()], |row| row.get::<i64>(0))?.is_some())
}
