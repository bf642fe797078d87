//! Rows of the payment's table about returning the money.

use contracts::payment::GatewayCall::{LookUpRefund, Refund};
use payment::payment::{GatewayAnswer, PaymentInput, PaymentState};

use crate::payments::{answered, authenticating, check, check_ignored, declined, payment};

const REFUNDING: PaymentState = PaymentState::Refunding;

#[test]
fn a_payment_that_succeeded_is_refunded() {
    check(payment(PaymentState::Succeeded), PaymentInput::Refund, REFUNDING, &["call refund"]);
}

#[test]
fn only_a_payment_that_succeeded_is_refunded() {
    let others = [PaymentState::Creating, PaymentState::Confirming, authenticating(), declined(), PaymentState::Cancelled];
    for state in others.into_iter().chain([REFUNDING, PaymentState::Refunded]) {
        check_ignored(payment(state), PaymentInput::Refund);
    }
}

#[test]
fn a_refund_that_is_there_ends_the_payment() {
    let input = answered(Refund, GatewayAnswer::Refunded);
    let refunded = check(payment(REFUNDING), input, PaymentState::Refunded, &["PaymentRefunded"]);
    check_ignored(refunded, answered(LookUpRefund, GatewayAnswer::Refunded));
}

#[test]
fn a_refund_without_an_answer_is_looked_up_and_repeated_under_the_same_key() {
    let input = answered(Refund, GatewayAnswer::NoAnswer);
    let looking = check(payment(REFUNDING), input, REFUNDING, &["call look-up-refund at 2 s"]);
    check(looking, answered(LookUpRefund, GatewayAnswer::NotRefunded), REFUNDING, &["call refund"]);
}

#[test]
fn a_refund_answered_with_a_server_error_is_looked_up_and_repeated_under_a_new_key() {
    let input = answered(Refund, GatewayAnswer::ServerError);
    let looking = check(payment(REFUNDING), input, REFUNDING, &["call look-up-refund at 2 s"]);
    check(looking, answered(LookUpRefund, GatewayAnswer::NotRefunded), REFUNDING, &["call refund/2"]);
}

#[test]
fn a_refund_found_by_the_look_up_ends_the_payment() {
    let input = answered(Refund, GatewayAnswer::NoAnswer);
    let looking = check(payment(REFUNDING), input, REFUNDING, &["call look-up-refund at 2 s"]);
    check(looking, answered(LookUpRefund, GatewayAnswer::Refunded), PaymentState::Refunded, &["PaymentRefunded"]);
}

#[test]
fn a_look_up_without_an_answer_is_repeated() {
    let input = answered(Refund, GatewayAnswer::NoAnswer);
    let looking = check(payment(REFUNDING), input, REFUNDING, &["call look-up-refund at 2 s"]);
    check(looking, answered(LookUpRefund, GatewayAnswer::ServerError), REFUNDING, &["call look-up-refund/2 at 10 s"]);
}

#[test]
fn a_refused_refund_is_told_and_tried_again_after_an_hour_under_a_new_key() {
    let input = answered(Refund, GatewayAnswer::Refused { reason: "charge_disputed".into() });
    let expected = ["RefundFailed(charge_disputed)", "call refund/2 at 3600 s"];
    check(payment(REFUNDING), input, REFUNDING, &expected);
}

#[test]
fn an_older_answer_about_the_refund_is_ignored() {
    let input = answered(Refund, GatewayAnswer::ServerError);
    let looking = check(payment(REFUNDING), input, REFUNDING, &["call look-up-refund at 2 s"]);
    check_ignored(looking, answered(Refund, GatewayAnswer::NoAnswer));
}
