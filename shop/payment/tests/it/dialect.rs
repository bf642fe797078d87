//! The gateway's dialect: what is sent, and what each answer means.

use contracts::payment::{CallGateway, GatewayCall, PaymentMethod};
use contracts::{Currency, Money};
use http::StatusCode;
use payment::payment::{Charge, GatewayAnswer};
use payment::{AskGateway, GatewayClient, dialect};
use serde_json::{Value, json};

use crate::payments::order_id;

const AMOUNT: Money = Money::new(5_000, Currency::EUR);

fn asked(call: GatewayCall) -> AskGateway {
    let command = CallGateway { order_id: order_id(), attempt: 1, call, key: "a/1/key".into() };
    let charge = Charge { amount: AMOUNT, payment_method: PaymentMethod::new("pm_1&x=ü") };
    AskGateway { call: command, intent: Some("pi_1".into()), charge }
}

fn line(call: GatewayCall) -> String {
    let asked = dialect::ask(&asked(call));
    format!("{} {} {}", asked.method, asked.path, asked.form)
}

fn read(call: GatewayCall, status: u16, body: &Value) -> GatewayAnswer {
    dialect::read(call, AMOUNT, StatusCode::from_u16(status).unwrap(), body.to_string().as_bytes())
}

fn declined(reason: &str) -> GatewayAnswer {
    GatewayAnswer::Declined { reason: reason.into() }
}

fn refused(reason: &str) -> GatewayAnswer {
    GatewayAnswer::Refused { reason: reason.into() }
}

/// An error about the state of an intent, as the gateway sends it.
fn unexpected_state(status: &str) -> Value {
    json!({"error": {"type": "invalid_request_error", "code": "payment_intent_unexpected_state", "payment_intent": {"status": status}}})
}

#[test]
fn each_call_has_its_method_path_and_form() {
    let about = format!("metadata%5Border_id%5D={}&metadata%5Battempt%5D=1", order_id());
    assert_eq!(line(GatewayCall::Create), format!("POST /v1/payment_intents amount=5000&currency=eur&{about}"));
    assert_eq!(line(GatewayCall::Confirm), "POST /v1/payment_intents/pi_1/confirm payment_method=pm_1%26x%3D%C3%BC");
    assert_eq!(line(GatewayCall::Cancel), "POST /v1/payment_intents/pi_1/cancel ");
    assert_eq!(line(GatewayCall::Retrieve), "GET /v1/payment_intents/pi_1 ");
    assert_eq!(line(GatewayCall::Refund), format!("POST /v1/refunds payment_intent=pi_1&amount=5000&{about}"));
    assert_eq!(line(GatewayCall::LookUpRefund), "GET /v1/refunds?limit=100&payment_intent=pi_1 ");
}

#[test]
fn a_request_carries_the_secret_key_and_a_change_its_idempotency_key() {
    let client = GatewayClient::new("http://gateway.test/", "sk_test");
    let confirm = client.request("a/1/confirm", &asked(GatewayCall::Confirm)).unwrap();
    assert_eq!(confirm.uri(), "http://gateway.test/v1/payment_intents/pi_1/confirm");
    assert_eq!(confirm.headers()["authorization"], "Bearer sk_test");
    assert_eq!(confirm.headers()["idempotency-key"], "a/1/confirm");
    assert_eq!(confirm.headers()["content-type"], "application/x-www-form-urlencoded");
    let retrieve = client.request("a/1/retrieve", &asked(GatewayCall::Retrieve)).unwrap();
    assert!(retrieve.body().is_empty() && retrieve.headers().get("idempotency-key").is_none());
    assert!(!format!("{client:?}").contains("sk_test"));
}

#[test]
fn a_created_intent_is_known_by_its_id_and_one_without_a_plain_id_is_asked_for_again() {
    let create = |body| read(GatewayCall::Create, 200, &body);
    assert_eq!(create(json!({"id": "pi_1", "status": "requires_payment_method"})), GatewayAnswer::Created { intent: "pi_1".into() });
    assert_eq!(create(json!({"id": "../refunds"})), GatewayAnswer::NoAnswer);
    assert_eq!(create(json!({})), GatewayAnswer::NoAnswer);
}

#[test]
fn an_intent_stands_where_it_says() {
    let action = json!({"status": "requires_action", "next_action": {"redirect_to_url": {"url": "https://bank.example"}}});
    let last_error = json!({"type": "card_error", "code": "card_declined", "decline_code": "insufficient_funds"});
    let cases = [
        (json!({"status": "succeeded"}), GatewayAnswer::Succeeded),
        (json!({"status": "canceled"}), GatewayAnswer::Cancelled),
        (json!({"status": "requires_payment_method", "last_payment_error": null}), GatewayAnswer::ToConfirm),
        (json!({"status": "requires_confirmation"}), GatewayAnswer::ToConfirm),
        (json!({"status": "requires_payment_method", "last_payment_error": last_error}), declined("insufficient_funds")),
        (action, GatewayAnswer::NeedsAction { url: "https://bank.example".into() }),
        (json!({"status": "requires_action"}), GatewayAnswer::NoAnswer),
        (json!({"status": "processing"}), GatewayAnswer::NoAnswer),
        (json!("nonsense"), GatewayAnswer::NoAnswer),
    ];
    for (body, answer) in cases {
        for call in [GatewayCall::Confirm, GatewayCall::Retrieve, GatewayCall::Cancel] {
            assert_eq!(read(call, 200, &body), answer, "{call:?} {body}");
        }
    }
}

#[test]
fn a_refusal_because_the_intent_has_ended_counts_as_that_end() {
    for call in [GatewayCall::Confirm, GatewayCall::Cancel] {
        assert_eq!(read(call, 400, &unexpected_state("succeeded")), GatewayAnswer::Succeeded);
        assert_eq!(read(call, 400, &unexpected_state("canceled")), GatewayAnswer::Cancelled);
        assert_eq!(read(call, 400, &unexpected_state("processing")), GatewayAnswer::NoAnswer);
    }
    assert_eq!(read(GatewayCall::Confirm, 400, &unexpected_state("requires_payment_method")), refused("payment_intent_unexpected_state"));
}

#[test]
fn a_card_error_is_a_decline_with_its_most_telling_code() {
    let error = |error: Value| read(GatewayCall::Confirm, 402, &json!({ "error": error }));
    let intent = json!({"status": "requires_payment_method"});
    assert_eq!(
        error(json!({"type": "card_error", "code": "card_declined", "decline_code": "insufficient_funds", "payment_intent": intent})),
        declined("insufficient_funds")
    );
    assert_eq!(error(json!({"type": "card_error", "code": "expired_card"})), declined("expired_card"));
    assert_eq!(error(json!({"type": "card_error", "code": "<script>"})), declined("card_error"));
}

#[test]
fn other_refusals_are_told_by_their_code() {
    let missing = json!({"error": {"type": "invalid_request_error", "code": "resource_missing"}});
    assert_eq!(read(GatewayCall::Confirm, 400, &missing), refused("resource_missing"));
    assert_eq!(read(GatewayCall::Create, 401, &json!({"error": {"type": "invalid_request_error"}})), refused("invalid_request_error"));
    assert_eq!(read(GatewayCall::Create, 404, &json!("a page")), refused("refused"));
}

#[test]
fn a_server_error_is_kept_under_its_key_and_a_busy_key_is_no_answer() {
    for call in [GatewayCall::Create, GatewayCall::Confirm, GatewayCall::Retrieve, GatewayCall::Cancel, GatewayCall::Refund] {
        assert_eq!(read(call, 500, &json!({})), GatewayAnswer::ServerError);
        assert_eq!(read(call, 503, &json!("busy")), GatewayAnswer::ServerError);
        assert_eq!(read(call, 409, &json!({"error": {"code": "idempotency_key_in_use"}})), GatewayAnswer::NoAnswer);
        assert_eq!(read(call, 429, &json!({})), GatewayAnswer::NoAnswer);
    }
}

#[test]
fn a_refund_is_done_under_way_or_refused() {
    let refund = |status, body| read(GatewayCall::Refund, status, &body);
    assert_eq!(refund(200, json!({"status": "succeeded"})), GatewayAnswer::Refunded);
    assert_eq!(refund(200, json!({"status": "pending"})), GatewayAnswer::NoAnswer);
    assert_eq!(refund(200, json!({"status": "failed", "failure_reason": "lost_or_stolen_card"})), refused("lost_or_stolen_card"));
    assert_eq!(refund(400, json!({"error": {"code": "charge_already_refunded"}})), GatewayAnswer::Refunded);
    assert_eq!(refund(400, json!({"error": {"type": "invalid_request_error"}})), refused("invalid_request_error"));
}

#[test]
fn a_look_up_finds_the_money_returned_only_when_all_of_it_is() {
    let look_up = |data: Value| read(GatewayCall::LookUpRefund, 200, &json!({ "data": data }));
    assert_eq!(look_up(json!([])), GatewayAnswer::NotRefunded);
    assert_eq!(look_up(json!([{"status": "succeeded", "amount": 5_000}])), GatewayAnswer::Refunded);
    assert_eq!(look_up(json!([{"status": "succeeded", "amount": 4_999}])), GatewayAnswer::NotRefunded);
    assert_eq!(look_up(json!([{"status": "pending", "amount": 5_000}])), GatewayAnswer::NoAnswer);
    assert_eq!(look_up(json!([{"status": "failed", "amount": 5_000}])), GatewayAnswer::NotRefunded);
    assert_eq!(read(GatewayCall::LookUpRefund, 200, &json!({})), GatewayAnswer::NoAnswer);
}
