//! Rows of the order's table about its places.

use contracts::box_office::Unavailable;
use contracts::ordering::CancelReason;
use ordering::order::{Order, OrderInput, OrderState};

use crate::orders::{check, check_ignored, event, free_order, id, minute, order, place_order, said};

const SECURED: OrderInput = OrderInput::TicketsSecured { securing: 1, until: hosting::Timestamp::from_micros(1_800_000_960_000_000) };

#[test]
fn a_placed_order_has_its_tickets_secured() {
    let (order, effects) = Order::place(&place_order(5_000), None, minute(0));
    assert_eq!(order.state, OrderState::Securing);
    assert_eq!(said(&effects), ["OrderPlaced", "SecureTickets(1)", "set SecuringDeadline at 10"]);
}

#[test]
fn an_order_with_an_event_known_to_be_cancelled_is_cancelled_at_once() {
    let (order, effects) = Order::place(&place_order(5_000), Some(event()), minute(0));
    assert_eq!(order.state, OrderState::Cancelled { reason: CancelReason::EventCancelled });
    assert_eq!(said(&effects), ["OrderPlaced", "OrderCancelled(EventCancelled)", "ReleaseOrder(1)"]);
}

#[test]
fn an_order_placed_again_is_ignored() {
    check_ignored(order(OrderState::Securing), place_order(5_000).into());
}

#[test]
fn secured_tickets_are_paid_within_the_payment_window() {
    let order = check(
        order(OrderState::Securing),
        SECURED,
        OrderState::Paying { attempt: 1 },
        &["RequestPayment(1)", "set PaymentDeadline at 16", "cancel SecuringDeadline"],
    );
    assert_eq!(order.until, Some(minute(16)));
}

#[test]
fn secured_tickets_of_a_free_order_are_issued() {
    check(
        free_order(OrderState::Securing),
        SECURED,
        OrderState::Paid { attempt: None },
        &["OrderPaid", "IssueTickets(1)", "cancel SecuringDeadline"],
    );
}

#[test]
fn unavailable_tickets_cancel_the_order_with_their_reason() {
    for (reason, cancel) in [
        (Unavailable::SoldOut, CancelReason::SoldOut),
        (Unavailable::NotHeld, CancelReason::NotHeld),
        (Unavailable::EventCancelled, CancelReason::EventCancelled),
    ] {
        let expected = [&format!("OrderCancelled({cancel:?})"), "cancel SecuringDeadline"];
        check(
            order(OrderState::Securing),
            OrderInput::TicketsUnavailable { securing: 1, reason },
            OrderState::Cancelled { reason: cancel },
            &expected,
        );
    }
}

#[test]
fn tickets_secured_again_are_issued() {
    check(
        order(OrderState::Resecuring { attempt: 1 }),
        OrderInput::TicketsSecured { securing: 2, until: minute(60) },
        OrderState::Paid { attempt: Some(1) },
        &["OrderPaid", "IssueTickets(2)"],
    );
}

#[test]
fn tickets_that_cannot_be_secured_again_are_refunded() {
    check(
        order(OrderState::Resecuring { attempt: 1 }),
        OrderInput::TicketsUnavailable { securing: 2, reason: Unavailable::SoldOut },
        OrderState::Refunding { reason: CancelReason::SoldOut },
        &["RefundPayment(1)"],
    );
}

#[test]
fn an_event_cancelled_while_securing_again_refunds_the_order() {
    check(
        order(OrderState::Resecuring { attempt: 1 }),
        OrderInput::EventCancelled { event_id: event() },
        OrderState::Refunding { reason: CancelReason::EventCancelled },
        &["RefundPayment(1)", "ReleaseOrder(2)"],
    );
}

#[test]
fn the_answer_to_an_older_securing_is_ignored() {
    check_ignored(order(OrderState::Resecuring { attempt: 1 }), SECURED);
    check_ignored(
        order(OrderState::Resecuring { attempt: 1 }),
        OrderInput::TicketsUnavailable { securing: 1, reason: Unavailable::SoldOut },
    );
}

#[test]
fn a_paid_order_with_tickets_is_issued() {
    check(
        order(OrderState::Paid { attempt: Some(1) }),
        OrderInput::TicketsIssued { securing: 1 },
        OrderState::Issued { attempt: Some(1) },
        &[],
    );
}

#[test]
fn an_event_that_is_not_in_the_order_does_not_concern_it() {
    check_ignored(order(OrderState::Securing), OrderInput::EventCancelled { event_id: id(99) });
}
