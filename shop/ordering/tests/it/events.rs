//! An event is cancelled: its orders end, whichever comes first, a bounded number in a step.

use std::collections::{BTreeMap, BTreeSet};

use contracts::box_office::{TicketsIssued, TicketsSecured};
use contracts::event_catalog::{EventCancelled, EventState, EventStatus};
use contracts::ordering::{CancelOrderOfEvent, CancelOrdersOfEvent, CancelReason, OrderCancelled, OrderRefunded, PlaceOrder};
use contracts::payment::{CancelPayment, PaymentCancelled, PaymentRefunded, PaymentSucceeded, RefundPayment};
use contracts::{Currency, EventId, Money, OrderId};
use messaging::TestEndpoint;
use ordering::order::SECURING_TIME;

use crate::orders::{event, id, place_order};

fn cancelled(event_id: EventId, ordering: &TestEndpoint) -> EventCancelled {
    EventCancelled {
        event: EventState {
            event_id,
            version: 4,
            title: "A night of fado".into(),
            category: "concert".into(),
            venue: "Coliseu".into(),
            city: "Porto".into(),
            starts: ordering.now(),
            status: EventStatus::Cancelled,
        },
    }
}

fn order(number: u128) -> PlaceOrder {
    PlaceOrder { order_id: id(number), ..place_order(5_000) }
}

fn ended(ordering: &TestEndpoint) -> Vec<OrderId> {
    let mut orders: Vec<OrderId> = ordering
        .published::<OrderCancelled>()
        .iter()
        .filter(|event| event.reason == CancelReason::EventCancelled)
        .map(|event| event.order_id)
        .collect();
    orders.sort_unstable();
    orders
}

#[test]
fn an_order_placed_before_its_event_is_cancelled_ends() {
    let mut ordering = TestEndpoint::new(ordering::endpoint());
    ordering.handle(order(1_000)).unwrap();
    ordering.handle(cancelled(event(), &ordering)).unwrap();
    assert_eq!(ended(&ordering), [id(1_000)]);
}

#[test]
fn an_order_placed_after_its_event_was_cancelled_begins_cancelled() {
    let mut ordering = TestEndpoint::new(ordering::endpoint());
    ordering.handle(cancelled(event(), &ordering)).unwrap();
    ordering.handle(order(1_000)).unwrap();
    assert_eq!(ended(&ordering), [id(1_000)]);
    assert_eq!(ordering.read(ordering::audit::read).orders[0].state, "cancelled");
}

#[test]
fn orders_of_other_events_go_on() {
    let mut ordering = TestEndpoint::new(ordering::endpoint());
    ordering.handle(order(1_000)).unwrap();
    ordering.handle(cancelled(id(77), &ordering)).unwrap();
    assert!(ended(&ordering).is_empty());
}

#[test]
fn an_event_with_many_orders_is_worked_off_in_bounded_steps() {
    let mut ordering = TestEndpoint::new(ordering::endpoint());
    for number in 1_000..1_250 {
        ordering.handle(order(number)).unwrap();
    }
    ordering.handle(cancelled(event(), &ordering)).unwrap();
    assert_eq!(ended(&ordering).len(), 250);
    assert_eq!((ordering.sent::<CancelOrdersOfEvent>().len(), ordering.sent::<CancelOrderOfEvent>().len()), (3, 250));
}

const MANY: u128 = 10_000;

/// The most messages that one step sent: they name what caused them.
fn most_sent_in_a_step(ordering: &TestEndpoint) -> usize {
    let mut steps: BTreeMap<&str, usize> = BTreeMap::new();
    for message in ordering.outgoing() {
        *steps.entry(message.headers["causationid"].as_str()).or_default() += 1;
    }
    steps.into_values().max().unwrap_or(0)
}

/// A third each is paid with tickets, about to pay, and just placed.
fn sell(ordering: &mut TestEndpoint) {
    for number in 1_000..1_000 + MANY {
        let (order_id, until) = (id(number), ordering.now().plus(SECURING_TIME));
        ordering.handle(order(number)).unwrap();
        if number % 3 > 0 {
            ordering.handle(TicketsSecured { order_id, securing: 1, until }).unwrap();
        }
        if number % 3 > 1 {
            ordering.handle(PaymentSucceeded { order_id, attempt: 1, amount: Money::new(5_000, Currency::EUR) }).unwrap();
            ordering.handle(TicketsIssued { order_id, securing: 1, quantity: 2 }).unwrap();
        }
    }
}

/// What payment answers to what it was asked.
fn answer_as_payment(ordering: &mut TestEndpoint) {
    for stopped in ordering.sent::<CancelPayment>() {
        ordering.handle(PaymentCancelled { order_id: stopped.order_id, attempt: stopped.attempt }).unwrap();
    }
    for refund in ordering.sent::<RefundPayment>() {
        let amount = Money::new(5_000, Currency::EUR);
        ordering.handle(PaymentRefunded { order_id: refund.order_id, attempt: refund.attempt, amount }).unwrap();
    }
}

/// No step sends more than a hundred orders and one word to itself, and none changes more than one order.
#[test]
fn ten_thousand_orders_of_a_cancelled_event_reach_their_end_in_bounded_steps() {
    let mut ordering = TestEndpoint::new(ordering::endpoint());
    sell(&mut ordering);
    ordering.forget();
    ordering.handle(cancelled(event(), &ordering)).unwrap();
    answer_as_payment(&mut ordering);
    assert_eq!(most_sent_in_a_step(&ordering), 101);
    assert_eq!((ordering.sent::<CancelOrdersOfEvent>().len(), ordering.sent::<CancelOrderOfEvent>().len()), (101, 10_000));
    let facts = ordering.read(ordering::audit::read);
    let ends: BTreeSet<&str> = facts.orders.iter().map(|order| order.state).collect();
    assert!(facts.orders.iter().all(|order| order.reason == Some(CancelReason::EventCancelled)));
    assert_eq!(ends, BTreeSet::from(["cancelled", "refunded"]));
    assert_eq!((ordering.published::<OrderRefunded>().len(), ended(&ordering).len()), (3_333, 6_667));
}
