//! The SQL of baskets and their lines, as functions over a transaction.

use contracts::{BasketId, Currency, EventId, HoldId, LineId, Money, OrderId, TicketTypeId};
use hosting::Timestamp;
use messaging::HandlerError;
use storage::{FromValue, Row, SqlError, Tx, Value, WrongValue, params};
use uuid::Uuid;

use crate::basket::{Basket, BasketState};
use crate::line::{Line, LineState, Notice};

pub(crate) fn insert(tx: &mut Tx<'_>, id: BasketId, now: Timestamp) -> Result<(), SqlError> {
    tx.execute("INSERT INTO baskets (basket_id, version, created) VALUES ($1, 1, $2)", params![id.to_uuid(), now])?;
    Ok(())
}

/// The basket, its row kept from others until the step ends.
pub(crate) fn lock(tx: &mut Tx<'_>, id: BasketId) -> Result<Option<Basket>, SqlError> {
    one(tx, "UPDATE baskets SET version = version + 1 WHERE basket_id = $1 RETURNING order_id", id)
}

/// The basket, to be looked at.
pub(crate) fn basket(tx: &mut Tx<'_>, id: BasketId) -> Result<Option<Basket>, SqlError> {
    one(tx, "SELECT order_id FROM baskets WHERE basket_id = $1", id)
}

fn one(tx: &mut Tx<'_>, sql: &str, basket_id: BasketId) -> Result<Option<Basket>, SqlError> {
    let Some(order_id) = tx.query_optional(sql, params![basket_id.to_uuid()], |row| row.get::<Option<Uuid>>(0))? else {
        return Ok(None);
    };
    let state = order_id.map_or(BasketState::Open, |order_id| BasketState::CheckedOut { order_id: OrderId::new(order_id) });
    Ok(Some(Basket { basket_id, lines: lines(tx, basket_id)?, state }))
}

fn lines(tx: &mut Tx<'_>, id: BasketId) -> Result<Vec<Line>, SqlError> {
    tx.query(
        "SELECT line_id, hold_id, event_id, ticket_type_id, quantity, revision, price_minor, currency, state, held_until, places_left,
            notice
         FROM lines WHERE basket_id = $1 ORDER BY position",
        params![id.to_uuid()],
        read_line,
    )
}

fn read_line(row: &Row<'_>) -> Result<Line, SqlError> {
    let (until, left) = (row.get::<Option<Timestamp>>(9)?, row.get::<Option<u32>>(10)?);
    Ok(Line {
        line_id: LineId::new(row.get(0)?),
        hold_id: HoldId::new(row.get(1)?),
        event_id: EventId::new(row.get(2)?),
        ticket_type_id: TicketTypeId::new(row.get(3)?),
        quantity: row.get(4)?,
        revision: row.get(5)?,
        price: Money::new(row.get(6)?, row.get::<CurrencyColumn>(7)?.0),
        state: row.get::<StateColumn>(8)?.with(until, left),
        notice: row.get::<Option<NoticeColumn>>(11)?.map(|column| column.0),
    })
}

/// Saves what changed: lines, and the order that the basket became.
///
/// # Errors
/// A conflict if the basket was checked out at the same time.
pub(crate) fn save(tx: &mut Tx<'_>, before: &Basket, after: &Basket) -> Result<(), HandlerError> {
    for (position, line) in (0_u32..).zip(&after.lines) {
        match before.lines.get(position as usize) {
            None => insert_line(tx, after.basket_id, position, line)?,
            Some(old) if old != line => update_line(tx, after.basket_id, position, line)?,
            Some(_) => {}
        }
    }
    if let (BasketState::Open, BasketState::CheckedOut { order_id }) = (before.state, after.state) {
        let sql = "UPDATE baskets SET order_id = $2 WHERE basket_id = $1 AND order_id IS NULL";
        if tx.execute(sql, params![after.basket_id.to_uuid(), order_id.to_uuid()])? == 0 {
            return Err(HandlerError::conflict("another writer checked the basket out at the same time"));
        }
    }
    Ok(())
}

fn insert_line(tx: &mut Tx<'_>, basket_id: BasketId, position: u32, line: &Line) -> Result<(), SqlError> {
    tx.execute(
        "INSERT INTO lines (basket_id, position, line_id, hold_id, event_id, ticket_type_id, quantity, revision, price_minor, currency, state)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        params![
            basket_id.to_uuid(),
            position,
            line.line_id.to_uuid(),
            line.hold_id.to_uuid(),
            line.event_id.to_uuid(),
            line.ticket_type_id.to_uuid(),
            line.quantity,
            line.revision,
            line.price.amount_minor,
            line.price.currency.as_str(),
            line.state.name()
        ],
    )?;
    Ok(())
}

fn update_line(tx: &mut Tx<'_>, basket_id: BasketId, position: u32, line: &Line) -> Result<(), HandlerError> {
    let (until, left) = match line.state {
        LineState::Held { until } => (Some(until), None),
        LineState::SoldOut { left } => (None, Some(left)),
        _ => (None, None),
    };
    let notice = line.notice.map(|notice| serde_json::to_string(&notice)).transpose();
    let notice = notice.map_err(|error| HandlerError::permanent("a notice cannot be written as JSON").caused_by(error))?;
    tx.execute(
        "UPDATE lines SET quantity = $3, revision = $4, price_minor = $5, state = $6, held_until = $7, places_left = $8, notice = $9
         WHERE basket_id = $1 AND position = $2",
        params![
            basket_id.to_uuid(),
            position,
            line.quantity,
            line.revision,
            line.price.amount_minor,
            line.state.name(),
            until,
            left,
            notice
        ],
    )?;
    Ok(())
}

/// A message about a line's hold was late or repeated, and changed nothing.
pub(crate) fn count_ignored(tx: &mut Tx<'_>, basket_id: BasketId, hold_id: HoldId) -> Result<(), SqlError> {
    let sql = "UPDATE lines SET ignored = ignored + 1 WHERE basket_id = $1 AND hold_id = $2";
    tx.execute(sql, params![basket_id.to_uuid(), hold_id.to_uuid()])?;
    Ok(())
}

/// The next lines about an event, in the order of their ids, with their baskets.
pub(crate) fn lines_of_event(
    tx: &mut Tx<'_>,
    event_id: EventId,
    after: Option<LineId>,
    limit: u32,
) -> Result<Vec<(LineId, BasketId)>, SqlError> {
    let after = after.map_or(Uuid::nil(), LineId::to_uuid);
    tx.query(
        "SELECT line_id, basket_id FROM lines WHERE event_id = $1 AND line_id > $2 ORDER BY line_id LIMIT $3",
        params![event_id.to_uuid(), after, limit],
        |row| Ok((LineId::new(row.get(0)?), BasketId::new(row.get(1)?))),
    )
}

/// A currency as its column has it.
pub(crate) struct CurrencyColumn(pub(crate) Currency);

impl FromValue for CurrencyColumn {
    fn from_value(value: Value<'_>) -> Result<Self, WrongValue> {
        String::from_value(value)?.parse().map(Self).map_err(|_| WrongValue { expected: "currency" })
    }
}

/// A line's state by its name, without what other columns have of it.
struct StateColumn(LineState);

impl FromValue for StateColumn {
    fn from_value(value: Value<'_>) -> Result<Self, WrongValue> {
        Ok(Self(match String::from_value(value)?.as_str() {
            "requested" => LineState::Requested,
            "held" => LineState::Held { until: Timestamp::default() },
            "sold_out" => LineState::SoldOut { left: 0 },
            "expired" => LineState::Expired,
            "event_cancelled" => LineState::EventCancelled,
            "removed" => LineState::Removed,
            _ => return Err(WrongValue { expected: "state of a line" }),
        }))
    }
}

impl StateColumn {
    fn with(self, held_until: Option<Timestamp>, places_left: Option<u32>) -> LineState {
        match self.0 {
            LineState::Held { until } => LineState::Held { until: held_until.unwrap_or(until) },
            LineState::SoldOut { left } => LineState::SoldOut { left: places_left.unwrap_or(left) },
            other => other,
        }
    }
}

struct NoticeColumn(Notice);

impl FromValue for NoticeColumn {
    fn from_value(value: Value<'_>) -> Result<Self, WrongValue> {
        serde_json::from_str(&String::from_value(value)?).map(Self).map_err(|_| WrongValue { expected: "notice of a line" })
    }
}
