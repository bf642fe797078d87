//! The SQL of what marketing learnt, as functions over a transaction.

use contracts::{BasketId, EventId, LineId};
use hosting::Timestamp;
use storage::{Row, SqlError, Tx, params};
use uuid::Uuid;

use crate::interest::Interest;

/// A line of a basket.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    pub(crate) line_id: LineId,
    pub(crate) basket_id: BasketId,
    pub(crate) event_id: EventId,
    pub(crate) quantity: u32,
    /// Its places were held at some time.
    pub(crate) held: bool,
    /// It is still in the basket, and its event takes place.
    pub(crate) there: bool,
}

pub(crate) fn insert_line(tx: &mut Tx<'_>, line: &Line) -> Result<(), SqlError> {
    tx.execute(
        "INSERT INTO lines (line_id, basket_id, event_id, quantity, held, there) VALUES ($1, $2, $3, $4, $5, $6)",
        params![line.line_id.to_uuid(), line.basket_id.to_uuid(), line.event_id.to_uuid(), line.quantity, line.held, line.there],
    )?;
    Ok(())
}

pub(crate) fn update_line(tx: &mut Tx<'_>, line: &Line) -> Result<(), SqlError> {
    tx.execute(
        "UPDATE lines SET quantity = $2, held = $3, there = $4 WHERE line_id = $1",
        params![line.line_id.to_uuid(), line.quantity, line.held, line.there],
    )?;
    Ok(())
}

pub(crate) fn line(tx: &mut Tx<'_>, line_id: LineId) -> Result<Option<Line>, SqlError> {
    let sql = "SELECT line_id, basket_id, event_id, quantity, held, there FROM lines WHERE line_id = $1";
    tx.query_optional(sql, params![line_id.to_uuid()], read_line)
}

pub(crate) fn lines_there(tx: &mut Tx<'_>, basket_id: BasketId) -> Result<Vec<Line>, SqlError> {
    let sql =
        "SELECT line_id, basket_id, event_id, quantity, held, there FROM lines WHERE basket_id = $1 AND there = TRUE ORDER BY line_id";
    tx.query(sql, params![basket_id.to_uuid()], read_line)
}

fn read_line(row: &Row<'_>) -> Result<Line, SqlError> {
    Ok(Line {
        line_id: LineId::new(row.get(0)?),
        basket_id: BasketId::new(row.get(1)?),
        event_id: EventId::new(row.get(2)?),
        quantity: row.get(3)?,
        held: row.get(4)?,
        there: row.get(5)?,
    })
}

/// Something happened in a basket at `at`: it is known from then on, and has the lines that are there.
pub(crate) fn touch_basket(tx: &mut Tx<'_>, id: BasketId, at: Timestamp) -> Result<(), SqlError> {
    tx.execute(
        "INSERT INTO baskets (basket_id, entries, lines, last_change, checked_out)
         VALUES ($1, 1, (SELECT COUNT(*) FROM lines WHERE basket_id = $1 AND there = TRUE), $2, FALSE)
         ON CONFLICT (basket_id) DO UPDATE SET entries = baskets.entries + 1, lines = excluded.lines, last_change = excluded.last_change",
        params![id.to_uuid(), at],
    )?;
    Ok(())
}

pub(crate) fn check_out(tx: &mut Tx<'_>, id: BasketId) -> Result<(), SqlError> {
    tx.execute("UPDATE baskets SET checked_out = TRUE WHERE basket_id = $1", params![id.to_uuid()])?;
    Ok(())
}

pub(crate) fn is_checked_out(tx: &mut Tx<'_>, id: BasketId) -> Result<bool, SqlError> {
    let found = tx.query_optional("SELECT checked_out FROM baskets WHERE basket_id = $1", params![id.to_uuid()], |row| row.get(0))?;
    Ok(found.unwrap_or(false))
}

/// Whether that was new.
pub(crate) fn insert_paid(tx: &mut Tx<'_>, id: BasketId) -> Result<bool, SqlError> {
    let sql = "INSERT INTO paid_baskets (basket_id) VALUES ($1) ON CONFLICT (basket_id) DO NOTHING";
    Ok(tx.execute(sql, params![id.to_uuid()])? == 1)
}

pub(crate) fn is_paid(tx: &mut Tx<'_>, id: BasketId) -> Result<bool, SqlError> {
    let found = tx.query_optional("SELECT 1 FROM paid_baskets WHERE basket_id = $1", params![id.to_uuid()], |row| row.get::<i64>(0))?;
    Ok(found.is_some())
}

/// Counts an entry of this kind.
pub(crate) fn count(tx: &mut Tx<'_>, kind: &str) -> Result<(), SqlError> {
    let sql = "INSERT INTO counted (kind, entries) VALUES ($1, 1) ON CONFLICT (kind) DO UPDATE SET entries = counted.entries + 1";
    tx.execute(sql, params![kind])?;
    Ok(())
}

/// Entries taken in, by kind.
pub(crate) fn counted(tx: &mut Tx<'_>) -> Result<Vec<(String, u64)>, SqlError> {
    tx.query("SELECT kind, entries FROM counted ORDER BY kind", params![], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Adds to the interest in an event.
pub(crate) fn add(tx: &mut Tx<'_>, event_id: EventId, more: Interest) -> Result<(), SqlError> {
    if more == Interest::default() {
        return Ok(());
    }
    tx.execute(
        "INSERT INTO interest (event_id, added, held, refused, expired, removed, checked_out, paid) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (event_id) DO UPDATE SET added = interest.added + excluded.added, held = interest.held + excluded.held,
             refused = interest.refused + excluded.refused, expired = interest.expired + excluded.expired,
             removed = interest.removed + excluded.removed, checked_out = interest.checked_out + excluded.checked_out,
             paid = interest.paid + excluded.paid",
        params![event_id.to_uuid(), more.added, more.held, more.refused, more.expired, more.removed, more.checked_out, more.paid],
    )?;
    Ok(())
}

const INTEREST: &str = "SELECT event_id, added, held, refused, expired, removed, checked_out, paid FROM interest";

/// The events that most lines were about, the most first.
pub(crate) fn most_wanted(tx: &mut Tx<'_>, max: u32) -> Result<Vec<(EventId, Interest)>, SqlError> {
    tx.query(&format!("{INTEREST} ORDER BY added DESC, event_id DESC LIMIT $1"), params![max], read_interest)
}

/// All events, in order of their ids.
pub(crate) fn interest(tx: &mut Tx<'_>) -> Result<Vec<(EventId, Interest)>, SqlError> {
    tx.query(&format!("{INTEREST} ORDER BY event_id"), params![], read_interest)
}

fn read_interest(row: &Row<'_>) -> Result<(EventId, Interest), SqlError> {
    let interest = Interest {
        added: row.get(1)?,
        held: row.get(2)?,
        refused: row.get(3)?,
        expired: row.get(4)?,
        removed: row.get(5)?,
        checked_out: row.get(6)?,
        paid: row.get(7)?,
    };
    Ok((EventId::new(row.get::<Uuid>(0)?), interest))
}

/// Open baskets with lines in which nothing happened since `before`, those left most recently first; at most `max`.
pub(crate) fn left_before(tx: &mut Tx<'_>, before: Timestamp, max: u32) -> Result<Vec<(BasketId, u32, Timestamp)>, SqlError> {
    tx.query(
        "SELECT basket_id, lines, last_change FROM baskets WHERE checked_out = FALSE AND lines > 0 AND last_change < $1
         ORDER BY last_change DESC LIMIT $2",
        params![before, max],
        |row| Ok((BasketId::new(row.get(0)?), row.get(1)?, row.get(2)?)),
    )
}

/// How many entries were about each basket.
pub(crate) fn entries_by_basket(tx: &mut Tx<'_>) -> Result<Vec<(BasketId, u64)>, SqlError> {
    let sql = "SELECT basket_id, entries FROM baskets ORDER BY basket_id";
    tx.query(sql, params![], |row| Ok((BasketId::new(row.get(0)?), row.get(1)?)))
}

/// Forgets everything that the feed taught.
pub(crate) fn forget(tx: &mut Tx<'_>) -> Result<(), SqlError> {
    for table in ["lines", "baskets", "interest", "counted"] {
        tx.execute(&format!("DELETE FROM {table}"), params![])?;
    }
    Ok(())
}

pub(crate) fn insert_restart(tx: &mut Tx<'_>, at: Timestamp, why: &str) -> Result<(), SqlError> {
    tx.execute("INSERT INTO restarts (at, why) VALUES ($1, $2)", params![at, why])?;
    Ok(())
}

/// When the feed could not be read on, the latest first.
pub(crate) fn restarts(tx: &mut Tx<'_>, max: u32) -> Result<Vec<(Timestamp, String)>, SqlError> {
    tx.query("SELECT at, why FROM restarts ORDER BY id DESC LIMIT $1", params![max], |row| Ok((row.get(0)?, row.get(1)?)))
}
