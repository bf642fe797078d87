//! Rows of the order's table about its payments, up to the end of the payment window.

use contracts::payment::PaymentMethod;
use ordering::order::{Order, OrderEffect, OrderInput, OrderState, Refusal, Refused};

use crate::orders::{check, check_ignored, check_refused, check_wish, minute, order};

const PAYING: OrderState = OrderState::Paying { attempt: 1 };

fn awaiting_buyer() -> OrderState {
    OrderState::AwaitingBuyer { attempt: 1, url: "https://gateway.example".into() }
}

fn awaiting_payment(attempt: u32) -> OrderState {
    OrderState::AwaitingPayment { attempt, declined: None }
}

fn pay(order: &mut Order) -> Result<Vec<OrderEffect>, Refused> {
    order.pay_again(PaymentMethod::new("pm_2"), minute(14))
}

#[test]
fn a_payment_that_succeeds_pays_the_order() {
    for state in [PAYING, awaiting_buyer(), awaiting_payment(1)] {
        check(
            order(state),
            OrderInput::PaymentSucceeded { attempt: 1 },
            OrderState::Paid { attempt: Some(1) },
            &["OrderPaid", "IssueTickets(1)", "cancel PaymentDeadline"],
        );
    }
}

#[test]
fn a_declined_payment_can_be_tried_again() {
    for state in [PAYING, awaiting_buyer()] {
        let declined = Some("insufficient_funds".to_owned());
        check(
            order(state),
            OrderInput::PaymentDeclined { attempt: 1, reason: "insufficient_funds".into() },
            OrderState::AwaitingPayment { attempt: 1, declined },
            &[],
        );
    }
}

#[test]
fn a_cancelled_payment_can_be_tried_again() {
    for state in [PAYING, awaiting_buyer()] {
        check(order(state), OrderInput::PaymentCancelled { attempt: 1 }, awaiting_payment(1), &[]);
    }
}

#[test]
fn a_payment_that_needs_action_waits_for_the_buyer() {
    let url = "https://gateway.example".to_owned();
    check(order(PAYING), OrderInput::PaymentNeedsAction { attempt: 1, url }, awaiting_buyer(), &[]);
}

#[test]
fn the_buyer_pays_again_with_another_method() {
    let mut paid_again = order(awaiting_payment(1));
    pay(&mut paid_again).unwrap();
    assert_eq!(paid_again.payment_method, PaymentMethod::new("pm_2"));
    check_wish(order(awaiting_payment(1)), pay, OrderState::Paying { attempt: 2 }, &["RequestPayment(2)"]);
}

#[test]
fn paying_again_ends_with_the_payment_window() {
    let late = |order: &mut Order| order.pay_again(PaymentMethod::new("pm_2"), minute(15));
    let refused = check_refused(order(awaiting_payment(1)), late);
    assert_eq!(refused.refusal, Refusal::WindowOver { until: minute(15) });
}

#[test]
fn paying_again_ends_with_the_fifth_attempt() {
    check_wish(order(awaiting_payment(4)), pay, OrderState::Paying { attempt: 5 }, &["RequestPayment(5)"]);
    let refused = check_refused(order(awaiting_payment(5)), pay);
    assert_eq!(refused.refusal, Refusal::AttemptsUsed);
}

#[test]
fn only_an_order_that_awaits_a_payment_can_be_paid_again() {
    for state in [OrderState::Securing, PAYING, awaiting_buyer(), OrderState::Paid { attempt: Some(1) }] {
        let refused = check_refused(order(state), pay);
        assert_eq!(refused.refusal, Refusal::State);
    }
}

#[test]
fn the_end_of_an_earlier_attempt_is_ignored() {
    let second = || order(OrderState::Paying { attempt: 2 });
    check_ignored(second(), OrderInput::PaymentDeclined { attempt: 1, reason: "card_declined".into() });
    check_ignored(second(), OrderInput::PaymentCancelled { attempt: 1 });
    check_ignored(second(), OrderInput::PaymentNeedsAction { attempt: 1, url: String::new() });
}
