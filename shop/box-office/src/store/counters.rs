//! The counters of ticket types. Loading one locks it; one conditional update takes places and gives them back.

use contracts::{EventId, TicketTypeId};
use storage::{Row, SqlError, Tx, params};

use crate::api::Availability;
use crate::counter::{Counter, CounterChange, EventStanding, TicketType};

/// A ticket type and whether its event takes place; nothing while it is not known. Locked from now on.
pub(crate) fn load_ticket_type(tx: &mut Tx<'_>, id: TicketTypeId) -> Result<Option<(TicketType, EventStanding)>, SqlError> {
    let sql = "UPDATE ticket_types SET version = version WHERE id = $1 \
               RETURNING wanted, held, sold, quantity_max, sale_starts, sale_ends, cancelled";
    tx.query_optional(sql, params![id.to_uuid()], |row| {
        let ticket_type = TicketType {
            counter: Counter { wanted: row.get(0)?, held: row.get(1)?, sold: row.get(2)? },
            quantity_max: row.get(3)?,
            sale_starts: row.get(4)?,
            sale_ends: row.get(5)?,
        };
        let standing = if row.get(6)? { EventStanding::Cancelled } else { EventStanding::Open };
        Ok((ticket_type, standing))
    })
}

/// Takes or gives back. Nothing, and nothing changed, when so many places are not there any more.
pub(crate) fn change_counter(tx: &mut Tx<'_>, change: CounterChange) -> Result<Option<Availability>, SqlError> {
    tx.query_optional(
        "UPDATE ticket_types SET held = held + $2, sold = sold + $3, version = version + 1 \
         WHERE id = $1 AND held + $2 >= 0 AND sold + $3 >= 0 AND ($2 + $3 <= 0 OR wanted - held - sold >= $2 + $3) \
         RETURNING id, event_id, version, wanted, held, sold",
        params![change.ticket_type_id.to_uuid(), change.held, change.sold],
        read_availability,
    )
}

/// Gives held places back without asking whether they are held. Only for a simulation that shows why one asks.
pub(crate) fn give_back(tx: &mut Tx<'_>, id: TicketTypeId, quantity: u32) -> Result<(), SqlError> {
    let sql = "UPDATE ticket_types SET held = CASE WHEN held > $2 THEN held - $2 ELSE 0 END, version = version + 1 WHERE id = $1";
    tx.execute(sql, params![id.to_uuid(), quantity])?;
    Ok(())
}

/// What is left of a ticket type; nothing while it is not known.
pub(crate) fn availability(tx: &mut Tx<'_>, id: TicketTypeId) -> Result<Option<Availability>, SqlError> {
    let sql = "SELECT id, event_id, version, wanted, held, sold FROM ticket_types WHERE id = $1";
    tx.query_optional(sql, params![id.to_uuid()], read_availability)
}

/// Reads id, event, version, wanted, held, sold.
pub(super) fn read_availability(row: &Row<'_>) -> Result<Availability, SqlError> {
    let counter = Counter { wanted: row.get(3)?, held: row.get(4)?, sold: row.get(5)? };
    Ok(Availability {
        ticket_type_id: TicketTypeId::new(row.get(0)?),
        event_id: EventId::new(row.get(1)?),
        version: row.get(2)?,
        available: counter.available(),
    })
}
