//! One sample of each message, with every field set.

use contracts::box_office::*;
use contracts::event_catalog::*;
use contracts::ordering::*;
use contracts::payment::*;
use contracts::shopping_basket::*;
use contracts::{Currency, Money};
use hosting::Timestamp;

fn id<I: From<uuid::Uuid>>(number: u128) -> I {
    I::from(uuid::Uuid::from_u128(0x0192_30a2_5c1b_7e4d_8f3a_0000_0000_0000 + number))
}

fn at(minute: i64) -> Timestamp {
    Timestamp::from_micros(1_800_000_000_000_000 + minute * 60_000_000)
}

fn price() -> Money {
    Money::new(2_500, Currency::EUR)
}

fn event(status: EventStatus) -> EventState {
    EventState {
        event_id: id(1),
        version: 3,
        title: "A night of fado".into(),
        category: "Concert".into(),
        venue: "Old Harbour Hall".into(),
        city: "Lisbon".into(),
        starts: at(90),
        status,
    }
}

fn ticket_type() -> TicketTypeState {
    TicketTypeState {
        ticket_type_id: id(2),
        event_id: id(1),
        version: 4,
        name: "Stalls".into(),
        price: price(),
        capacity: 500,
        quantity_max: 10,
        sale_starts: at(0),
        sale_ends: at(80),
    }
}

fn place_order() -> PlaceOrder {
    PlaceOrder {
        order_id: id(6),
        basket_id: id(3),
        email: "ana@example.org".into(),
        name: "Ana".into(),
        payment_method: PaymentMethod::new("pm_1"),
        lines: vec![OrderLine {
            line_id: id(4),
            hold_id: id(5),
            revision: 2,
            event_id: id(1),
            event_version: 3,
            event_title: "A night of fado".into(),
            event_starts: Some(at(90)),
            ticket_type_id: id(2),
            ticket_type_name: "Stalls".into(),
            quantity: 2,
            unit_price: price(),
        }],
        total: Money::new(5_000, Currency::EUR),
        placed: at(1),
    }
}

/// Calls the visitor with a sample of each message.
pub(crate) fn each(visit: &mut impl super::golden::Visit) {
    catalog(visit);
    basket_and_holds(visit);
    places_of_orders(visit);
    orders(visit);
    payments(visit);
}

fn catalog(visit: &mut impl super::golden::Visit) {
    visit.sample(EventPublished { event: event(EventStatus::Published), ticket_types: vec![ticket_type()] });
    visit.sample(EventRenamed { event: event(EventStatus::Published) });
    visit.sample(EventRescheduled { event: event(EventStatus::Published) });
    visit.sample(EventCancelled { event: event(EventStatus::Cancelled) });
    visit.sample(TicketPriceChanged { ticket_type: ticket_type() });
    visit.sample(CapacityChanged { ticket_type: ticket_type() });
}

fn basket_and_holds(visit: &mut impl super::golden::Visit) {
    visit.sample(CancelLinesOfEvent { event_id: id(1), after: Some(id(4)) });
    visit.sample(HoldTickets { hold_id: id(5), revision: 2, basket_id: id(3), event_id: id(1), ticket_type_id: id(2), quantity: 2 });
    visit.sample(ReleaseHold { hold_id: id(5), revision: 2, basket_id: id(3) });
    visit.sample(ExpireHold { hold_id: id(5) });
    visit.sample(ReleaseHoldsOfEvent { event_id: id(1), after: Some(id(5)) });
    visit.sample(TicketsHeld { hold_id: id(5), revision: 2, basket_id: id(3), quantity: 2, until: at(10) });
    visit.sample(HoldRejected {
        hold_id: id(5),
        revision: 3,
        basket_id: id(3),
        reason: HoldRefusal::SoldOut,
        left: 1,
        held: 2,
        until: Some(at(10)),
    });
    visit.sample(HoldExpired { hold_id: id(5), revision: 2, basket_id: id(3) });
    visit.sample(AvailabilityChanged { ticket_type_id: id(2), event_id: id(1), version: 7, available: 123 });
}

fn places_of_orders(visit: &mut impl super::golden::Visit) {
    let lines = vec![SecureLine { hold_id: id(5), event_id: id(1), ticket_type_id: id(2), quantity: 2 }];
    visit.sample(SecureTickets { order_id: id(6), securing: 1, lines });
    visit.sample(ReleaseOrder { order_id: id(6), securing: 1, hold_ids: vec![id(5)] });
    visit.sample(IssueTickets { order_id: id(6), securing: 1, hold_ids: vec![id(5)] });
    visit.sample(TicketsSecured { order_id: id(6), securing: 1, until: at(16) });
    visit.sample(TicketsUnavailable { order_id: id(6), securing: 1, hold_ids: vec![id(5)], reason: Unavailable::SoldOut });
    visit.sample(TicketsIssued { order_id: id(6), securing: 1, quantity: 2 });
    visit.sample(TicketsVoided { order_id: id(6), securing: 1, quantity: 2 });
}

fn orders(visit: &mut impl super::golden::Visit) {
    let total = Money::new(5_000, Currency::EUR);
    let (email, name) = ("ana@example.org".to_owned(), "Ana".to_owned());
    visit.sample(place_order());
    visit.sample(SecuringDeadline { order_id: id(6) });
    visit.sample(PaymentDeadline { order_id: id(6) });
    visit.sample(GiveUp { order_id: id(6), attempt: 1 });
    visit.sample(CancelOrdersOfEvent { event_id: id(1), after: Some(id(6)) });
    visit.sample(CancelOrderOfEvent { order_id: id(6), event_id: id(1) });
    visit.sample(OrderPlaced {
        order_id: id(6),
        version: 1,
        basket_id: id(3),
        email: email.clone(),
        name: name.clone(),
        total,
        placed: at(1),
    });
    let places = vec![Places { event_id: id(1), ticket_type_id: id(2), quantity: 2 }];
    visit.sample(OrderPaid { order_id: id(6), version: 3, basket_id: id(3), total, places });
    visit.sample(OrderCancelled {
        order_id: id(6),
        version: 4,
        securing: 1,
        email: email.clone(),
        name: name.clone(),
        reason: CancelReason::Deadline,
    });
    visit.sample(OrderRefunded { order_id: id(6), version: 6, securing: 1, email, name, total, reason: CancelReason::EventCancelled });
}

fn payments(visit: &mut impl super::golden::Visit) {
    let amount = Money::new(5_000, Currency::EUR);
    visit.sample(RequestPayment { order_id: id(6), attempt: 1, amount, payment_method: PaymentMethod::new("pm_1") });
    visit.sample(CancelPayment { order_id: id(6), attempt: 1 });
    visit.sample(RefundPayment { order_id: id(6), attempt: 1, amount });
    visit.sample(CallGateway { order_id: id(6), attempt: 1, call: GatewayCall::Confirm, key: "6/1/confirm".into() });
    visit.sample(PaymentSucceeded { order_id: id(6), attempt: 1, amount });
    visit.sample(PaymentDeclined { order_id: id(6), attempt: 1, reason: "insufficient_funds".into() });
    visit.sample(PaymentCancelled { order_id: id(6), attempt: 1 });
    visit.sample(PaymentNeedsAction { order_id: id(6), attempt: 1, url: "https://gateway.example/authenticate".into() });
    visit.sample(PaymentRefunded { order_id: id(6), attempt: 1, amount });
    visit.sample(RefundFailed { order_id: id(6), attempt: 1, reason: "charge_disputed".into() });
}

/// One of every kind.
pub(crate) fn basket_events() -> Vec<BasketEvent> {
    let changes = [
        BasketChange::LineAdded { line_id: id(4), event_id: id(1), ticket_type_id: id(2), quantity: 2 },
        BasketChange::QuantityChanged { line_id: id(4), quantity: 3 },
        BasketChange::LineRemoved { line_id: id(4) },
        BasketChange::PlacesHeld { line_id: id(4), quantity: 3 },
        BasketChange::HoldRefused { line_id: id(4), reason: HoldRefusal::SoldOut },
        BasketChange::HoldExpired { line_id: id(4) },
        BasketChange::EventCancelled { line_id: id(4) },
        BasketChange::CheckedOut { order_id: id(6) },
    ];
    changes.map(|change| BasketEvent { basket_id: id(3), change }).into()
}
