//! Rows of the payment's table about intents that are being cancelled, and what is said afterwards.

use contracts::payment::GatewayCall::{Cancel, Confirm, Retrieve};
use payment::payment::{GatewayAnswer, PaymentInput, PaymentState};

use crate::payments::{answered, answered_nth, authenticating, check, check_ignored, closing, declined, payment};

const CANCELLING: PaymentState = PaymentState::Cancelling;
const CANCELLED: PaymentState = PaymentState::Cancelled;
const SUCCEEDED: PaymentState = PaymentState::Succeeded;

#[test]
fn a_closed_payment_is_declined_once_its_intent_is_cancelled() {
    let input = answered(Cancel, GatewayAnswer::Cancelled);
    check(payment(closing()), input, declined(), &["PaymentDeclined(card_declined)"]);
}

#[test]
fn a_payment_that_had_succeeded_while_closing_has_succeeded() {
    check(payment(closing()), answered(Cancel, GatewayAnswer::Succeeded), SUCCEEDED, &["PaymentSucceeded"]);
}

#[test]
fn closing_is_tried_again_under_a_new_key() {
    for answer in [GatewayAnswer::NoAnswer, GatewayAnswer::ServerError] {
        let again = check(payment(closing()), answered(Cancel, answer), closing(), &["call cancel/2 at 2 s"]);
        let input = answered_nth(Cancel, 2, GatewayAnswer::NoAnswer);
        check(again, input, closing(), &["call cancel/3 at 10 s"]);
    }
}

#[test]
fn a_cancel_while_closing_waits_for_the_outcome() {
    check(payment(closing()), PaymentInput::Cancel, closing(), &[]);
}

#[test]
fn a_payment_under_way_is_cancelled_at_the_gateway() {
    for state in [PaymentState::Confirming, PaymentState::Unknown, authenticating()] {
        check(payment(state), PaymentInput::Cancel, CANCELLING, &["call cancel"]);
    }
}

#[test]
fn a_cancelling_payment_is_cancelled_once_its_intent_is() {
    check(payment(CANCELLING), answered(Cancel, GatewayAnswer::Cancelled), CANCELLED, &["PaymentCancelled"]);
}

#[test]
fn a_payment_that_had_succeeded_while_cancelling_has_succeeded() {
    check(payment(CANCELLING), answered(Cancel, GatewayAnswer::Succeeded), SUCCEEDED, &["PaymentSucceeded"]);
}

#[test]
fn cancelling_is_tried_again_under_a_new_key() {
    for answer in [GatewayAnswer::NoAnswer, GatewayAnswer::ServerError, GatewayAnswer::Refused { reason: String::new() }] {
        check(payment(CANCELLING), answered(Cancel, answer), CANCELLING, &["call cancel/2 at 2 s"]);
    }
}

#[test]
fn success_is_believed_from_any_answer_in_any_open_state() {
    for state in [PaymentState::Confirming, PaymentState::Unknown, authenticating(), closing(), CANCELLING, CANCELLED, declined()] {
        for call in [Confirm, Retrieve, Cancel] {
            let input = answered_nth(call, 7, GatewayAnswer::Succeeded);
            check(payment(state.clone()), input, SUCCEEDED, &["PaymentSucceeded"]);
        }
    }
}

#[test]
fn a_cancel_after_the_end_is_answered_with_the_known_outcome() {
    check(payment(declined()), PaymentInput::Cancel, declined(), &["PaymentDeclined(card_declined)"]);
    check(payment(CANCELLED), PaymentInput::Cancel, CANCELLED, &["PaymentCancelled"]);
    check(payment(SUCCEEDED), PaymentInput::Cancel, SUCCEEDED, &["PaymentSucceeded"]);
}

#[test]
fn an_answer_counts_only_in_the_states_that_list_it() {
    for state in [closing(), CANCELLING, CANCELLED, declined(), SUCCEEDED] {
        for answer in [
            GatewayAnswer::NeedsAction { url: String::new() },
            GatewayAnswer::ToConfirm,
            GatewayAnswer::Declined { reason: String::new() },
            GatewayAnswer::NoAnswer,
        ] {
            check_ignored(payment(state.clone()), answered(Confirm, answer.clone()));
            check_ignored(payment(state.clone()), answered(Retrieve, answer));
        }
    }
    check_ignored(payment(CANCELLED), answered(Cancel, GatewayAnswer::Cancelled));
    check_ignored(payment(SUCCEEDED), answered(Confirm, GatewayAnswer::Succeeded));
}
