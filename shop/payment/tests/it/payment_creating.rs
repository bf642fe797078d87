//! Rows of the payment's table up to the intent's id.

use contracts::payment::GatewayCall::{Cancel, Create};
use payment::payment::{GatewayAnswer, Payment, PaymentInput, PaymentState};

use crate::payments::{answered, answered_nth, cancel, check, check_ignored, payment, request, said, second};

fn created() -> GatewayAnswer {
    GatewayAnswer::Created { intent: "pi_1".into() }
}

#[test]
fn a_requested_payment_creates_an_intent() {
    let (payment, effects) = Payment::request(&request(), second(0));
    assert_eq!(payment.state, PaymentState::Creating);
    assert_eq!(said(&effects), ["call create"]);
}

#[test]
fn a_created_intent_is_confirmed() {
    let input = answered(Create, created());
    let payment = check(payment(PaymentState::Creating), input, PaymentState::Confirming, &["call confirm"]);
    assert_eq!(payment.intent.as_deref(), Some("pi_1"));
}

#[test]
fn a_create_without_an_answer_is_repeated_under_the_same_key() {
    let input = answered(Create, GatewayAnswer::NoAnswer);
    check(payment(PaymentState::Creating), input, PaymentState::Creating, &["call create at 2 s"]);
}

#[test]
fn a_create_answered_with_a_server_error_is_repeated_under_a_new_key() {
    let input = answered(Create, GatewayAnswer::ServerError);
    let creating = check(payment(PaymentState::Creating), input, PaymentState::Creating, &["call create/2 at 2 s"]);
    let input = answered_nth(Create, 2, GatewayAnswer::ServerError);
    let creating = check(creating, input, PaymentState::Creating, &["call create/3 at 10 s"]);
    check_ignored(creating, answered(Create, GatewayAnswer::ServerError));
}

#[test]
fn a_refused_create_declines_the_payment() {
    let refused = GatewayAnswer::Refused { reason: "parameter_invalid".into() };
    let declined = PaymentState::Declined { reason: "parameter_invalid".into() };
    check(payment(PaymentState::Creating), answered(Create, refused), declined, &["PaymentDeclined(parameter_invalid)"]);
}

#[test]
fn a_payment_cancelled_while_creating_is_cancelled_at_once() {
    let payment = check(payment(PaymentState::Creating), PaymentInput::Cancel, PaymentState::Cancelled, &["PaymentCancelled"]);
    assert!(!payment.wants(Create, &format!("{}/1/create", crate::payments::order_id())));
}

#[test]
fn an_intent_that_arrives_after_the_cancel_is_cancelled_at_the_gateway() {
    let cancelled = check(payment(PaymentState::Creating), PaymentInput::Cancel, PaymentState::Cancelled, &["PaymentCancelled"]);
    let cancelled = check(cancelled, answered(Create, created()), PaymentState::Cancelled, &["call cancel"]);
    check_ignored(cancelled, answered(Cancel, GatewayAnswer::Cancelled));
}

#[test]
fn a_payment_cancelled_before_it_is_requested_is_never_charged() {
    let (payment, effects) = Payment::cancel_unrequested(&cancel());
    assert_eq!(payment.state, PaymentState::Cancelled);
    assert_eq!(said(&effects), ["PaymentCancelled"]);
    check_ignored(payment, PaymentInput::Request);
}

#[test]
fn a_payment_requested_again_is_ignored() {
    check_ignored(payment(PaymentState::Creating), PaymentInput::Request);
    check_ignored(payment(PaymentState::Succeeded), PaymentInput::Request);
}

#[test]
fn there_is_never_a_second_intent() {
    let second_intent = GatewayAnswer::Created { intent: "pi_2".into() };
    check_ignored(payment(PaymentState::Confirming), answered_nth(Create, 2, second_intent));
}
