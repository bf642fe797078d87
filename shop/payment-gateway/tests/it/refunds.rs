//! Refunds: all or part of a charge, never more than was captured.

use crate::world::TestGateway;

fn paid(gateway: &TestGateway) -> (String, String) {
    let intent = gateway.intent("4242424242424242");
    let charge = gateway.confirm(&intent).text("/latest_charge");
    (intent, charge)
}

#[test]
fn a_refund_gives_back_the_whole_charge_unless_told_less() {
    let gateway = TestGateway::new();
    let (intent, charge) = paid(&gateway);
    let fields = [("payment_intent", intent.as_str()), ("metadata[order]", "7"), ("reason", "requested_by_customer")];
    let refund = gateway.post("/v1/refunds", &fields);
    assert_eq!(
        (refund.text("/object"), refund.text("/status"), refund.text("/amount")),
        ("refund".into(), "succeeded".into(), "6300".into())
    );
    assert_eq!((refund.text("/charge"), refund.text("/payment_intent")), (charge, intent));
    assert_eq!(gateway.get(&format!("/v1/refunds/{}", refund.id())).body, refund.body);
    let facts = gateway.facts();
    assert_eq!((facts.charges[0].refunded_minor, facts.refunds[0].amount_minor), (6300, 6300));
    assert_eq!(facts.refunds[0].metadata["order"], "7");
}

#[test]
fn refunds_never_exceed_what_was_captured() {
    let gateway = TestGateway::new();
    let (intent, charge) = paid(&gateway);
    assert_eq!(gateway.post("/v1/refunds", &[("charge", &charge), ("amount", "6000")]).text("/amount"), "6000");
    let too_much = gateway.post("/v1/refunds", &[("charge", &charge), ("amount", "301")]);
    assert_eq!(too_much.error(), (400, "invalid_request_error".into(), "amount_too_large".into()));
    assert_eq!(gateway.post("/v1/refunds", &[("payment_intent", &intent)]).text("/amount"), "300");
    let again = gateway.post("/v1/refunds", &[("payment_intent", &intent)]);
    assert_eq!(again.error(), (400, "invalid_request_error".into(), "charge_already_refunded".into()));
    assert_eq!(gateway.facts().charges[0].refunded_minor, 6300);
}

#[test]
fn only_money_that_was_taken_can_be_given_back() {
    let gateway = TestGateway::new();
    let declined = gateway.intent("4000000000000002");
    let charge = gateway.confirm(&declined).text("/error/charge");
    let new = gateway.intent("4242424242424242");
    for fields in [("payment_intent", declined.as_str()), ("payment_intent", new.as_str()), ("charge", charge.as_str())] {
        let refused = gateway.post("/v1/refunds", &[fields]);
        assert_eq!((refused.status, refused.text("/error/type")), (400, "invalid_request_error".into()), "{fields:?}");
    }
    for fields in [("payment_intent", "pi_0"), ("charge", "ch_0")] {
        assert_eq!(gateway.post("/v1/refunds", &[fields]).error(), (400, "invalid_request_error".into(), "resource_missing".into()));
    }
    assert!(gateway.facts().refunds.is_empty());
}

#[test]
fn refunds_are_listed_newest_first_and_by_intent_or_charge() {
    let gateway = TestGateway::new();
    let paid = [paid(&gateway), paid(&gateway)];
    let refund = |number: usize| gateway.post("/v1/refunds", &[("payment_intent", &paid[number].0), ("amount", "1")]).id();
    let refunds = [refund(0), refund(1), refund(0)];
    let list = |query: &str| gateway.get(&format!("/v1/refunds?{query}")).page();
    assert_eq!(list("limit=2"), (vec![refunds[2].clone(), refunds[1].clone()], true));
    assert_eq!(list(&format!("starting_after={}", refunds[1])), (vec![refunds[0].clone()], false));
    let of_first = vec![refunds[2].clone(), refunds[0].clone()];
    assert_eq!(list(&format!("payment_intent={}", paid[0].0)), (of_first.clone(), false));
    assert_eq!(list(&format!("charge={}", paid[0].1)), (of_first, false));
    assert_eq!(list("payment_intent=pi_0"), (vec![], false));
}
