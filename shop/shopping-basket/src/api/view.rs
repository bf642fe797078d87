//! How baskets are shown, and how they refuse.

use std::collections::BTreeMap;

use contracts::{BasketId, EventId, LineId, Money, OrderId, TicketTypeId};
use hosting::Timestamp;
use messaging::feed::FeedOverview;
use messaging::http::Problem;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use storage::{SqlError, Tx};

use crate::basket::{Basket, BasketRefused, BasketState, CheckoutRefused, Hindrance, Offer};
use crate::line::{Line, LineState, PriceChange};
use crate::{catalog, store};

/// A new basket.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct BasketCreated {
    /// The buyer's secret.
    #[schema(value_type = String, format = "uuid")]
    pub(crate) id: BasketId,
}

/// An order that was asked for.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct OrderPlaced {
    /// The buyer's secret; ordering may need a moment to know it.
    #[schema(value_type = String, format = "uuid")]
    pub(crate) order_id: OrderId,
    /// What it costs: the price may have fallen since the basket was last looked at.
    #[serde(default)]
    pub(crate) total_minor: i64,
    /// ISO 4217.
    #[serde(default)]
    pub(crate) currency: String,
}

/// A page of the feed, as the framework writes it.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it documents what `FeedPage` is on the wire")]
pub(super) struct BasketEvents {
    /// In the order of their commits.
    entries: Vec<BasketEntry>,
    /// Where to read on; none while there never was an entry.
    next: Option<String>,
    /// Whether there is more by now.
    more: bool,
}

#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it documents what `PublishedEntry` is on the wire")]
struct BasketEntry {
    /// Its place: reading after it gives the next.
    cursor: String,
    #[schema(value_type = String, format = "date-time")]
    time: Timestamp,
    /// The version of `data`.
    version: u16,
    /// `basket_id` and `change`: `kind` and what belongs to it.
    #[schema(value_type = Object)]
    data: Value,
}

/// The feeds of this service.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Feeds {
    #[schema(value_type = Vec<Object>)]
    pub(super) feeds: Vec<FeedOverview>,
}

/// A basket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct BasketView {
    #[schema(value_type = String, format = "uuid")]
    pub(crate) id: BasketId,
    /// `open` or `checked_out`.
    pub(crate) state: String,
    /// The order that it became.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub(crate) order_id: Option<OrderId>,
    pub(crate) lines: Vec<LineView>,
    /// The sum of the lines at their `price_minor`.
    pub(crate) total_minor: i64,
    /// ISO 4217; nothing while the basket is empty.
    pub(crate) currency: Option<String>,
}

/// A line of a basket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct LineView {
    #[schema(value_type = String, format = "uuid")]
    pub(crate) id: LineId,
    #[schema(value_type = String, format = "uuid")]
    pub(crate) event_id: EventId,
    pub(crate) event_title: Option<String>,
    /// When it starts, as it stands today.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub(crate) event_starts: Option<Timestamp>,
    #[schema(value_type = String, format = "uuid")]
    pub(crate) ticket_type_id: TicketTypeId,
    pub(crate) ticket_type_name: Option<String>,
    /// `requested`, `held`, `sold_out`, `expired`, `event_cancelled` or `removed`.
    pub(crate) state: String,
    pub(crate) quantity: u32,
    /// The price of one place that the buyer has accepted.
    pub(crate) price_minor: i64,
    /// ISO 4217.
    pub(crate) currency: String,
    /// Today's price where it is higher: the buyer has to accept it before checkout.
    pub(crate) raised_price_minor: Option<i64>,
    /// The price that the buyer had accepted, where today's is lower and applies.
    pub(crate) lowered_from_minor: Option<i64>,
    #[schema(value_type = Option<String>, format = "date-time")]
    pub(crate) held_until: Option<Timestamp>,
    /// Where the places asked for could not be had: how many could.
    pub(crate) left: Option<u32>,
    /// Where the latest change could not be had: `sold_out`, `not_on_sale`, `quantity_limit` or `event_cancelled`.
    pub(crate) refused_because: Option<String>,
}

impl LineView {
    pub(crate) fn new(line: &Line, offer: Option<&Offer>) -> Self {
        let raised = offer.and_then(|offer| match line.price_change(offer.price) {
            PriceChange::Raised { new, .. } => Some(new.amount_minor),
            PriceChange::Same | PriceChange::Lowered => None,
        });
        let reason = line.notice.and_then(|notice| serde_json::to_value(notice.reason).ok());
        Self {
            id: line.line_id,
            event_id: line.event_id,
            event_title: offer.map(|offer| offer.event_title.clone()),
            event_starts: offer.map(|offer| offer.event_starts),
            ticket_type_id: line.ticket_type_id,
            ticket_type_name: offer.map(|offer| offer.ticket_type_name.clone()),
            state: line.state.name().to_owned(),
            quantity: line.quantity,
            price_minor: line.price.amount_minor,
            currency: line.price.currency.to_string(),
            raised_price_minor: raised,
            lowered_from_minor: None,
            held_until: if let LineState::Held { until } = line.state { Some(until) } else { None },
            left: line.notice.map(|notice| notice.left),
            refused_because: reason.as_ref().and_then(Value::as_str).map(str::to_owned),
        }
    }
}

/// Reads the basket, if there is one, with lower prices applied.
pub(crate) fn alone(tx: &mut Tx<'_>, id: BasketId) -> Result<Option<BasketView>, SqlError> {
    let Some(mut basket) = store::basket(tx, id)? else { return Ok(None) };
    let offers = catalog::offers_of(tx, id)?;
    let accepted: BTreeMap<LineId, Money> = basket.lines.iter().map(|line| (line.line_id, line.price)).collect();
    for offer in offers.values() {
        basket.price_changed(offer.ticket_type_id, offer.price);
    }
    let open = basket.state == BasketState::Open;
    let offer_of = |line: &Line| offers.get(&line.ticket_type_id);
    let mut lines: Vec<LineView> = basket.lines_there().map(|line| LineView::new(line, offer_of(line))).collect();
    for line in &mut lines {
        line.lowered_from_minor = accepted.get(&line.id).map(|price| price.amount_minor).filter(|minor| *minor > line.price_minor);
    }
    if !open {
        lines.iter_mut().for_each(|line| line.raised_price_minor = None);
    }
    Ok(Some(view(&basket, lines)))
}

fn view(basket: &Basket, lines: Vec<LineView>) -> BasketView {
    let (state, order_id) = match basket.state {
        BasketState::Open => ("open", None),
        BasketState::CheckedOut { order_id } => ("checked_out", Some(order_id)),
    };
    let total = basket.total();
    BasketView {
        id: basket.basket_id,
        state: state.to_owned(),
        order_id,
        lines,
        total_minor: total.map_or(0, |total| total.amount_minor),
        currency: total.map(|total| total.currency.to_string()),
    }
}

/// A basket's refusal over HTTP.
pub(crate) fn refused(refused: BasketRefused) -> Problem {
    let detail = refused.to_string();
    match refused {
        BasketRefused::CheckedOut { order_id } => {
            Problem::conflict("checked-out", detail).with("state", "checked_out").with("order_id", order_id.to_string())
        }
        BasketRefused::NoSuchLine { .. } => Problem::not_found(detail),
        BasketRefused::TooManyLines => Problem::conflict("too-many-lines", format!("{detail}; remove one first")),
        BasketRefused::UsedUp => Problem::conflict("basket-used-up", format!("{detail}; begin a new basket")),
        BasketRefused::EventCancelled { .. } => Problem::conflict("event-cancelled", detail),
        BasketRefused::Quantity { max, .. } => Problem::unprocessable("invalid-value", detail).with("field", "quantity").with("max", max),
        BasketRefused::OtherCurrency { .. } => Problem::conflict("other-currency", detail),
        BasketRefused::PriceRaisedAgain { today, .. } => {
            Problem::conflict("price-raised-again", detail).with("price_minor", today.amount_minor)
        }
    }
}

/// A refused checkout over HTTP: which lines, why, and old and new prices.
pub(crate) fn refused_checkout(refused: CheckoutRefused) -> Problem {
    let detail = refused.to_string();
    match refused {
        CheckoutRefused::Empty => Problem::conflict("basket-empty", format!("{detail}; add a line first")),
        CheckoutRefused::Lines { hindrances } => {
            let lines: Vec<Value> = hindrances.iter().map(hindrance).collect();
            let detail = format!("{detail}; `lines` says which and why: wait, change or remove them, or accept their prices");
            Problem::conflict("lines-not-ready", detail).with("lines", lines)
        }
        CheckoutRefused::TotalTooLarge => Problem::conflict("total-too-large", format!("{detail}; order some of it in another basket")),
        CheckoutRefused::NoPaymentMethod { .. } => {
            Problem::unprocessable("no-payment-method", format!("{detail}; enter a card at the payment gateway"))
        }
    }
}

fn hindrance(hindrance: &Hindrance) -> Value {
    match hindrance {
        Hindrance::NotHeld { line_id, state } => json!({"id": line_id, "why": "not_held", "state": state.name()}),
        Hindrance::PriceRaised { line_id, old, new } => {
            json!({"id": line_id, "why": "price_raised", "old_price_minor": old.amount_minor, "new_price_minor": new.amount_minor})
        }
        Hindrance::EventCancelled { line_id } => json!({"id": line_id, "why": "event_cancelled"}),
    }
}
