//! The same request with the same key gets the same answer, once.

use std::time::Duration;

use crate::world::{PUBLISHABLE, TestGateway};

const INTENT: [(&str, &str); 2] = [("amount", "5"), ("currency", "eur")];
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[test]
fn a_repeat_gets_the_first_answer_and_changes_nothing() {
    let gateway = TestGateway::new();
    let first = gateway.post_once("7/1/create", "/v1/payment_intents", &INTENT);
    let again = gateway.post_once("7/1/create", "/v1/payment_intents", &INTENT);
    assert_eq!((first.replayed, again.replayed), (false, true));
    assert_eq!((again.status, again.body), (first.status, first.body));
    assert_eq!(gateway.get("/v1/payment_intents").page().0.len(), 1);
}

#[test]
fn a_key_used_with_other_parameters_or_another_route_is_refused() {
    let gateway = TestGateway::new();
    gateway.post_once("key", "/v1/payment_intents", &INTENT);
    let other = gateway.post_once("key", "/v1/payment_intents", &[("amount", "6"), ("currency", "eur")]);
    assert_eq!(other.error(), (400, "idempotency_error".into(), String::new()));
    let other = gateway.post_once("key", "/v1/payment_intents/pi_0/cancel", &[]);
    assert_eq!(other.error(), (400, "idempotency_error".into(), String::new()));
}

#[test]
fn failures_are_repeated_too() {
    let gateway = TestGateway::new();
    for (number, status) in [("4000000000000002", 402), ("4000990000000301", 500)] {
        let confirm = format!("/v1/payment_intents/{}/confirm", gateway.intent(number));
        let first = gateway.post_once(number, &confirm, &[]);
        let again = gateway.post_once(number, &confirm, &[]);
        assert_eq!((first.status, again.status, again.replayed), (status, status, true));
        assert_eq!(again.body, first.body);
    }
    assert_eq!(gateway.captured(), 1);
    let missing = gateway.post_once("missing", "/v1/payment_intents/pi_0/cancel", &[]);
    assert_eq!((missing.status, gateway.post_once("missing", "/v1/payment_intents/pi_0/cancel", &[]).replayed), (404, true));
}

#[test]
fn what_fails_validation_is_not_kept() {
    let gateway = TestGateway::new();
    assert_eq!(gateway.post_once("key", "/v1/payment_intents", &[("amount", "5")]).status, 400);
    assert_eq!(gateway.post_once("key", "/v1/payment_intents", &INTENT).status, 200);
}

#[test]
fn the_answer_lost_with_its_connection_is_given_to_the_repeat() {
    let gateway = TestGateway::new();
    let confirm = format!("/v1/payment_intents/{}/confirm", gateway.intent("4000990000000202"));
    assert!(gateway.post_once("key", &confirm, &[]).dropped);
    let again = gateway.post_once("key", &confirm, &[]);
    assert_eq!((again.text("/status"), again.dropped, gateway.captured()), ("succeeded".into(), false, 1));
}

#[test]
fn a_repeat_before_the_answer_is_told_that_the_request_is_in_progress() {
    let gateway = TestGateway::new();
    let confirm = format!("/v1/payment_intents/{}/confirm", gateway.intent("4000990000000103"));
    gateway.post_once("key", &confirm, &[]);
    gateway.clock.advance(Duration::from_millis(4_999));
    let early = gateway.post_once("key", &confirm, &[]);
    assert_eq!(early.error(), (409, "idempotency_error".into(), "idempotency_key_in_use".into()));
    gateway.clock.advance(Duration::from_millis(1));
    let later = gateway.post_once("key", &confirm, &[]);
    assert_eq!((later.text("/status"), later.replayed, gateway.captured()), ("succeeded".into(), true, 1));
}

#[test]
fn a_clock_that_was_turned_back_leaves_no_key_in_progress() {
    let gateway = TestGateway::new();
    let confirm = format!("/v1/payment_intents/{}/confirm", gateway.intent("4000990000000103"));
    gateway.post_once("key", &confirm, &[]);
    gateway.clock.turn_back(Duration::from_secs(3600));
    assert_eq!(gateway.post_once("key", &confirm, &[]).text("/status"), "succeeded");
}

#[test]
fn an_answer_is_kept_for_a_day() {
    let gateway = TestGateway::new();
    let create = |key: &str| gateway.post_once(key, "/v1/payment_intents", &INTENT);
    let first = create("key").id();
    gateway.clock.advance(DAY - Duration::from_micros(1));
    assert_eq!(create("key").id(), first);
    gateway.clock.advance(Duration::from_micros(1));
    assert_ne!(create("key").id(), first);
}

#[test]
fn outdated_answers_are_swept_away_by_later_requests() {
    let gateway = TestGateway::new();
    let create = |key: u32| gateway.post_once(&key.to_string(), "/v1/payment_intents", &INTENT);
    (0..6).for_each(|key| drop(create(key)));
    gateway.clock.advance(DAY);
    assert_eq!(gateway.kept_answers(), 6);
    (6..9).for_each(|key| drop(create(key)));
    assert_eq!(gateway.kept_answers(), 3);
}

#[test]
fn the_browsers_key_cannot_occupy_a_servers_idempotency_keys() {
    let gateway = TestGateway::new();
    let card = [("type", "card"), ("card[number]", "4242424242424242"), ("card[exp_month]", "12"), ("card[exp_year]", "2032")];
    let mut request = TestGateway::request("POST", "/v1/payment_methods", &card, Some("7/1/create"));
    request.headers_mut().insert("authorization", format!("Bearer {PUBLISHABLE}").parse().unwrap());
    assert_eq!(gateway.send(request).status, 200);
    assert_eq!(gateway.post_once("7/1/create", "/v1/payment_intents", &INTENT).status, 200);
}

#[test]
fn the_same_key_with_another_card_is_refused() {
    let gateway = TestGateway::new();
    let enter = |number| {
        let fields = [("type", "card"), ("card[number]", number), ("card[exp_month]", "12"), ("card[exp_year]", "2032")];
        gateway.post_once("key", "/v1/payment_methods", &fields)
    };
    let first = enter("4242424242424242").id();
    assert_eq!(enter("4242424242424242").id(), first);
    assert_eq!(enter("4000000000000002").error(), (400, "idempotency_error".into(), String::new()));
}
