//! What each card number does, and what of a card is kept.

use std::time::Duration;

use crate::world::{TestGateway, block_on};

#[test]
fn a_card_becomes_a_payment_method_that_shows_brand_and_last_four_digits_only() {
    let gateway = TestGateway::new();
    let entered = gateway.enter("4242 4242-4242 4242");
    assert_eq!(
        (entered.text("/object"), entered.text("/card/brand"), entered.text("/card/last4")),
        ("payment_method".into(), "visa".into(), "4242".into())
    );
    assert!(entered.text("/id").starts_with("pm_"));
    assert!(!entered.body.to_string().contains("4242424242424242"));
    let found = gateway.get(&format!("/v1/payment_methods/{}", entered.id()));
    assert_eq!(found.body, entered.body);
}

#[test]
fn any_other_number_is_incorrect_when_it_is_entered_and_is_not_repeated() {
    let gateway = TestGateway::new();
    for number in ["4242424242424241", "1234", "not a number", "４２４２424242424242"] {
        let refused = gateway.enter(number);
        assert_eq!(refused.error(), (402, "card_error".into(), "incorrect_number".into()), "{number}");
        assert!(!refused.body.to_string().contains(number));
        assert!(!payment_gateway::is_known_card(number));
    }
    assert!(payment_gateway::is_known_card("4000002500003155"));
}

#[test]
fn cards_are_declined_with_the_code_of_their_number_and_take_no_money() {
    let cases = [
        ("4000000000000002", "card_declined", "generic_decline"),
        ("4000000000009995", "card_declined", "insufficient_funds"),
        ("4000000000000069", "expired_card", "expired_card"),
        ("4000000000000127", "incorrect_cvc", "incorrect_cvc"),
        ("4000000000000119", "processing_error", "processing_error"),
        ("4000002500003155", "authentication_required", "authentication_required"),
    ];
    for (number, code, decline_code) in cases {
        let gateway = TestGateway::new();
        let intent = gateway.intent(number);
        let declined = gateway.confirm(&intent);
        assert_eq!(declined.error(), (402, "card_error".into(), code.into()));
        assert_eq!(declined.text("/error/decline_code"), decline_code);
        assert_eq!(declined.text("/error/payment_intent/status"), "requires_payment_method");
        let shown = gateway.get(&format!("/v1/payment_intents/{intent}"));
        assert_eq!(shown.text("/last_payment_error/decline_code"), decline_code);
        assert_eq!(shown.text("/last_payment_error/charge"), shown.text("/latest_charge"));
        assert_eq!((gateway.captured(), gateway.facts().charges.len()), (0, 1));
    }
}

#[test]
fn cards_whose_peculiarity_is_their_webhook_simply_succeed() {
    for number in ["4242424242424242", "4000990000000400", "4000990000000509", "4000990000000608"] {
        let gateway = TestGateway::new();
        let intent = gateway.intent(number);
        assert_eq!(gateway.confirm(&intent).text("/status"), "succeeded");
        assert_eq!(gateway.captured(), 1);
    }
}

#[test]
fn a_slow_card_is_charged_first_and_answers_after_five_seconds() {
    let gateway = TestGateway::new();
    let intent = gateway.intent("4000990000000103");
    assert_eq!(gateway.confirm(&intent).text("/status"), "succeeded");
    assert_eq!(gateway.clock.slept(), [Duration::from_secs(5)]);
}

#[test]
fn a_caller_who_gives_up_on_a_slow_card_has_been_charged() {
    let gateway = TestGateway::new();
    let intent = gateway.intent("4000990000000103");
    gateway.clock.stall();
    let confirm = TestGateway::request("POST", &format!("/v1/payment_intents/{intent}/confirm"), &[], None);
    let mut patience = 100;
    let give_up = std::future::poll_fn(|context| {
        patience -= 1;
        context.waker().wake_by_ref();
        if patience == 0 { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    });
    let ended = block_on(hosting::race(gateway.answer(confirm), give_up));
    assert!(matches!(ended, hosting::Either::Second(())));
    assert_eq!((gateway.status(&intent), gateway.captured()), ("succeeded".into(), 1));
}

#[test]
fn a_card_that_drops_the_connection_is_charged_before() {
    let gateway = TestGateway::new();
    let intent = gateway.intent("4000990000000202");
    assert!(gateway.confirm(&intent).dropped);
    assert_eq!((gateway.status(&intent), gateway.captured()), ("succeeded".into(), 1));
}

#[test]
fn a_card_that_answers_500_is_charged_before() {
    let gateway = TestGateway::new();
    let intent = gateway.intent("4000990000000301");
    assert_eq!(gateway.confirm(&intent).error(), (500, "api_error".into(), String::new()));
    assert_eq!((gateway.status(&intent), gateway.captured()), ("succeeded".into(), 1));
}

#[test]
fn the_card_number_is_in_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = TestGateway::in_file(&folder.path().join("gateway.sqlite"));
    let fields =
        [("type", "card"), ("card[number]", "4000000000009995"), ("card[exp_month]", "1"), ("card[exp_year]", "32"), ("card[cvc]", "7391")];
    let method = gateway.post_once("a key", "/v1/payment_methods", &fields).id();
    gateway.post("/v1/payment_intents", &[("amount", "1"), ("currency", "eur"), ("payment_method", &method)]).id();
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        let has = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(!has("4000000000009995") && !has("40000000") && !has("7391"));
    }
}
