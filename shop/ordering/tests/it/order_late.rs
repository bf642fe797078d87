//! Rows of the order's table for any state: money that turns up late, refunds, and what is ignored.

use contracts::box_office::Unavailable;
use contracts::ordering::CancelReason;
use ordering::order::{OrderInput, OrderState};

use crate::orders::{check, check_ignored, minute, order};

const BUYER: CancelReason = CancelReason::Buyer;

#[test]
fn money_of_another_attempt_is_refunded_and_the_state_stays() {
    for state in [
        OrderState::Paying { attempt: 2 },
        OrderState::AwaitingPayment { attempt: 2, declined: None },
        OrderState::Stopping { attempt: 2, reason: BUYER },
        OrderState::Unresolved { attempt: 2, reason: BUYER },
        OrderState::Resecuring { attempt: 2 },
        OrderState::Paid { attempt: Some(2) },
        OrderState::Issued { attempt: Some(2) },
        OrderState::Refunding { reason: BUYER },
    ] {
        check(order(state.clone()), OrderInput::PaymentSucceeded { attempt: 1 }, state, &["RefundPayment(1)"]);
    }
}

#[test]
fn money_that_turns_up_after_the_end_is_refunded() {
    for state in [OrderState::Cancelled { reason: BUYER }, OrderState::Refunded { reason: BUYER }] {
        let refunding = OrderState::Refunding { reason: BUYER };
        check(order(state), OrderInput::PaymentSucceeded { attempt: 1 }, refunding, &["RefundPayment(1)"]);
    }
}

#[test]
fn an_attempt_seen_as_captured_is_refunded_once() {
    check_ignored(order(OrderState::Paid { attempt: Some(1) }), OrderInput::PaymentSucceeded { attempt: 1 });
}

#[test]
fn the_last_refund_ends_the_order() {
    let mut refunding = order(OrderState::Refunding { reason: BUYER });
    refunding.captured.insert(1);
    check(refunding, OrderInput::PaymentRefunded { attempt: 1 }, OrderState::Refunded { reason: BUYER }, &["OrderRefunded(Buyer)"]);
}

#[test]
fn an_order_is_not_refunded_while_a_captured_attempt_is_left() {
    let mut refunding = order(OrderState::Refunding { reason: BUYER });
    refunding.captured.extend([1, 2]);
    let mut half = check(refunding, OrderInput::PaymentRefunded { attempt: 1 }, OrderState::Refunding { reason: BUYER }, &[]);
    half.apply(OrderInput::PaymentRefunded { attempt: 2 }, minute(2));
    assert_eq!(half.state, OrderState::Refunded { reason: BUYER });
}

#[test]
fn a_refund_of_another_attempt_is_noted_and_the_state_stays() {
    let mut paid = order(OrderState::Paid { attempt: Some(2) });
    paid.captured.insert(1);
    let paid = check(paid, OrderInput::PaymentRefunded { attempt: 1 }, OrderState::Paid { attempt: Some(2) }, &[]);
    check_ignored(paid, OrderInput::PaymentRefunded { attempt: 1 });
}

#[test]
fn an_attempt_noted_as_refunded_does_not_hold_up_a_later_refund() {
    let mut paid = order(OrderState::Paid { attempt: Some(2) });
    paid.captured.insert(1);
    paid.apply(OrderInput::PaymentRefunded { attempt: 1 }, minute(1));
    paid.refund_by_organiser(minute(2)).unwrap();
    paid.apply(OrderInput::PaymentRefunded { attempt: 2 }, minute(3));
    assert_eq!(paid.state, OrderState::Refunded { reason: CancelReason::Organiser });
}

#[test]
fn late_messages_are_ignored_and_counted() {
    let late = [
        OrderInput::TicketsSecured { securing: 1, until: minute(15) },
        OrderInput::TicketsUnavailable { securing: 1, reason: Unavailable::SoldOut },
        OrderInput::TicketsIssued { securing: 1 },
        OrderInput::PaymentDeclined { attempt: 1, reason: "card_declined".into() },
        OrderInput::PaymentCancelled { attempt: 1 },
        OrderInput::PaymentNeedsAction { attempt: 1, url: String::new() },
        OrderInput::SecuringDeadline,
        OrderInput::PaymentDeadline,
        OrderInput::GiveUp { attempt: 1 },
        OrderInput::EventCancelled { event_id: crate::orders::event() },
    ];
    for state in [OrderState::Cancelled { reason: BUYER }, OrderState::Refunded { reason: BUYER }, OrderState::Refunding { reason: BUYER }]
    {
        for input in &late {
            check_ignored(order(state.clone()), input.clone());
        }
    }
}

#[test]
fn an_issued_order_ignores_deadlines_and_repeats() {
    for input in [
        OrderInput::PlacedAgain,
        OrderInput::TicketsIssued { securing: 1 },
        OrderInput::SecuringDeadline,
        OrderInput::PaymentDeadline,
        OrderInput::GiveUp { attempt: 1 },
    ] {
        check_ignored(order(OrderState::Issued { attempt: Some(1) }), input);
    }
}
