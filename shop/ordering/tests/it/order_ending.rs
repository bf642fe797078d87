//! Rows of the order's table about orders that end without tickets.

use contracts::ordering::CancelReason;
use ordering::order::{Order, OrderEffect, OrderInput, OrderState, Refused};

use crate::orders::{check, check_ignored, check_refused, check_wish, event, free_order, minute, order};

const EVENT_CANCELLED: CancelReason = CancelReason::EventCancelled;

fn cancel(order: &mut Order) -> Result<Vec<OrderEffect>, Refused> {
    order.cancel_by_buyer(minute(1))
}

fn refund(order: &mut Order) -> Result<Vec<OrderEffect>, Refused> {
    order.refund_by_organiser(minute(1))
}

fn event_cancelled() -> OrderInput {
    OrderInput::EventCancelled { event_id: event() }
}

fn cancelled(reason: CancelReason) -> OrderState {
    OrderState::Cancelled { reason }
}

fn stopping(reason: CancelReason) -> OrderState {
    OrderState::Stopping { attempt: 1, reason }
}

fn unresolved(reason: CancelReason) -> OrderState {
    OrderState::Unresolved { attempt: 1, reason }
}

fn awaiting_payment() -> Order {
    order(OrderState::AwaitingPayment { attempt: 1, declined: None })
}

fn under_way() -> [OrderState; 2] {
    [OrderState::Paying { attempt: 1 }, OrderState::AwaitingBuyer { attempt: 1, url: String::new() }]
}

#[test]
fn the_buyer_cancels_while_securing() {
    let expected = ["ReleaseOrder(1)", "OrderCancelled(Buyer)", "cancel SecuringDeadline"];
    check_wish(order(OrderState::Securing), cancel, cancelled(CancelReason::Buyer), &expected);
}

#[test]
fn an_event_cancelled_while_securing_cancels_the_order() {
    let expected = ["ReleaseOrder(1)", "OrderCancelled(EventCancelled)", "cancel SecuringDeadline"];
    check(order(OrderState::Securing), event_cancelled(), cancelled(EVENT_CANCELLED), &expected);
}

#[test]
fn a_box_office_that_does_not_answer_cancels_the_order() {
    let expected = ["ReleaseOrder(1)", "OrderCancelled(SecuringDeadline)", "cancel SecuringDeadline"];
    check(order(OrderState::Securing), OrderInput::SecuringDeadline, cancelled(CancelReason::SecuringDeadline), &expected);
}

#[test]
fn the_payment_deadline_cancels_an_order_that_awaits_a_payment() {
    let expected = ["ReleaseOrder(1)", "OrderCancelled(Deadline)", "cancel PaymentDeadline"];
    check(awaiting_payment(), OrderInput::PaymentDeadline, cancelled(CancelReason::Deadline), &expected);
}

#[test]
fn the_buyer_cancels_instead_of_paying_again() {
    let expected = ["ReleaseOrder(1)", "OrderCancelled(Buyer)", "cancel PaymentDeadline"];
    check_wish(awaiting_payment(), cancel, cancelled(CancelReason::Buyer), &expected);
}

#[test]
fn an_event_cancelled_before_paying_again_cancels_the_order() {
    let expected = ["ReleaseOrder(1)", "OrderCancelled(EventCancelled)", "cancel PaymentDeadline"];
    check(awaiting_payment(), event_cancelled(), cancelled(EVENT_CANCELLED), &expected);
}

const STOPPED: [&str; 3] = ["CancelPayment(1)", "set GiveUp(1) at 31", "cancel PaymentDeadline"];

#[test]
fn the_payment_deadline_stops_a_payment_under_way() {
    for state in under_way() {
        check(order(state), OrderInput::PaymentDeadline, stopping(CancelReason::Deadline), &STOPPED);
    }
}

#[test]
fn the_buyer_stops_a_payment_under_way() {
    for state in under_way() {
        check_wish(order(state), cancel, stopping(CancelReason::Buyer), &STOPPED);
    }
}

#[test]
fn a_cancelled_event_stops_a_payment_under_way() {
    for state in under_way() {
        check(order(state), event_cancelled(), stopping(EVENT_CANCELLED), &STOPPED);
    }
}

#[test]
fn the_reason_deadline_may_be_replaced() {
    for made in [stopping, unresolved] {
        check_wish(order(made(CancelReason::Deadline)), cancel, made(CancelReason::Buyer), &[]);
        check(order(made(CancelReason::Deadline)), event_cancelled(), made(EVENT_CANCELLED), &[]);
    }
}

#[test]
fn any_other_reason_is_never_replaced() {
    for made in [stopping, unresolved] {
        check_ignored(order(made(CancelReason::Buyer)), event_cancelled());
        check_refused(order(made(EVENT_CANCELLED)), cancel);
    }
}

#[test]
fn a_stopped_payment_that_took_no_money_cancels_the_order() {
    for input in [OrderInput::PaymentCancelled { attempt: 1 }, OrderInput::PaymentDeclined { attempt: 1, reason: "card_declined".into() }] {
        let expected = ["ReleaseOrder(1)", "OrderCancelled(Buyer)", "cancel GiveUp(1)"];
        check(order(stopping(CancelReason::Buyer)), input, cancelled(CancelReason::Buyer), &expected);
    }
}

#[test]
fn a_payment_that_succeeds_while_it_is_stopped_for_the_deadline_pays_the_order() {
    check(
        order(stopping(CancelReason::Deadline)),
        OrderInput::PaymentSucceeded { attempt: 1 },
        OrderState::Paid { attempt: Some(1) },
        &["OrderPaid", "IssueTickets(1)", "cancel GiveUp(1)"],
    );
}

#[test]
fn a_payment_that_succeeds_while_it_is_stopped_for_another_reason_is_refunded() {
    check(
        order(stopping(CancelReason::Buyer)),
        OrderInput::PaymentSucceeded { attempt: 1 },
        OrderState::Refunding { reason: CancelReason::Buyer },
        &["RefundPayment(1)", "ReleaseOrder(1)", "cancel GiveUp(1)"],
    );
}

#[test]
fn a_stopped_payment_without_an_end_is_given_up() {
    let expected = ["ReleaseOrder(1)", "OrderCancelled(PaymentUnresolved)", "cancel GiveUp(1)"];
    check(order(stopping(CancelReason::Buyer)), OrderInput::GiveUp { attempt: 1 }, unresolved(CancelReason::Buyer), &expected);
}

#[test]
fn money_that_arrives_after_giving_up_for_the_deadline_secures_again() {
    check(
        order(unresolved(CancelReason::Deadline)),
        OrderInput::PaymentSucceeded { attempt: 1 },
        OrderState::Resecuring { attempt: 1 },
        &["SecureTickets(2)"],
    );
}

#[test]
fn money_that_arrives_after_giving_up_for_another_reason_is_refunded() {
    check(
        order(unresolved(CancelReason::Buyer)),
        OrderInput::PaymentSucceeded { attempt: 1 },
        OrderState::Refunding { reason: CancelReason::Buyer },
        &["RefundPayment(1)"],
    );
}

#[test]
fn a_payment_that_took_no_money_after_giving_up_cancels_the_order_silently() {
    for input in [OrderInput::PaymentCancelled { attempt: 1 }, OrderInput::PaymentDeclined { attempt: 1, reason: "card_declined".into() }] {
        check(order(unresolved(CancelReason::Buyer)), input, cancelled(CancelReason::Buyer), &[]);
    }
}

fn with_tickets() -> [OrderState; 2] {
    [OrderState::Paid { attempt: Some(1) }, OrderState::Issued { attempt: Some(1) }]
}

#[test]
fn a_cancelled_event_refunds_a_paid_order() {
    for state in with_tickets() {
        let refunding = OrderState::Refunding { reason: EVENT_CANCELLED };
        check(order(state), event_cancelled(), refunding, &["RefundPayment(1)", "ReleaseOrder(1)"]);
    }
}

#[test]
fn the_organiser_refunds_a_paid_order() {
    for state in with_tickets() {
        let refunding = OrderState::Refunding { reason: CancelReason::Organiser };
        check_wish(order(state), refund, refunding, &["RefundPayment(1)", "ReleaseOrder(1)"]);
    }
}

#[test]
fn a_free_order_with_tickets_is_cancelled_instead_of_refunded() {
    for state in [OrderState::Paid { attempt: None }, OrderState::Issued { attempt: None }] {
        let expected = ["ReleaseOrder(1)", "OrderCancelled(EventCancelled)"];
        check(free_order(state.clone()), event_cancelled(), cancelled(EVENT_CANCELLED), &expected);
        let expected = ["ReleaseOrder(1)", "OrderCancelled(Organiser)"];
        check_wish(free_order(state), refund, cancelled(CancelReason::Organiser), &expected);
    }
}

#[test]
fn the_buyer_cannot_cancel_a_paid_order() {
    for state in with_tickets() {
        let refused = check_refused(order(state.clone()), cancel);
        assert_eq!(refused.to_string(), format!("the order is `{}`, which does not allow this", state.name()));
    }
}

#[test]
fn the_organiser_refunds_only_what_is_paid() {
    check_refused(order(OrderState::Securing), refund);
    check_refused(order(OrderState::Paying { attempt: 1 }), refund);
}
