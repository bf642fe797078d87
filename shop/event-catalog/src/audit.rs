//! The catalog's facts for the shop's invariants: what copies elsewhere must equal at rest.

use contracts::event_catalog::{EventState, TicketTypeState};
use contracts::{EventId, TicketTypeId};
use serde::Serialize;
use storage::{SqlError, Tx, params};

use crate::store;

/// All that the catalog says in public, each list in the order of its ids. It has no work of its own under way, so
/// that nothing here keeps the shop from being at rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Facts {
    pub events: Vec<EventState>,
    pub ticket_types: Vec<TicketTypeState>,
    pub availability: Vec<Availability>,
}

/// The copy of what the box office says is left of a ticket type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Availability {
    pub ticket_type_id: TicketTypeId,
    pub event_id: EventId,
    /// The box office's version.
    pub version: u32,
    pub available: u32,
}

/// Reads the facts, in the caller's transaction.
///
/// # Errors
/// Those of the database.
pub fn read(tx: &mut Tx<'_>) -> Result<Facts, SqlError> {
    let events = store::all(tx)?;
    let mut ticket_types: Vec<TicketTypeState> =
        events.iter().flat_map(|event| event.ticket_types.iter().map(|kind| kind.state(event.id))).collect();
    ticket_types.sort_by_key(|kind| kind.ticket_type_id);
    let availability =
        tx.query("SELECT ticket_type_id, event_id, version, available FROM availability ORDER BY ticket_type_id", params![], |row| {
            Ok(Availability {
                ticket_type_id: TicketTypeId::new(row.get(0)?),
                event_id: EventId::new(row.get(1)?),
                version: row.get(2)?,
                available: row.get(3)?,
            })
        })?;
    Ok(Facts { events: events.iter().map(crate::Event::state).collect(), ticket_types, availability })
}
