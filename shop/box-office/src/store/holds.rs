//! Rows of holds. Loading one locks it for the rest of the transaction.

use contracts::{BasketId, EventId, HoldId, OrderId, TicketTypeId};
use hosting::Timestamp;
use storage::{FromValue, Row, SqlError, Tx, Value, WrongValue, params};
use uuid::Uuid;

use crate::hold::{Hold, HoldState, Release, Subject};

/// The hold, if there is one, locked.
pub(crate) fn load_hold(tx: &mut Tx<'_>, id: HoldId) -> Result<Option<Hold>, SqlError> {
    let sql = "UPDATE holds SET version = version + 1 WHERE id = $1 \
               RETURNING id, revision, basket_id, event_id, ticket_type_id, quantity, state, until, released_by, order_id, securing";
    tx.query_optional(sql, params![id.to_uuid()], read_hold)
}

/// Writes a hold that was loaded before, or was not there.
pub(crate) fn save_hold(tx: &mut Tx<'_>, hold: &Hold) -> Result<(), SqlError> {
    let (columns, subject) = (Columns::of(&hold.state), hold.subject);
    let id = hold.hold_id.to_uuid();
    let params = params![
        id,
        hold.revision,
        subject.map(|subject| subject.basket_id.to_uuid()),
        subject.map(|subject| subject.event_id.to_uuid()),
        subject.map(|subject| subject.ticket_type_id.to_uuid()),
        hold.state.held() + hold.state.sold(),
        hold.state.name(),
        columns.until,
        columns.released_by,
        columns.order_id.map(OrderId::to_uuid),
        columns.securing
    ];
    if tx.execute(UPDATE, params)? == 0 {
        tx.execute(INSERT, params)?;
    }
    Ok(())
}

const UPDATE: &str = "UPDATE holds SET revision = $2, basket_id = $3, event_id = $4, ticket_type_id = $5, \
    quantity = CASE WHEN $6 > 0 THEN $6 ELSE quantity END, state = $7, until = $8, released_by = $9, order_id = $10, securing = $11 \
    WHERE id = $1";

const INSERT: &str = "INSERT INTO holds (id, version, revision, basket_id, event_id, ticket_type_id, quantity, state, until, \
    released_by, order_id, securing) VALUES ($1, 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

/// A message about the hold was late or repeated, and changed nothing.
pub(crate) fn count_ignored(tx: &mut Tx<'_>, id: HoldId) -> Result<(), SqlError> {
    tx.execute("UPDATE holds SET ignored = ignored + 1 WHERE id = $1", params![id.to_uuid()])?;
    Ok(())
}

/// The open holds of an event after `after`, at most `limit`, in order of id.
pub(crate) fn open_holds_of_event(tx: &mut Tx<'_>, event_id: EventId, after: Option<HoldId>, limit: u32) -> Result<Vec<HoldId>, SqlError> {
    let after = after.map_or(Uuid::nil(), HoldId::to_uuid);
    let sql = "SELECT id FROM holds WHERE state = 'held' AND event_id = $1 AND id > $2 ORDER BY id LIMIT $3";
    tx.query(sql, params![event_id.to_uuid(), after, limit], |row| Ok(HoldId::new(row.get(0)?)))
}

/// The last quantity that was held under a hold, and of what; also where nothing is held any more.
pub(crate) fn last_quantity(tx: &mut Tx<'_>, id: HoldId) -> Result<u32, SqlError> {
    let sql = "SELECT quantity FROM holds WHERE id = $1";
    Ok(tx.query_optional(sql, params![id.to_uuid()], |row| row.get(0))?.unwrap_or(0))
}

/// What of a state has a column of its own.
struct Columns {
    until: Option<Timestamp>,
    released_by: Option<&'static str>,
    order_id: Option<OrderId>,
    securing: Option<u32>,
}

impl Columns {
    fn of(state: &HoldState) -> Self {
        let none = Self { until: None, released_by: None, order_id: None, securing: None };
        let of_order = |order_id: OrderId, securing: u32| Self { order_id: Some(order_id), securing: Some(securing), ..none };
        match *state {
            HoldState::Expired | HoldState::Rejected => none,
            HoldState::Held { until, .. } => Self { until: Some(until), ..none },
            HoldState::Released { by: Release::Basket } => Self { released_by: Some("basket"), ..none },
            HoldState::Released { by: Release::Event } => Self { released_by: Some("event"), ..none },
            HoldState::Released { by: Release::Order { order_id, securing } } => {
                Self { released_by: Some("order"), ..of_order(order_id, securing) }
            }
            HoldState::Secured { order_id, securing, until, .. } => Self { until: Some(until), ..of_order(order_id, securing) },
            HoldState::Sold { order_id, securing, .. } | HoldState::Voided { order_id, securing } => of_order(order_id, securing),
        }
    }
}

/// A text of a fixed set.
struct Name(&'static str);

impl FromValue for Name {
    fn from_value(value: Value<'_>) -> Result<Self, WrongValue> {
        const NAMES: [&str; 10] = ["held", "expired", "rejected", "released", "secured", "sold", "voided", "basket", "event", "order"];
        let Value::Text(text) = value else { return Err(WrongValue { expected: "text" }) };
        NAMES.into_iter().find(|name| *name == text).map(Self).ok_or(WrongValue { expected: "state of a hold" })
    }
}

fn read_hold(row: &Row<'_>) -> Result<Hold, SqlError> {
    let quantity: u32 = row.get(5)?;
    let order = |row: &Row<'_>| Ok::<_, SqlError>((OrderId::new(row.get(9)?), row.get::<u32>(10)?));
    let state = match row.get::<Name>(6)?.0 {
        "held" => HoldState::Held { quantity, until: row.get(7)? },
        "expired" => HoldState::Expired,
        "rejected" => HoldState::Rejected,
        "secured" => {
            order(row).and_then(|(order_id, securing)| Ok(HoldState::Secured { order_id, securing, quantity, until: row.get(7)? }))?
        }
        "sold" => order(row).map(|(order_id, securing)| HoldState::Sold { order_id, securing, quantity })?,
        "voided" => order(row).map(|(order_id, securing)| HoldState::Voided { order_id, securing })?,
        _ => HoldState::Released { by: read_release(row)? },
    };
    Ok(Hold { hold_id: HoldId::new(row.get(0)?), revision: row.get(1)?, subject: read_subject(row)?, state })
}

fn read_release(row: &Row<'_>) -> Result<Release, SqlError> {
    Ok(match row.get::<Name>(8)?.0 {
        "basket" => Release::Basket,
        "event" => Release::Event,
        _ => Release::Order { order_id: OrderId::new(row.get(9)?), securing: row.get(10)? },
    })
}

fn read_subject(row: &Row<'_>) -> Result<Option<Subject>, SqlError> {
    let Some(basket_id) = row.get::<Option<Uuid>>(2)? else { return Ok(None) };
    let (event_id, ticket_type_id) = (EventId::new(row.get(3)?), TicketTypeId::new(row.get(4)?));
    Ok(Some(Subject { basket_id: BasketId::new(basket_id), event_id, ticket_type_id }))
}
