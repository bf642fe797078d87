//! Which events of the programme a new shop has entered already. Remembered for as long as the shop lives, in the same
//! step as the event itself, so that a first start may be broken off anywhere and taken up at any time.

use contracts::EventId;
use messaging::Context;
use messaging::http::Problem;
use storage::{SqlError, Tx, params};
use uuid::Uuid;

use crate::event::NewEvent;
use crate::{changes, store};

/// A planned event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the programme, from 0.
    pub number: u32,
    /// The event, once it was entered.
    pub event_id: Option<EventId>,
}

/// Plans `events` events, unless they were planned before or the catalogue has events already.
///
/// # Errors
/// Those of the database.
pub fn plan(ctx: &mut Context<'_>, events: u32) -> Result<(), Problem> {
    if store::has_events(ctx.tx())? || !entries(ctx.tx())?.is_empty() {
        return Ok(());
    }
    for number in 0..events {
        ctx.tx().execute("INSERT INTO seed_events (number) VALUES ($1)", params![number])?;
    }
    Ok(())
}

/// The planned events, in the programme's order; none where the shop was begun with events of its own.
///
/// # Errors
/// Those of the database.
pub fn entries(tx: &mut Tx<'_>) -> Result<Vec<Entry>, SqlError> {
    tx.query("SELECT number, event_id FROM seed_events ORDER BY number", params![], |row| {
        Ok(Entry { number: row.get(0)?, event_id: row.get::<Option<Uuid>>(1)?.map(EventId::new) })
    })
}

/// Enters a planned event and publishes it, unless that was done before.
///
/// # Errors
/// 422 for a value that is against a rule.
pub fn enter(ctx: &mut Context<'_>, number: u32, new: &NewEvent) -> Result<(), Problem> {
    let sql = "UPDATE seed_events SET number = number WHERE number = $1 AND event_id IS NULL";
    if ctx.tx().execute(sql, params![number])? == 0 {
        return Ok(());
    }
    let event = changes::create(ctx, new)?;
    ctx.tx().execute("UPDATE seed_events SET event_id = $2 WHERE number = $1", params![number, event.id.to_uuid()])?;
    Ok(())
}
