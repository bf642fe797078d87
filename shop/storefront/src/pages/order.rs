//! An order on its way from *placed* to its tickets, and what can be done when it gets stuck.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use contracts::OrderId;
use http::{HeaderValue, StatusCode, header};

use super::checkout::Returned;
use super::form::{Said, Sent};
use crate::Storefront;
use crate::page::{self, Fault, Frame, see};
use crate::services::{CardFor, Order, OrderLine, Refused, Ticket};
use crate::visitor::Visitor;
use crate::words::{When, left_until, money, reason, tickets};

const LOOK_AGAIN_S: u32 = 1;
/// Where somebody else takes minutes.
const LOOK_SELDOM_S: u32 = 15;

#[derive(Template)]
#[template(path = "order.html")]
struct OrderScreen {
    frame: Frame,
    id: String,
    heading: String,
    /// What happens next, or what became of it.
    sentence: String,
    steps: Vec<Step>,
    lines: Vec<LinePart>,
    total: String,
    placed: When,
    tickets: Vec<TicketPart>,
    action_url: Option<String>,
    can_pay_again: bool,
    can_cancel: bool,
}

struct Step {
    name: &'static str,
    /// `done`, `now` or `ahead`.
    class: &'static str,
}

/// A line as it was bought.
struct LinePart {
    what: String,
    price: String,
    when: Option<When>,
    /// The date it was bought for, where that has been changed since.
    was: Option<When>,
}

impl LinePart {
    fn new(line: &OrderLine, currency: &str) -> Self {
        let moved = line.event_starts_bought.filter(|bought| line.event_starts.is_some_and(|now| now != *bought));
        Self {
            what: format!("{}, {} ({})", line.event_title, tickets(line.quantity), line.ticket_type_name),
            price: money(line.price_minor.saturating_mul(i64::from(line.quantity)), currency),
            when: line.event_starts.or(line.event_starts_bought).map(|starts| When::of(starts, "UTC")),
            was: moved.map(|bought| When::of(bought, "UTC")),
        }
    }
}

struct TicketPart {
    title: String,
    code: String,
    valid: bool,
}

#[derive(Template)]
#[template(path = "again.html")]
struct Again {
    frame: Frame,
    id: String,
    total: String,
    token: String,
    shown: String,
}

/// How far each state of an order is on the way, of the five steps.
const STEPS: [&str; 5] = ["Placed", "Tickets secured", "Paying", "Paid", "Tickets"];

fn reached(state: &str) -> Option<usize> {
    match state {
        "securing" => Some(1),
        "paying" | "awaiting_buyer" | "awaiting_payment" | "stopping" | "unresolved" | "resecuring" => Some(2),
        "paid" => Some(4),
        "issued" => Some(5),
        _ => None,
    }
}

fn steps(state: &str) -> Vec<Step> {
    let Some(reached) = reached(state) else { return Vec::new() };
    let class = |at: usize| match at.cmp(&reached) {
        std::cmp::Ordering::Less => "done",
        std::cmp::Ordering::Equal => "now",
        std::cmp::Ordering::Greater => "ahead",
    };
    STEPS.iter().enumerate().map(|(at, name)| Step { name, class: class(at) }).collect()
}

pub(super) async fn show(State(store): State<Storefront>, visitor: Visitor, Path(id): Path<String>) -> Response {
    let Ok(id) = id.parse::<OrderId>() else { return unknown(&store, &visitor) };
    match store.services.order(id).await {
        Ok(order) => {
            let tickets = store.services.tickets(id).await.unwrap_or_default();
            page::shown(&store, &visitor, &screen(&store, &visitor, id, &order, &tickets))
        }
        Err(refused) if refused.is_not_found() => not_known_yet(&store, &visitor),
        Err(refused) => page::refused(&store, &visitor, &refused),
    }
}

pub(super) async fn cancel(State(store): State<Storefront>, Path(id): Path<String>, sent: Sent) -> Response {
    let Ok(id) = id.parse::<OrderId>() else { return unknown(&store, &sent.visitor) };
    let done = store.services.cancel(id, &sent.once(&store)).await;
    after(&store, &sent.visitor, id, done)
}

/// Leads to the gateway's page for another card.
pub(super) async fn to_card(State(store): State<Storefront>, Path(id): Path<String>, sent: Sent) -> Response {
    let Ok(id) = id.parse::<OrderId>() else { return unknown(&store, &sent.visitor) };
    let order = match store.services.order(id).await {
        Ok(order) => order,
        Err(refused) => return page::refused(&store, &sent.visitor, &refused),
    };
    let places: u32 = order.lines.iter().map(|line| line.quantity).sum();
    let card = CardFor {
        return_url: format!("{}/orders/{id}/pay", sent.visitor.shop_url),
        title: format!("GloboTicket: {}", tickets(places)),
        amount_minor: order.total_minor,
        currency: order.currency,
    };
    match store.services.card_entry(&card).await {
        Ok(url) => see(&url),
        Err(refused) => page::refused(&store, &sent.visitor, &refused),
    }
}

pub(super) async fn review(
    State(store): State<Storefront>,
    visitor: Visitor,
    Path(id): Path<String>,
    Said(returned): Said<Returned>,
) -> Response {
    let Ok(id) = id.parse::<OrderId>() else { return unknown(&store, &visitor) };
    let order = match store.services.order(id).await {
        Ok(order) => order,
        Err(refused) => return page::refused(&store, &visitor, &refused),
    };
    if returned.payment_method.is_empty() || order.state != "awaiting_payment" {
        return see(&format!("/orders/{id}"));
    }
    let screen = Again {
        frame: Frame::new(&store, &visitor, "Pay again"),
        id: id.to_string(),
        total: money(order.total_minor, &order.currency),
        token: returned.payment_method.clone(),
        shown: returned.shown(),
    };
    page::shown(&store, &visitor, &screen)
}

pub(super) async fn pay(State(store): State<Storefront>, Path(id): Path<String>, sent: Sent) -> Response {
    let Ok(id) = id.parse::<OrderId>() else { return unknown(&store, &sent.visitor) };
    let done = store.services.pay_again(id, sent.field("payment_method"), &sent.once(&store)).await;
    after(&store, &sent.visitor, id, done)
}

/// A change that no longer fits leads to the order as it stands now, which says why.
fn after(store: &Storefront, visitor: &Visitor, id: OrderId, done: Result<(), Refused>) -> Response {
    match done {
        Err(refused) if refused.kind() != "order-state" => page::refused(store, visitor, &refused),
        _ => see(&format!("/orders/{id}")),
    }
}

fn screen(store: &Storefront, visitor: &Visitor, id: OrderId, order: &Order, issued: &[Ticket]) -> OrderScreen {
    let now = store.outside.clock.now();
    let (heading, sentence) = said(order, order.until.map(|until| left_until(until, now)));
    let title_of = |ticket: &Ticket| order.lines.iter().find(|line| line.event_id == ticket.event_id).map_or("", |line| &line.event_title);
    let refresh = match order.state.as_str() {
        "issued" | "cancelled" | "refunded" => None,
        "awaiting_payment" | "awaiting_buyer" | "unresolved" => Some(LOOK_SELDOM_S),
        _ => Some(LOOK_AGAIN_S),
    };
    OrderScreen {
        frame: Frame::new(store, visitor, heading.clone()).looking_again(refresh),
        id: id.to_string(),
        heading,
        sentence,
        steps: steps(&order.state),
        lines: order.lines.iter().map(|line| LinePart::new(line, &order.currency)).collect(),
        total: money(order.total_minor, &order.currency),
        placed: When::of(order.placed, "UTC"),
        tickets: issued
            .iter()
            .map(|ticket| TicketPart { title: title_of(ticket).to_owned(), code: ticket.code.clone(), valid: ticket.valid })
            .collect(),
        action_url: order.action_url.clone().filter(|url| order.state == "awaiting_buyer" && url.starts_with("http")),
        can_pay_again: order.state == "awaiting_payment" && order.attempts_left > 0,
        can_cancel: matches!(order.state.as_str(), "securing" | "paying" | "awaiting_buyer" | "awaiting_payment"),
    }
}

/// The heading, and one sentence: what happens next, or what became of the order and its money.
fn said(order: &Order, time_left: Option<String>) -> (String, String) {
    let why = order.reason.as_deref().map(reason).unwrap_or_default();
    let total = money(order.total_minor, &order.currency);
    let (heading, sentence) = match order.state.as_str() {
        "securing" => ("Your order is placed", "We make sure that all of your tickets are yours.".to_owned()),
        "paying" => ("Paying", format!("Your tickets are secured. The payment of {total} is under way.")),
        "awaiting_buyer" => {
            ("Your bank wants to hear from you", "Confirm the payment with your bank; then your tickets are made.".to_owned())
        }
        "awaiting_payment" if order.attempts_left > 0 => (
            "The payment did not go through",
            format!("Nothing was charged: {why}. Your tickets stay yours for {}.", time_left.unwrap_or_else(|| "a while".to_owned())),
        ),
        "awaiting_payment" => (
            "The payment did not go through",
            format!("Nothing was charged: {why}. There is no further attempt; the tickets will be free again."),
        ),
        "stopping" => ("Stopping the payment", "We make sure that nothing is charged, or that it comes back.".to_owned()),
        "unresolved" => (
            "It is not clear yet whether you paid",
            "The bank has not answered. If it took money, you get your tickets or all of it back. You need not do anything.".to_owned(),
        ),
        "resecuring" => (
            "Your payment arrived late",
            "We look whether your tickets are still there; if not, you get all of your money back.".to_owned(),
        ),
        "paid" => ("Paid", format!("{total} was paid. Your tickets are being made.")),
        "issued" => ("Here are your tickets", format!("{total} was paid. Keep this page's address: whoever has it has your tickets.")),
        "refunding" => ("Your money is on its way back", format!("All {total} will be returned{}.", because(&why))),
        "refunded" => ("Your money was returned", format!("All {total} went back to your card{}. The tickets are void.", because(&why))),
        "cancelled" => ("This order was cancelled", format!("Nothing is charged{}.", because(&why))),
        other => (other, String::new()),
    };
    (heading.to_owned(), sentence)
}

fn because(why: &str) -> String {
    if why.is_empty() { String::new() } else { format!(": {why}") }
}

/// Ordering has not heard of it yet: for a moment after checkout that is how it is.
fn not_known_yet(store: &Storefront, visitor: &Visitor) -> Response {
    let text = "If you have just bought, it is on its way: this page looks again by itself. If you opened an old link, it may be mistyped.";
    let mut response = page::shown_as(
        store,
        visitor,
        StatusCode::NOT_FOUND,
        &Fault::new(store, visitor, "Your order is being placed", text).looking_again(LOOK_AGAIN_S),
    );
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

fn unknown(store: &Storefront, visitor: &Visitor) -> Response {
    let text = "This is no order's address. Copy the whole link from the page that you saw after buying.";
    page::shown_as(store, visitor, StatusCode::NOT_FOUND, &Fault::new(store, visitor, "No such order", text))
}
