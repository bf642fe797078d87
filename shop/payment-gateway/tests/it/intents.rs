//! Payment intents: created, confirmed, cancelled, listed.

use crate::world::TestGateway;

#[test]
fn an_intent_shows_what_it_was_created_with() {
    let gateway = TestGateway::new();
    let intent = gateway.intent("4242424242424242");
    let shown = gateway.get(&format!("/v1/payment_intents/{intent}"));
    assert_eq!((shown.text("/object"), shown.text("/status")), ("payment_intent".into(), "requires_confirmation".into()));
    assert_eq!((shown.text("/amount"), shown.text("/currency"), shown.text("/amount_received")), ("6300".into(), "eur".into(), "0".into()));
    assert_eq!((shown.text("/metadata/order"), shown.text("/metadata/attempt")), ("7".into(), "1".into()));
    assert_eq!((shown.text("/created"), shown.text("/latest_charge")), ("1800000000".into(), "null".into()));
}

#[test]
fn an_intent_without_a_payment_method_asks_for_one_and_takes_it_at_the_confirm() {
    let gateway = TestGateway::new();
    let intent = gateway.post("/v1/payment_intents", &[("amount", "5"), ("currency", "eur"), ("payment_method_types[]", "card")]).id();
    assert_eq!(gateway.status(&intent), "requires_payment_method");
    let refused = gateway.confirm(&intent);
    assert_eq!(refused.error(), (400, "invalid_request_error".into(), "payment_intent_unexpected_state".into()));
    assert_eq!(refused.text("/error/payment_intent/status"), "requires_payment_method");
    let method = gateway.card("4242424242424242");
    let confirmed = gateway.post(&format!("/v1/payment_intents/{intent}/confirm"), &[("payment_method", &method)]);
    assert_eq!((confirmed.text("/status"), confirmed.text("/payment_method")), ("succeeded".into(), method));
}

#[test]
fn an_intent_captures_once_however_often_it_is_confirmed() {
    let gateway = TestGateway::new();
    let intent = gateway.intent("4242424242424242");
    let first = gateway.confirm(&intent);
    assert_eq!((first.text("/status"), first.text("/amount_received")), ("succeeded".into(), "6300".into()));
    let again = gateway.confirm(&intent);
    assert_eq!(again.error(), (400, "invalid_request_error".into(), "payment_intent_unexpected_state".into()));
    assert_eq!(again.text("/error/payment_intent/status"), "succeeded");
    let facts = gateway.facts();
    assert_eq!((facts.charges.len(), facts.charges[0].amount_minor, facts.charges[0].captured), (1, 6300, true));
    assert_eq!(facts.charges[0].metadata["order"], "7");
    assert_eq!(facts.charges[0].id, first.text("/latest_charge"));
}

#[test]
fn a_declined_intent_forgets_its_card_and_may_be_confirmed_with_another() {
    let gateway = TestGateway::new();
    let intent = gateway.intent("4000000000000002");
    assert_eq!(gateway.confirm(&intent).status, 402);
    assert_eq!(gateway.confirm(&intent).text("/error/code"), "payment_intent_unexpected_state");
    let method = gateway.card("4242424242424242");
    let confirmed = gateway.post(&format!("/v1/payment_intents/{intent}/confirm"), &[("payment_method", &method)]);
    assert_eq!((confirmed.text("/status"), confirmed.text("/last_payment_error")), ("succeeded".into(), "null".into()));
    assert_eq!((gateway.captured(), gateway.facts().charges.len()), (1, 2));
}

#[test]
fn a_cancelled_intent_never_captures() {
    let gateway = TestGateway::new();
    for number in ["4242424242424242", "4000000000000002"] {
        let intent = gateway.intent(number);
        if number.ends_with("02") {
            assert_eq!(gateway.confirm(&intent).status, 402);
        }
        let cancel = format!("/v1/payment_intents/{intent}/cancel");
        let cancelled = gateway.post(&cancel, &[("cancellation_reason", "abandoned")]);
        assert_eq!((cancelled.text("/status"), cancelled.text("/cancellation_reason")), ("canceled".into(), "abandoned".into()));
        for refused in [gateway.confirm(&intent), gateway.post(&cancel, &[])] {
            assert_eq!(refused.error(), (400, "invalid_request_error".into(), "payment_intent_unexpected_state".into()));
            assert_eq!(refused.text("/error/payment_intent/status"), "canceled");
        }
    }
    assert_eq!(gateway.captured(), 0);
}

#[test]
fn a_succeeded_intent_cannot_be_cancelled_and_the_refusal_shows_it() {
    let gateway = TestGateway::new();
    let intent = gateway.intent("4242424242424242");
    gateway.confirm(&intent);
    let refused = gateway.post(&format!("/v1/payment_intents/{intent}/cancel"), &[]);
    assert_eq!(refused.error(), (400, "invalid_request_error".into(), "payment_intent_unexpected_state".into()));
    assert_eq!(refused.text("/error/payment_intent/status"), "succeeded");
}

#[test]
fn intents_are_listed_newest_first_page_by_page() {
    let gateway = TestGateway::new();
    let create = || gateway.post("/v1/payment_intents", &[("amount", "5"), ("currency", "eur")]).id();
    let mut newest_first: Vec<String> = (0..25).map(|_| create()).collect();
    newest_first.reverse();
    assert_eq!(gateway.get("/v1/payment_intents").page(), (newest_first[..10].to_vec(), true));
    let mut seen = Vec::new();
    loop {
        let after = seen.last().map_or(String::new(), |id| format!("&starting_after={id}"));
        let (ids, has_more) = gateway.get(&format!("/v1/payment_intents?limit=12{after}")).page();
        seen.extend(ids);
        if !has_more {
            break;
        }
    }
    assert_eq!(seen, newest_first);
}

#[test]
fn a_list_starts_only_after_what_is_there_and_has_bounded_pages() {
    let gateway = TestGateway::new();
    let unknown = gateway.get("/v1/payment_intents?starting_after=pi_0");
    assert_eq!(unknown.error(), (400, "invalid_request_error".into(), "resource_missing".into()));
    for limit in ["0", "101", "-1", "x"] {
        let refused = gateway.get(&format!("/v1/payment_intents?limit={limit}"));
        assert_eq!(refused.error(), (400, "invalid_request_error".into(), "parameter_invalid_integer".into()));
    }
}

#[test]
fn what_is_not_there_is_404_by_its_address_and_400_as_a_parameter() {
    let gateway = TestGateway::new();
    for path in ["/v1/payment_intents/pi_0", "/v1/refunds/re_0", "/v1/payment_methods/pm_0", "/v1/payment_intents/%FF"] {
        assert_eq!(gateway.get(path).error(), (404, "invalid_request_error".into(), "resource_missing".into()));
    }
    for path in ["/v1/payment_intents/pi_0/confirm", "/v1/payment_intents/pi_0/cancel"] {
        assert_eq!(gateway.post(path, &[]).error(), (404, "invalid_request_error".into(), "resource_missing".into()));
    }
    let refused = gateway.post("/v1/payment_intents", &[("amount", "5"), ("currency", "eur"), ("payment_method", "pm_0")]);
    assert_eq!(refused.error(), (400, "invalid_request_error".into(), "resource_missing".into()));
    assert_eq!(refused.text("/error/param"), "payment_method");
}
