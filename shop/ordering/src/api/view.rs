//! How orders and their histories are shown.

use std::collections::BTreeMap;

use contracts::ordering::OrderLine;
use contracts::{EventId, OrderId};
use hosting::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::KnownEvent;
use crate::order::{ATTEMPTS_MAX, Order, OrderState};
use crate::store::HistoryRow;

/// An order as whoever knows its id sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OrderView {
    #[schema(value_type = String)]
    pub order_id: OrderId,
    /// `securing`, `paying`, `awaiting_buyer`, `awaiting_payment`, `stopping`, `unresolved`, `resecuring`, `paid`, `issued`,
    /// `refunding`, `cancelled` or `refunded`.
    pub state: String,
    /// Why the order ends or ended without tickets; where it awaits a payment, why the last attempt was declined.
    pub reason: Option<String>,
    /// Minor units of the currency.
    pub total_minor: i64,
    /// ISO 4217.
    pub currency: String,
    pub lines: Vec<LineView>,
    #[schema(value_type = String)]
    pub placed: Timestamp,
    /// The end of the time to pay, once the tickets are secured.
    #[schema(value_type = Option<String>)]
    pub until: Option<Timestamp>,
    /// Where the buyer has to do something before the payment can succeed.
    pub action_url: Option<String>,
    /// How many more attempts to pay there are.
    pub attempts_left: u32,
    /// Grows by one with each change.
    pub version: u32,
}

/// A line of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LineView {
    pub id: String,
    pub event_id: String,
    /// Its name today.
    pub event_title: String,
    /// When it starts, as it stands today; nothing where that was never said.
    #[schema(value_type = Option<String>)]
    pub event_starts: Option<Timestamp>,
    /// When it was to start when it was bought: another instant than `event_starts` where it was rescheduled since.
    #[schema(value_type = Option<String>)]
    pub event_starts_bought: Option<Timestamp>,
    /// It does not take place.
    pub event_cancelled: bool,
    pub ticket_type_id: String,
    pub ticket_type_name: String,
    pub quantity: u32,
    /// The price of one place, in minor units.
    pub price_minor: i64,
}

/// A page of an order's history, oldest decision first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct History {
    pub history: Vec<DecisionView>,
    /// To be given as `after`; nothing at the end.
    pub next: Option<String>,
}

/// What reached an order, and what followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DecisionView {
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// The name of the message, or of what was asked for over HTTP.
    pub input: String,
    pub message_id: Option<String>,
    /// The state before; nothing where the order began.
    pub from: Option<String>,
    pub to: String,
    /// Names of the messages that were sent.
    pub sent: Vec<String>,
}

impl OrderView {
    /// The order, with what is known of its events today.
    #[must_use]
    pub fn new(order: &Order, events: &BTreeMap<EventId, KnownEvent>) -> Self {
        Self {
            order_id: order.order_id,
            state: order.state.name().to_owned(),
            reason: reason(order),
            total_minor: order.total.amount_minor,
            currency: order.total.currency.to_string(),
            lines: order.lines.iter().map(|line| LineView::new(line, events.get(&line.event_id))).collect(),
            placed: order.placed,
            until: order.until,
            action_url: match &order.state {
                OrderState::AwaitingBuyer { url, .. } => Some(url.clone()),
                _ => None,
            },
            attempts_left: attempts_left(&order.state),
            version: order.version,
        }
    }
}

fn reason(order: &Order) -> Option<String> {
    match &order.state {
        OrderState::AwaitingPayment { declined, .. } => declined.clone(),
        state => serde_json::to_value(state.reason()?).ok()?.as_str().map(str::to_owned),
    }
}

fn attempts_left(state: &OrderState) -> u32 {
    match state {
        OrderState::Securing => ATTEMPTS_MAX,
        OrderState::Paying { attempt } | OrderState::AwaitingBuyer { attempt, .. } | OrderState::AwaitingPayment { attempt, .. } => {
            ATTEMPTS_MAX.saturating_sub(*attempt)
        }
        _ => 0,
    }
}

impl LineView {
    /// Without a copy, or where the catalogue has said nothing yet, the event is as it was bought.
    fn new(line: &OrderLine, event: Option<&KnownEvent>) -> Self {
        let current = event.filter(|event| event.version > 0);
        Self {
            id: line.line_id.to_string(),
            event_id: line.event_id.to_string(),
            event_title: current.map_or_else(|| line.event_title.clone(), |event| event.title.clone()),
            event_starts: current.and_then(|event| event.starts).or(line.event_starts),
            event_starts_bought: line.event_starts,
            event_cancelled: event.is_some_and(|event| event.cancelled),
            ticket_type_id: line.ticket_type_id.to_string(),
            ticket_type_name: line.ticket_type_name.clone(),
            quantity: line.quantity,
            price_minor: line.unit_price.amount_minor,
        }
    }
}

impl From<HistoryRow> for DecisionView {
    fn from(row: HistoryRow) -> Self {
        Self { at: row.at, input: row.input, message_id: row.message_id, from: row.from_state, to: row.to_state, sent: row.sent }
    }
}
