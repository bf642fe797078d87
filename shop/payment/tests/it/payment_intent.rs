//! Rows of the payment's table about an intent that may still succeed.

use contracts::payment::GatewayCall::{Confirm, Retrieve};
use payment::payment::{GatewayAnswer, PaymentInput, PaymentState};

use crate::payments::{answered, answered_nth, authenticating, check, check_ignored, closing, payment};

const CONFIRMING: PaymentState = PaymentState::Confirming;
const UNKNOWN: PaymentState = PaymentState::Unknown;

fn needs_action() -> GatewayAnswer {
    GatewayAnswer::NeedsAction { url: "https://gateway.example".into() }
}

#[test]
fn a_confirm_that_succeeds_ends_the_payment() {
    check(payment(CONFIRMING), answered(Confirm, GatewayAnswer::Succeeded), PaymentState::Succeeded, &["PaymentSucceeded"]);
}

#[test]
fn a_confirm_that_needs_action_waits_for_the_buyer_and_looks() {
    let expected = ["PaymentNeedsAction(https://gateway.example)", "call retrieve at 2 s"];
    check(payment(CONFIRMING), answered(Confirm, needs_action()), authenticating(), &expected);
}

#[test]
fn a_confirm_of_a_cancelled_intent_cancels_the_payment() {
    check(payment(CONFIRMING), answered(Confirm, GatewayAnswer::Cancelled), PaymentState::Cancelled, &["PaymentCancelled"]);
}

#[test]
fn a_confirm_without_a_usable_answer_is_looked_up() {
    for answer in [GatewayAnswer::NoAnswer, GatewayAnswer::ServerError, GatewayAnswer::ToConfirm] {
        check(payment(CONFIRMING), answered(Confirm, answer), UNKNOWN, &["call retrieve at 2 s"]);
    }
}

#[test]
fn an_unknown_payment_found_succeeded_ends() {
    check(payment(UNKNOWN), answered(Retrieve, GatewayAnswer::Succeeded), PaymentState::Succeeded, &["PaymentSucceeded"]);
}

#[test]
fn an_unknown_payment_found_to_need_action_waits_for_the_buyer() {
    let expected = ["PaymentNeedsAction(https://gateway.example)", "call retrieve/2 at 2 s"];
    check(payment(UNKNOWN), answered(Retrieve, needs_action()), authenticating(), &expected);
}

#[test]
fn an_unknown_payment_found_cancelled_is_cancelled() {
    check(payment(UNKNOWN), answered(Retrieve, GatewayAnswer::Cancelled), PaymentState::Cancelled, &["PaymentCancelled"]);
}

#[test]
fn an_unknown_payment_found_unconfirmed_is_confirmed_under_a_new_key() {
    check(payment(UNKNOWN), answered(Retrieve, GatewayAnswer::ToConfirm), CONFIRMING, &["call confirm/2"]);
}

#[test]
fn an_unknown_payment_is_looked_up_after_2_s_10_s_1_min_and_then_every_10_min() {
    let mut unknown = check(payment(CONFIRMING), answered(Confirm, GatewayAnswer::NoAnswer), UNKNOWN, &["call retrieve at 2 s"]);
    for (number, seconds) in [(1, 10), (2, 60), (3, 600), (4, 600), (5, 600)] {
        let expected = format!("call retrieve/{} at {seconds} s", number + 1);
        let input = answered_nth(Retrieve, number, GatewayAnswer::NoAnswer);
        unknown = check(unknown, input, UNKNOWN, &[&expected]);
    }
}

#[test]
fn an_authenticating_payment_is_looked_up_until_it_leaves() {
    check(payment(authenticating()), answered(Retrieve, needs_action()), authenticating(), &["call retrieve/2 at 2 s"]);
    check(payment(authenticating()), answered(Retrieve, GatewayAnswer::NoAnswer), authenticating(), &["call retrieve/2 at 2 s"]);
    check(payment(authenticating()), answered(Retrieve, GatewayAnswer::Succeeded), PaymentState::Succeeded, &["PaymentSucceeded"]);
    check(payment(authenticating()), answered(Retrieve, GatewayAnswer::Cancelled), PaymentState::Cancelled, &["PaymentCancelled"]);
}

#[test]
fn a_declined_payment_is_closed_before_that_is_said() {
    let declined = || GatewayAnswer::Declined { reason: "card_declined".into() };
    check(payment(CONFIRMING), answered(Confirm, declined()), closing(), &["call cancel"]);
    check(payment(UNKNOWN), answered(Retrieve, declined()), closing(), &["call cancel"]);
    check(payment(authenticating()), answered(Retrieve, declined()), closing(), &["call cancel"]);
}

#[test]
fn a_refusal_that_is_not_about_the_state_closes_the_payment() {
    let refused = || GatewayAnswer::Refused { reason: "card_declined".into() };
    check(payment(CONFIRMING), answered(Confirm, refused()), closing(), &["call cancel"]);
    check(payment(UNKNOWN), answered(Retrieve, refused()), closing(), &["call cancel"]);
    check(payment(authenticating()), answered(Retrieve, refused()), closing(), &["call cancel"]);
}

#[test]
fn a_webhook_makes_the_payment_retrieve_its_intent() {
    check(payment(CONFIRMING), PaymentInput::Hint, CONFIRMING, &["call retrieve"]);
    check(payment(authenticating()), PaymentInput::Hint, authenticating(), &["call retrieve/2"]);
    check(payment(PaymentState::Cancelled), PaymentInput::Hint, PaymentState::Cancelled, &["call retrieve"]);
    check_ignored(payment(PaymentState::Creating), PaymentInput::Hint);
}

#[test]
fn a_look_up_for_a_webhook_takes_the_place_of_the_one_that_was_due() {
    let unknown = check(payment(UNKNOWN), PaymentInput::Hint, UNKNOWN, &["call retrieve/2"]);
    assert!(!unknown.wants(Retrieve, &format!("{}/1/retrieve", crate::payments::order_id())));
    check_ignored(unknown, answered(Retrieve, GatewayAnswer::NoAnswer));
}

#[test]
fn a_look_up_while_confirming_tells_nothing_about_the_confirm_under_way() {
    let confirming = check(payment(CONFIRMING), PaymentInput::Hint, CONFIRMING, &["call retrieve"]);
    for answer in [GatewayAnswer::ToConfirm, GatewayAnswer::NoAnswer, GatewayAnswer::ServerError] {
        check_ignored(confirming.clone(), answered(Retrieve, answer));
    }
}
