//! The basket: what is held for the buyer and for how long, what has become dearer, what could not be had.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use contracts::LineId;
use hosting::Timestamp;
use http::StatusCode;

use super::form::Sent;
use crate::Storefront;
use crate::page::{self, Fault, Frame, see};
use crate::services::{Basket, Line, Refused};
use crate::visitor::Visitor;
use crate::words::{When, left_until, line_state, money};

/// While places are being asked for.
const LOOK_AGAIN_S: u32 = 1;
/// While places are held: the time that is left is said in minutes.
const LOOK_AT_TIME_S: u32 = 30;

#[derive(Template)]
#[template(path = "basket.html")]
struct BasketScreen {
    frame: Frame,
    lines: Vec<LinePart>,
    total: String,
    /// Until the earliest hold ends.
    held_for: Option<String>,
    ready: bool,
    waiting: bool,
    wrong: Option<String>,
}

struct LinePart {
    id: String,
    event_id: String,
    title: String,
    /// Of the event; the basket's copy knows no zone.
    when: Option<When>,
    kind: String,
    quantity: u32,
    each: String,
    sum: String,
    state: String,
    /// Gives the state its colour: `held`, `wait` or `gone`.
    class: &'static str,
    raised: Option<Raised>,
    can_ask_again: bool,
}

struct Raised {
    was: String,
    now: String,
    minor: i64,
}

impl LinePart {
    fn new(line: &Line, now: Timestamp) -> Self {
        let class = match line.state.as_str() {
            "held" => "held",
            "requested" => "wait",
            _ => "gone",
        };
        Self {
            id: line.id.to_string(),
            event_id: line.event_id.to_string(),
            title: line.event_title.clone().unwrap_or_else(|| "An event".to_owned()),
            when: line.event_starts.map(|starts| When::of(starts, "UTC")),
            kind: line.ticket_type_name.clone().unwrap_or_default(),
            quantity: line.quantity,
            each: money(line.price_minor, &line.currency),
            sum: money(line.price_minor.saturating_mul(i64::from(line.quantity)), &line.currency),
            state: line_state(line, now),
            class,
            raised: line.raised_price_minor.map(|minor| Raised {
                was: money(line.price_minor, &line.currency),
                now: money(minor, &line.currency),
                minor,
            }),
            can_ask_again: matches!(line.state.as_str(), "expired" | "sold_out"),
        }
    }
}

/// The basket of this browser, open; or the page that says what it is instead.
pub(super) async fn open(store: &Storefront, visitor: &Visitor) -> Result<(String, Basket), Box<Response>> {
    let Some(id) = visitor.basket.clone() else { return Err(Box::new(empty(store, visitor))) };
    match store.services.basket(&id).await {
        Ok(Basket { order_id: Some(order), .. }) => Err(Box::new(see(&format!("/orders/{order}")))),
        Ok(basket) if basket.lines.is_empty() => Err(Box::new(empty(store, visitor))),
        Ok(basket) => Ok((id, basket)),
        Err(refused) if refused.is_not_found() => Err(Box::new(empty(store, visitor))),
        Err(refused) => Err(Box::new(page::refused(store, visitor, &refused))),
    }
}

/// Whether everything in it can be bought as it stands.
pub(super) fn is_ready(basket: &Basket) -> bool {
    !basket.lines.is_empty() && basket.lines.iter().all(|line| line.state == "held" && line.raised_price_minor.is_none())
}

/// How long the earliest hold lasts.
pub(super) fn held_for(basket: &Basket, now: Timestamp) -> Option<String> {
    basket.lines.iter().filter_map(|line| line.held_until).min().map(|until| left_until(until, now))
}

pub(super) async fn show(State(store): State<Storefront>, visitor: Visitor) -> Response {
    match open(&store, &visitor).await {
        Ok((_, basket)) => page::shown(&store, &visitor, &screen(&store, &visitor, &basket, None)),
        Err(instead) => *instead,
    }
}

/// The same, after something that could not be done.
pub(super) fn with_trouble(store: &Storefront, visitor: &Visitor, basket: &Basket, wrong: String) -> Response {
    page::shown_as(store, visitor, StatusCode::CONFLICT, &screen(store, visitor, basket, Some(wrong)))
}

/// One form for each thing that can be done with a line, told apart by the button.
pub(super) async fn change(State(store): State<Storefront>, Path(line): Path<String>, sent: Sent) -> Response {
    let (id, basket) = match open(&store, &sent.visitor).await {
        Ok(found) => found,
        Err(instead) => return *instead,
    };
    let Ok(line) = line.parse::<LineId>() else { return see("/basket") };
    let once = sent.once(&store);
    let done = match sent.field("do") {
        "remove" => store.services.remove(&id, line, &once).await,
        "accept" => match sent.field("price_minor").parse() {
            Ok(price) => store.services.accept_price(&id, line, price, &once).await,
            Err(_) => return with_trouble(&store, &sent.visitor, &basket, "Look at the new price, then accept it.".to_owned()),
        },
        _ => match sent.field("quantity").parse() {
            Ok(0) => store.services.remove(&id, line, &once).await,
            Ok(quantity) => store.services.change_quantity(&id, line, quantity, &once).await,
            Err(_) => return with_trouble(&store, &sent.visitor, &basket, "Say how many tickets you want: a whole number.".to_owned()),
        },
    };
    match done {
        Ok(()) => see("/basket"),
        Err(refused @ Refused::ByService { .. }) => with_trouble(&store, &sent.visitor, &basket, said(&refused)),
        Err(refused) => page::refused(&store, &sent.visitor, &refused),
    }
}

fn said(refused: &Refused) -> String {
    match (refused.kind(), refused) {
        ("invalid-value", Refused::ByService { more, .. }) if more["max"].is_u64() => {
            format!("At most {} of these tickets can be had in one order.", more["max"])
        }
        ("price-raised-again", _) => "The price has been raised once more. Look at it before you accept it.".to_owned(),
        ("event-cancelled", _) => "This event was cancelled. Take it out of your basket.".to_owned(),
        ("not-found", _) => "This is no longer in your basket.".to_owned(),
        _ => format!("{refused}. Nothing was changed."),
    }
}

fn screen(store: &Storefront, visitor: &Visitor, basket: &Basket, wrong: Option<String>) -> BasketScreen {
    let now = store.outside.clock.now();
    let waiting = basket.lines.iter().any(|line| line.state == "requested");
    let held_for = held_for(basket, now);
    let refresh = if waiting { Some(LOOK_AGAIN_S) } else { held_for.as_ref().map(|_| LOOK_AT_TIME_S) };
    BasketScreen {
        // What is being typed is not thrown away after a mistake: the page stands still.
        frame: Frame::new(store, visitor, "Your basket").looking_again(if wrong.is_some() { None } else { refresh }),
        lines: basket.lines.iter().map(|line| LinePart::new(line, now)).collect(),
        total: money(basket.total_minor, basket.currency.as_deref().unwrap_or("EUR")),
        held_for,
        ready: is_ready(basket),
        waiting,
        wrong,
    }
}

fn empty(store: &Storefront, visitor: &Visitor) -> Response {
    let text = "Nothing is in it yet. Tickets that you choose are held for you for ten minutes.";
    page::shown(store, visitor, &Fault::new(store, visitor, "Your basket is empty", text))
}
