//! Rubbish at the payment gateway's door, which is another system's: refused in its own words.

use bytes::Bytes;
use http::{Request, header};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::shop::{SECRET_KEY, TestShop};

const ROUTES: [(&str, &str); 10] = [
    ("POST", "/v1/payment_methods"),
    ("GET", "/v1/payment_methods/{id}"),
    ("POST", "/v1/payment_intents"),
    ("GET", "/v1/payment_intents"),
    ("GET", "/v1/payment_intents/{id}"),
    ("POST", "/v1/payment_intents/{id}/confirm"),
    ("POST", "/v1/payment_intents/{id}/cancel"),
    ("POST", "/v1/refunds"),
    ("GET", "/v1/refunds"),
    ("GET", "/v1/refunds/{id}"),
];

fn name() -> impl Strategy<Value = String> {
    let known = [
        "type",
        "card[number]",
        "card[exp_month]",
        "card[exp_year]",
        "card[cvc]",
        "amount",
        "currency",
        "metadata[order]",
        "metadata[",
        "payment_method",
        "payment_intent",
        "reason",
        "limit",
        "starting_after",
        "confirm",
        "card",
        "%00",
        "%",
    ];
    prop_oneof![5 => prop::sample::select(known.map(str::to_owned).to_vec()), 1 => "[a-z\\[\\]%]{0,12}"]
}

fn value() -> impl Strategy<Value = String> {
    let known = [
        "card",
        "4242424242424242",
        "4000000000000002",
        "12",
        "2039",
        "123",
        "500",
        "-1",
        "0",
        "99999999999999999999",
        "eur",
        "EUR",
        "euro",
        "pm_0",
        "pi_0",
        "true",
        "%00",
        "%FF",
        "%",
        "",
        "1e9",
        "100",
    ];
    prop_oneof![5 => prop::sample::select(known.map(str::to_owned).to_vec()), 1 => Just("x".repeat(6_000)), 1 => "[ -~]{0,20}"]
}

fn form() -> impl Strategy<Value = String> {
    let field = (name(), value()).prop_map(|(name, value)| format!("{name}={value}"));
    let fields = prop::collection::vec(field, 0..6).prop_map(|fields| fields.join("&"));
    prop_oneof![8 => fields, 1 => "\\PC{0,30}", 1 => Just("a=".repeat(40_000)), 1 => Just("&".repeat(2_000))]
}

fn id() -> impl Strategy<Value = String> {
    prop_oneof![Just("pi_0".to_owned()), Just("%00".to_owned()), Just("%FF".to_owned()), Just("x".repeat(3_000)), "[a-z0-9_%.-]{1,30}"]
}

#[test]
fn rubbish_at_the_gateway_is_refused_in_its_own_words_and_takes_no_money() {
    let shop = TestShop::open("gateway-rubbish");
    let config = Config { cases: 1_500, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let headers = prop_oneof![4 => Just(String::new()), 1 => Just("k".repeat(300)), 1 => "[ -~]{1,20}"];
    let strategy = (prop::sample::select(ROUTES.to_vec()), id(), form(), headers);
    let thrown = runner.run(&strategy, |((method, path), id, form, key)| {
        let mut uri = format!("http://gateway.shop{}", path.replace("{id}", &id));
        let body = if method == "GET" { Bytes::new() } else { Bytes::from(form.clone()) };
        if method == "GET" {
            uri = format!("{uri}?{form}");
        }
        let mut request = Request::builder().method(method).uri(uri).header(header::AUTHORIZATION, format!("Bearer {SECRET_KEY}"));
        if !key.is_empty() {
            request = request.header("idempotency-key", key);
        }
        let Ok(request) = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(body) else { return Ok(()) };
        let reply = shop.send(request);
        prop_assert!(reply.status < 500, "{} {}: {} {}", method, path, reply.status, reply.body);
        let says = reply.body["error"]["message"].as_str().is_some_and(|message| !message.is_empty());
        prop_assert!(reply.status < 400 || says, "{} {}: {} {}", method, path, reply.status, reply.body);
        Ok(())
    });
    thrown.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(shop.facts().gateway.charges, []);
}
