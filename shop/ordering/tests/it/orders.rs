//! An order in a state, what reaches it, and what follows, in words short enough to read as a row of the table.

use contracts::ordering::{OrderLine, PlaceOrder};
use contracts::payment::PaymentMethod;
use contracts::{Currency, EventId, Money};
use hosting::Timestamp;
use ordering::order::{Deadline, Order, OrderEffect, OrderInput, OrderState, Refused};

pub(crate) fn id<I: From<uuid::Uuid>>(number: u128) -> I {
    I::from(uuid::Uuid::from_u128(number))
}

/// The instant that many minutes after the order was placed.
pub(crate) fn minute(minutes: i64) -> Timestamp {
    Timestamp::from_micros(1_800_000_000_000_000 + minutes * 60_000_000)
}

/// The event of the order's only line.
pub(crate) fn event() -> EventId {
    id(1)
}

/// When that event starts, as the buyer saw it.
pub(crate) fn evening() -> Timestamp {
    minute(12 * 60)
}

pub(crate) fn place_order(total_minor: i64) -> PlaceOrder {
    PlaceOrder {
        order_id: id(6),
        basket_id: id(3),
        email: "ana@example.org".into(),
        name: "Ana".into(),
        payment_method: PaymentMethod::new("pm_1"),
        lines: vec![OrderLine {
            line_id: id(4),
            hold_id: id(5),
            revision: 1,
            event_id: event(),
            event_version: 3,
            event_title: "A night of fado".into(),
            event_starts: Some(evening()),
            ticket_type_id: id(2),
            ticket_type_name: "Stalls".into(),
            quantity: 2,
            unit_price: Money::new(total_minor / 2, Currency::EUR),
        }],
        total: Money::new(total_minor, Currency::EUR),
        placed: minute(0),
    }
}

/// An order over 50.00 EUR in that state, its payment window open until minute 15.
pub(crate) fn order(state: OrderState) -> Order {
    let (mut order, _) = Order::place(&place_order(5_000), None, minute(0));
    if state != OrderState::Securing {
        order.until = Some(minute(15));
    }
    if let OrderState::Paid { attempt: Some(attempt) } | OrderState::Issued { attempt: Some(attempt) } = state {
        order.captured.insert(attempt);
    }
    if let OrderState::Resecuring { attempt } = state {
        order.captured.insert(attempt);
        order.securing = 2;
    }
    order.state = state;
    order
}

/// The same with nothing to pay.
pub(crate) fn free_order(state: OrderState) -> Order {
    let (mut order, _) = Order::place(&place_order(0), None, minute(0));
    order.state = state;
    order
}

pub(crate) fn said(effects: &[OrderEffect]) -> Vec<String> {
    effects.iter().map(say).collect()
}

fn say(effect: &OrderEffect) -> String {
    let minutes = |at: &Timestamp| (at.as_micros() - minute(0).as_micros()) / 60_000_000;
    match effect {
        OrderEffect::PublishPlaced(_) => "OrderPlaced".into(),
        OrderEffect::PublishPaid(_) => "OrderPaid".into(),
        OrderEffect::PublishCancelled(event) => format!("OrderCancelled({:?})", event.reason),
        OrderEffect::PublishRefunded(event) => format!("OrderRefunded({:?})", event.reason),
        OrderEffect::SecureTickets(cmd) => format!("SecureTickets({})", cmd.securing),
        OrderEffect::ReleaseOrder(cmd) => format!("ReleaseOrder({})", cmd.securing),
        OrderEffect::IssueTickets(cmd) => format!("IssueTickets({})", cmd.securing),
        OrderEffect::RequestPayment(cmd) => format!("RequestPayment({})", cmd.attempt),
        OrderEffect::CancelPayment(cmd) => format!("CancelPayment({})", cmd.attempt),
        OrderEffect::RefundPayment(cmd) => format!("RefundPayment({})", cmd.attempt),
        OrderEffect::Set(deadline, at) => format!("set {} at {}", say_deadline(*deadline), minutes(at)),
        OrderEffect::Cancel(deadline) => format!("cancel {}", say_deadline(*deadline)),
    }
}

fn say_deadline(deadline: Deadline) -> String {
    match deadline {
        Deadline::Securing => "SecuringDeadline".into(),
        Deadline::Payment => "PaymentDeadline".into(),
        Deadline::GiveUp { attempt } => format!("GiveUp({attempt})"),
    }
}

/// The order takes the input at minute 1: it comes to `next`, and that follows.
#[track_caller]
pub(crate) fn check(mut order: Order, input: OrderInput, next: OrderState, expected: &[&str]) -> Order {
    let version = order.version;
    let effects = order.apply(input, minute(1));
    assert_eq!(order.state, next);
    assert_eq!(said(&effects), expected);
    assert_eq!((order.version, order.ignored), (version + 1, 0));
    let stored = serde_json::to_string(&order).unwrap();
    assert_eq!(serde_json::from_str::<Order>(&stored).unwrap(), order, "stored and loaded");
    order
}

/// The order ignores the input and counts it.
#[track_caller]
pub(crate) fn check_ignored(mut order: Order, input: OrderInput) {
    let before = Order { ignored: 1, ..order.clone() };
    assert_eq!(order.apply(input, minute(1)), []);
    assert_eq!(order, before);
}

/// The buyer's or organiser's wish is met: the order comes to `next`, and that follows.
#[track_caller]
pub(crate) fn check_wish(
    mut order: Order,
    wish: impl FnOnce(&mut Order) -> Result<Vec<OrderEffect>, Refused>,
    next: OrderState,
    expected: &[&str],
) {
    let version = order.version;
    let effects = wish(&mut order).unwrap();
    assert_eq!(order.state, next);
    assert_eq!(said(&effects), expected);
    assert_eq!(order.version, version + 1);
}

/// The wish is refused and nothing changes.
#[track_caller]
pub(crate) fn check_refused(mut order: Order, wish: impl FnOnce(&mut Order) -> Result<Vec<OrderEffect>, Refused>) -> Refused {
    let before = order.clone();
    let refused = wish(&mut order).unwrap_err();
    assert_eq!(order, before);
    assert_eq!(refused.state, before.state);
    refused
}
