//! Ordering's copy of the catalogue's events: the newest version that was heard of, from the catalogue or with an order, in
//! whatever order they came. One row an event, however many orders it is in.

use std::collections::BTreeMap;

use contracts::EventId;
use contracts::event_catalog::{EventState, EventStatus};
use contracts::ordering::{OrderLine, PlaceOrder};
use hosting::Timestamp;
use storage::{Row, SqlError, Tx, params};

/// What ordering knows of an event.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct KnownEvent {
    pub event_id: EventId,
    /// The catalogue's version; 0 where an order named the event and did not say which it saw.
    pub version: u32,
    pub title: String,
    /// Nothing at version 0.
    pub starts: Option<Timestamp>,
    /// It does not take place, for ever.
    pub cancelled: bool,
}

impl From<&EventState> for KnownEvent {
    fn from(event: &EventState) -> Self {
        Self {
            event_id: event.event_id,
            version: event.version,
            title: event.title.clone(),
            starts: Some(event.starts),
            cancelled: event.status == EventStatus::Cancelled,
        }
    }
}

/// As the buyer saw it: it was not cancelled then.
impl From<&OrderLine> for KnownEvent {
    fn from(line: &OrderLine) -> Self {
        let (version, title) = (line.event_version, line.event_title.clone());
        Self { event_id: line.event_id, version, title, starts: line.event_starts, cancelled: false }
    }
}

/// Keeps the event's state. `false` if the copy has it, or a newer one.
pub(crate) fn put(tx: &mut Tx<'_>, event: &KnownEvent) -> Result<bool, SqlError> {
    let changed = tx.execute(
        "INSERT INTO known_events (event_id, version, cancelled, title, starts) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (event_id) DO UPDATE
         SET version = excluded.version, cancelled = known_events.cancelled OR excluded.cancelled, title = excluded.title,
             starts = excluded.starts
         WHERE excluded.version > known_events.version",
        params![event.event_id.to_uuid(), event.version, event.cancelled, event.title, event.starts],
    )?;
    Ok(changed > 0)
}

/// Only in a simulation without `version-check`: whatever comes next of the event is taken for newer.
pub(crate) fn forget_version(tx: &mut Tx<'_>, id: EventId) -> Result<(), SqlError> {
    tx.execute("UPDATE known_events SET version = 0 WHERE event_id = $1", params![id.to_uuid()])?;
    Ok(())
}

/// Takes in the events that the order names, and answers one that is known to be cancelled. Each event's row is locked by an
/// update that changes nothing, so that a cancellation comes either before this step, and is seen, or after it, and finds
/// the order.
pub(crate) fn cancelled_event_of(tx: &mut Tx<'_>, msg: &PlaceOrder) -> Result<Option<EventId>, SqlError> {
    let lines: BTreeMap<EventId, &OrderLine> = msg.lines.iter().map(|line| (line.event_id, line)).collect();
    let mut found = None;
    for (event_id, line) in lines {
        put(tx, &KnownEvent::from(line))?;
        let lock = "UPDATE known_events SET version = version WHERE event_id = $1 RETURNING cancelled";
        if tx.query_one(lock, params![event_id.to_uuid()], |row| row.get::<bool>(0))? {
            found = found.or(Some(event_id));
        }
    }
    Ok(found)
}

/// What is known of the events of an order's lines.
pub(crate) fn events_of(tx: &mut Tx<'_>, lines: &[OrderLine]) -> Result<BTreeMap<EventId, KnownEvent>, SqlError> {
    let sql = format!("SELECT {COLUMNS} FROM known_events WHERE event_id = $1");
    let mut known = BTreeMap::new();
    for line in lines {
        if let Some(event) = tx.query_optional(&sql, params![line.event_id.to_uuid()], read)? {
            known.insert(line.event_id, event);
        }
    }
    Ok(known)
}

/// All that is known, by id.
pub(crate) fn all(tx: &mut Tx<'_>) -> Result<Vec<KnownEvent>, SqlError> {
    tx.query(&format!("SELECT {COLUMNS} FROM known_events ORDER BY event_id"), params![], read)
}

const COLUMNS: &str = "event_id, version, title, starts, cancelled";

fn read(row: &Row<'_>) -> Result<KnownEvent, SqlError> {
    Ok(KnownEvent {
        event_id: EventId::new(row.get(0)?),
        version: row.get(1)?,
        title: row.get(2)?,
        starts: row.get(3)?,
        cancelled: row.get(4)?,
    })
}
