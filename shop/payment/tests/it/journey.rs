//! Payments driven by messages and by the gateway's answers, as the endpoint handles them.

use std::time::Duration;

use contracts::payment::{
    GatewayCall, PaymentCancelled, PaymentDeclined, PaymentNeedsAction, PaymentRefunded, PaymentSucceeded, RefundFailed, RefundPayment,
};
use hosting::Protections;
use messaging::{CallError, CallFailed, NotHandled, TestEndpoint};
use payment::payment::GatewayAnswer;
use payment::{AskGateway, GatewayClient, api, audit};

use crate::payments::{cancel, order_id, request};

fn endpoint() -> messaging::Endpoint {
    payment::endpoint(GatewayClient::new("http://gateway.test", "sk_test"))
}

fn requested() -> TestEndpoint {
    let mut payment = TestEndpoint::new(endpoint());
    payment.handle(request()).unwrap();
    payment
}

fn confirming() -> TestEndpoint {
    let mut payment = requested();
    payment.answer::<AskGateway>(Ok(created("pi_1"))).unwrap();
    payment
}

fn succeeded() -> TestEndpoint {
    let mut payment = confirming();
    payment.answer::<AskGateway>(Ok(GatewayAnswer::Succeeded)).unwrap();
    payment
}

fn created(intent: &str) -> GatewayAnswer {
    GatewayAnswer::Created { intent: intent.into() }
}

fn lost() -> CallFailed {
    CallFailed { error: CallError::Unknown("the answer was lost".into()), attempts: 1, any_unknown: true }
}

fn refund() -> RefundPayment {
    RefundPayment { order_id: order_id(), attempt: 1, amount: request().amount }
}

/// What is being asked of the gateway: the call, the tail of its key, and the intent.
fn asking(payment: &TestEndpoint) -> Vec<(GatewayCall, String, Option<String>)> {
    let short = |key: String| key.split_once('/').map(|(_, tail)| tail.to_owned()).unwrap();
    payment.calls::<AskGateway>().into_iter().map(|(key, asked)| (asked.call.call, short(key), asked.intent)).collect()
}

fn state(payment: &TestEndpoint) -> &'static str {
    payment.read(audit::read).payments[0].state
}

#[test]
fn a_payment_creates_its_intent_confirms_it_and_tells_of_the_success() {
    let mut payment = requested();
    assert_eq!(asking(&payment), [(GatewayCall::Create, "1/create".into(), None)]);
    payment.answer::<AskGateway>(Ok(created("pi_1"))).unwrap();
    assert_eq!(asking(&payment), [(GatewayCall::Confirm, "1/confirm".into(), Some("pi_1".into()))]);
    payment.answer::<AskGateway>(Ok(GatewayAnswer::Succeeded)).unwrap();
    let told = payment.published::<PaymentSucceeded>();
    assert_eq!((told.len(), told[0].amount, state(&payment)), (1, request().amount, "succeeded"));
    assert!(payment.read(audit::read).is_at_rest());
}

#[test]
fn a_request_delivered_or_sent_again_makes_no_second_call() {
    let mut payment = requested();
    assert_eq!(payment.redeliver_last(), Err(NotHandled::Duplicate));
    payment.handle(request()).unwrap();
    assert_eq!(asking(&payment).len(), 1);
}

#[test]
fn a_create_without_an_answer_is_asked_again_under_its_key_two_seconds_later() {
    let mut payment = requested();
    payment.answer::<AskGateway>(Err(lost())).unwrap();
    assert!(asking(&payment).is_empty());
    payment.advance(Duration::from_secs(2));
    assert_eq!(asking(&payment), [(GatewayCall::Create, "1/create".into(), None)]);
}

#[test]
fn a_confirm_without_an_answer_is_looked_up_until_the_gateway_tells() {
    let mut payment = confirming();
    payment.answer::<AskGateway>(Err(lost())).unwrap();
    assert_eq!((state(&payment), payment.read(audit::read).is_at_rest()), ("unknown", false));
    payment.advance(Duration::from_secs(2));
    assert_eq!(asking(&payment), [(GatewayCall::Retrieve, "1/retrieve".into(), Some("pi_1".into()))]);
    payment.answer::<AskGateway>(Ok(GatewayAnswer::ServerError)).unwrap();
    payment.advance(Duration::from_secs(10));
    assert_eq!(asking(&payment), [(GatewayCall::Retrieve, "1/retrieve/2".into(), Some("pi_1".into()))]);
    payment.answer::<AskGateway>(Ok(GatewayAnswer::Succeeded)).unwrap();
    assert_eq!(payment.published::<PaymentSucceeded>().len(), 1);
}

#[test]
fn a_declined_payment_is_told_only_after_its_intent_is_cancelled() {
    let mut payment = confirming();
    payment.answer::<AskGateway>(Ok(GatewayAnswer::Declined { reason: "insufficient_funds".into() })).unwrap();
    assert_eq!((asking(&payment)[0].0, payment.published::<PaymentDeclined>().len()), (GatewayCall::Cancel, 0));
    payment.answer::<AskGateway>(Ok(GatewayAnswer::Cancelled)).unwrap();
    assert_eq!(payment.published::<PaymentDeclined>()[0].reason, "insufficient_funds");
}

#[test]
fn a_cancel_before_its_request_is_remembered_and_the_request_is_not_charged() {
    let mut payment = TestEndpoint::new(endpoint());
    payment.handle(cancel()).unwrap();
    payment.handle(request()).unwrap();
    assert_eq!((payment.published::<PaymentCancelled>().len(), asking(&payment).len(), state(&payment)), (1, 0, "cancelled"));
}

#[test]
fn an_intent_that_is_created_after_the_cancel_is_cancelled_at_the_gateway() {
    let mut payment = requested();
    payment.handle(cancel()).unwrap();
    payment.answer::<AskGateway>(Ok(created("pi_1"))).unwrap();
    assert_eq!(asking(&payment), [(GatewayCall::Cancel, "1/cancel".into(), Some("pi_1".into()))]);
}

#[test]
fn a_cancel_while_confirming_is_answered_by_what_became_of_the_intent() {
    for (answer, cancelled, paid) in [(GatewayAnswer::Cancelled, 1, 0), (GatewayAnswer::Succeeded, 0, 1)] {
        let mut payment = confirming();
        payment.handle(cancel()).unwrap();
        payment.answer::<AskGateway>(Err(lost())).unwrap();
        payment.answer::<AskGateway>(Ok(answer)).unwrap();
        let told = (payment.published::<PaymentCancelled>().len(), payment.published::<PaymentSucceeded>().len());
        assert_eq!(told, (cancelled, paid));
    }
}

#[test]
fn a_payment_that_needs_the_buyer_tells_where_and_looks_again() {
    let mut payment = confirming();
    payment.answer::<AskGateway>(Ok(GatewayAnswer::NeedsAction { url: "https://bank.example".into() })).unwrap();
    assert_eq!(payment.published::<PaymentNeedsAction>()[0].url, "https://bank.example");
    assert!(payment.read(audit::read).is_at_rest());
    payment.advance(Duration::from_secs(2));
    payment.answer::<AskGateway>(Ok(GatewayAnswer::Succeeded)).unwrap();
    assert_eq!(payment.published::<PaymentSucceeded>().len(), 1);
}

#[test]
fn a_call_that_was_to_be_made_later_is_not_made_when_nobody_wants_it_any_more() {
    let mut payment = requested();
    payment.answer::<AskGateway>(Err(lost())).unwrap();
    payment.handle(cancel()).unwrap();
    payment.advance(Duration::from_secs(60));
    assert!(asking(&payment).is_empty());
}

#[test]
fn money_is_returned_however_often_the_gateway_gives_no_answer() {
    let mut payment = succeeded();
    payment.handle(refund()).unwrap();
    payment.answer::<AskGateway>(Err(lost())).unwrap();
    payment.advance(Duration::from_secs(2));
    assert_eq!(asking(&payment)[0].0, GatewayCall::LookUpRefund);
    payment.answer::<AskGateway>(Ok(GatewayAnswer::NotRefunded)).unwrap();
    assert_eq!(asking(&payment), [(GatewayCall::Refund, "1/refund".into(), Some("pi_1".into()))]);
    payment.answer::<AskGateway>(Ok(GatewayAnswer::Refunded)).unwrap();
    assert_eq!((payment.published::<PaymentRefunded>().len(), state(&payment)), (1, "refunded"));
}

#[test]
fn a_refused_refund_is_told_and_tried_again_an_hour_later() {
    let mut payment = succeeded();
    payment.handle(refund()).unwrap();
    payment.answer::<AskGateway>(Ok(GatewayAnswer::Refused { reason: "insufficient_balance".into() })).unwrap();
    assert_eq!(payment.published::<RefundFailed>()[0].reason, "insufficient_balance");
    payment.advance(Duration::from_secs(3_600));
    assert_eq!(asking(&payment), [(GatewayCall::Refund, "1/refund/2".into(), Some("pi_1".into()))]);
}

#[test]
fn a_refund_of_a_payment_that_is_not_known_is_kept_for_later() {
    let mut payment = TestEndpoint::new(endpoint());
    assert!(matches!(payment.handle(refund()), Err(NotHandled::PutOff(_))));
}

#[test]
fn an_orders_attempts_are_shown_with_their_history() {
    let payment = succeeded();
    let shown = payment.read(|tx| Ok(api::payments_of(tx, order_id()))).unwrap().payments;
    assert_eq!((shown.len(), shown[0].attempt, shown[0].state.as_str(), shown[0].amount_minor), (1, 1, "succeeded", Some(5_000)));
    let told: Vec<_> = shown[0].history.iter().map(|row| row.to.as_str()).collect();
    assert_eq!(told, ["creating", "confirming", "succeeded"]);
    assert_eq!(shown[0].history[2].input, format!("{}/1/confirm succeeded", order_id()));
}

#[test]
fn the_audit_tells_the_intent_the_amount_and_what_is_under_way() {
    let facts = confirming().read(audit::read);
    let payment = &facts.payments[0];
    assert_eq!((payment.intent.as_deref(), payment.amount, payment.captured), (Some("pi_1"), Some(request().amount), false));
    assert_eq!((facts.open_calls.len(), facts.is_at_rest()), (1, false));
}

#[test]
fn without_the_look_up_a_confirm_that_brought_no_answer_is_followed_by_a_second_intent() {
    let mut payment = TestEndpoint::with_protections(endpoint(), Protections::without("look-up"));
    payment.handle(request()).unwrap();
    payment.answer::<AskGateway>(Ok(created("pi_1"))).unwrap();
    payment.answer::<AskGateway>(Err(lost())).unwrap();
    payment.advance(Duration::from_secs(2));
    assert_eq!(asking(&payment), [(GatewayCall::Create, "1/create/2".into(), None)]);
    payment.answer::<AskGateway>(Ok(created("pi_2"))).unwrap();
    assert_eq!(asking(&payment), [(GatewayCall::Confirm, "1/confirm/2".into(), Some("pi_2".into()))]);
}
