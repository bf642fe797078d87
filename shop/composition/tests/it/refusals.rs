//! The refusals that people meet, one by one: what is asked, and what is answered.

use http::Method;
use serde_json::{Value, json};

use crate::shop::{GOOD_CARD, ORGANISER, TestShop};

/// Asks with the organiser's key; the answer must be this problem.
fn refuses(shop: &TestShop, (method, path, body): (Method, &str, Value), status: u16, kind: &str) {
    let before = shop.quiet();
    let reply = shop.ask(&method, path, Some(ORGANISER), &body);
    let is = (reply.status, reply.body["type"].as_str(), reply.is_problem());
    assert_eq!(is, (status, Some(kind), true), "{method} {path} {body}: {}", reply.body);
    assert_eq!(reply.retry_after.is_some(), status == 503 || kind == "order-not-known-yet", "{path}");
    assert_eq!(shop.facts(), before, "{method} {path} {body} changed something");
}

const UNKNOWN: &str = "0190f6a2-7b1c-4def-8a55-000000000001";

#[test]
fn bad_events_are_refused() {
    let shop = TestShop::open("bad-events");
    let path = "/api/event-catalog/events";
    let cases = [
        (json!("title"), 400, "bad-request"),
        (json!({"title": 7, "capacity": 1, "price_minor": 1}), 400, "bad-request"),
        (json!({"capacity": 1, "price_minor": 1}), 400, "bad-request"),
        (json!({"title": "T", "capacity": -1, "price_minor": 1}), 400, "bad-request"),
        (json!({"title": "T", "capacity": 4_294_967_296_u64, "price_minor": 1}), 400, "bad-request"),
        (json!({"title": "T", "capacity": 1, "price_minor": 1, "colour": "red"}), 400, "bad-request"),
        (json!({"title": "T", "capacity": 1, "price_minor": 1, "currency": "euros"}), 400, "bad-request"),
        (json!({"title": "T", "capacity": 1, "price_minor": -1}), 422, "invalid-value"),
        (json!({"title": "T", "capacity": 1}), 422, "invalid-value"),
        (json!({"title": "", "capacity": 1, "price_minor": 1}), 422, "invalid-value"),
        (json!({"title": "x".repeat(121), "capacity": 1, "price_minor": 1}), 422, "invalid-value"),
        (json!({"title": "T", "capacity": 1, "price_minor": 1, "starts": "2001-01-01"}), 422, "invalid-value"),
        (json!({"title": "T", "ticket_types": []}), 422, "invalid-value"),
        (json!({"title": "x".repeat(70_000), "capacity": 1, "price_minor": 1}), 413, "body-too-large"),
    ];
    for (body, status, kind) in cases {
        refuses(&shop, (Method::POST, path, body), status, kind);
    }
}

#[test]
fn changes_meant_for_an_older_version_or_for_nothing_are_refused() {
    let shop = TestShop::open("stale");
    let choice = shop.enter("Check Night", 10, 2_500);
    let event = format!("/api/event-catalog/events/{}", choice.event);
    assert_eq!(shop.organiser(&Method::POST, &format!("{event}/rename"), &json!({"title": "Check Day", "version": 1})).status, 200);
    refuses(&shop, (Method::POST, &format!("{event}/rename"), json!({"title": "Check Noon", "version": 1})), 409, "stale-version");
    refuses(&shop, (Method::POST, &format!("{event}/price"), json!({"price": "30.00", "version": 9})), 409, "stale-version");
    refuses(&shop, (Method::POST, &format!("{event}/price"), json!({"price": "30.00", "ticket_type_id": UNKNOWN})), 404, "not-found");
    let nowhere = format!("/api/event-catalog/events/{UNKNOWN}");
    refuses(&shop, (Method::POST, &format!("{nowhere}/cancel"), Value::Null), 404, "not-found");
    refuses(&shop, (Method::GET, &nowhere, Value::Null), 404, "not-found");
    refuses(&shop, (Method::GET, "/api/event-catalog/events/7", Value::Null), 404, "not-found");
}

#[test]
fn pages_out_of_bounds_are_refused() {
    let shop = TestShop::open("pages");
    for query in ["limit=0", "limit=101", "limit=-1", "limit=x", "after=x", "from=x", "page=2", "limit=1&limit=2"] {
        refuses(&shop, (Method::GET, &format!("/api/event-catalog/events?{query}"), Value::Null), 400, "bad-request");
    }
    let choice = shop.enter("Check Night", 10, 2_500);
    let (_, journal) = shop.buy(&choice, GOOD_CARD);
    let order = journal.order().unwrap().0;
    for query in ["limit=0", "limit=101", "limit=-1", "after=x", "page=2"] {
        refuses(&shop, (Method::GET, &format!("/api/ordering/orders/{order}/history?{query}"), Value::Null), 400, "bad-request");
        refuses(&shop, (Method::GET, &format!("/api/box-office/orders/{order}/tickets?{query}"), Value::Null), 400, "bad-request");
    }
}

#[test]
fn bad_lines_and_checkouts_are_refused() {
    let shop = TestShop::open("bad-lines");
    let choice = shop.enter("Check Night", 10, 2_500);
    shop.quiet();
    let basket = shop.ask(&Method::POST, "/api/shopping-basket/baskets", None, &Value::Null).body["id"].as_str().unwrap().to_owned();
    let (lines, checkout) =
        (format!("/api/shopping-basket/baskets/{basket}/lines"), format!("/api/shopping-basket/baskets/{basket}/checkout"));
    let line = |quantity: Value| json!({"event_id": choice.event, "ticket_type_id": choice.ticket_type, "quantity": quantity});
    for (quantity, status, kind) in [
        (json!(0), 422, "invalid-value"),
        (json!(11), 422, "invalid-value"),
        (json!(u32::MAX), 422, "invalid-value"),
        (json!(-1), 400, "bad-request"),
        (json!(1.5), 400, "bad-request"),
        (json!("1"), 400, "bad-request"),
        (json!(u64::MAX), 400, "bad-request"),
    ] {
        refuses(&shop, (Method::POST, &lines, line(quantity)), status, kind);
    }
    let elsewhere = json!({"event_id": UNKNOWN, "ticket_type_id": choice.ticket_type, "quantity": 1});
    refuses(&shop, (Method::POST, &lines, elsewhere), 503, "event-not-known-yet");
    let no_type = json!({"event_id": choice.event, "ticket_type_id": UNKNOWN, "quantity": 1});
    refuses(&shop, (Method::POST, &lines, no_type), 422, "no-such-ticket-type");
    refuses(&shop, (Method::PUT, &format!("{lines}/{UNKNOWN}"), json!({"quantity": 1})), 404, "not-found");

    let buyer = json!({"email": "ada@example.com", "name": "Ada", "payment_method": "pm_1"});
    refuses(&shop, (Method::POST, &checkout, buyer.clone()), 409, "basket-empty");
    assert_eq!(shop.ask(&Method::POST, &lines, None, &line(json!(11_u8 - 1))).status, 201);
    shop.quiet();
    let no_method = json!({"email": "ada@example.com", "name": "Ada"});
    refuses(&shop, (Method::POST, &checkout, no_method), 422, "no-payment-method");
    for (field, value) in [("email", "nobody"), ("name", ""), ("payment_method", "4242424242424242"), ("payment_method", "a b")] {
        let mut buyer = buyer.clone();
        buyer[field] = json!(value);
        refuses(&shop, (Method::POST, &checkout, buyer), 422, "invalid-value");
    }
}

#[test]
fn a_key_that_was_used_for_another_request_is_refused_and_the_same_request_is_answered_as_before() {
    let shop = TestShop::open("keys");
    let ask = |title: &str| {
        let body = json!({"title": title, "capacity": 1, "price_minor": 100}).to_string();
        let request = http::Request::post("http://shop.test/api/event-catalog/events");
        let request = request.header("authorization", format!("Bearer {ORGANISER}")).header("idempotency-key", "once");
        shop.send(request.body(body.into()).unwrap())
    };
    let first = ask("Check Night");
    let (again, other) = (ask("Check Night"), ask("Check Day"));
    assert_eq!((first.status, again.status, again.body == first.body), (201, 201, true));
    assert_eq!((other.status, other.body["type"].as_str()), (422, Some("idempotency-key-reused")));
    assert_eq!(shop.quiet().catalog.events.len(), 1);
}

#[test]
fn orders_that_are_over_refuse_what_comes_too_late() {
    let shop = TestShop::open("too-late");
    let choice = shop.enter("Check Night", 10, 2_500);
    let (_, journal) = shop.buy(&choice, GOOD_CARD);
    shop.rest();
    let order = format!("/api/ordering/orders/{}", journal.order().unwrap().0);
    refuses(&shop, (Method::POST, &format!("{order}/cancel"), Value::Null), 409, "order-state");
    refuses(&shop, (Method::POST, &format!("{order}/pay"), json!({"payment_method": "pm_1"})), 409, "order-state");
    refuses(&shop, (Method::POST, &format!("{order}/pay"), json!({"payment_method": ""})), 422, "wrong-payment-method");
    refuses(&shop, (Method::POST, &format!("/api/ordering/orders/{UNKNOWN}/cancel"), Value::Null), 404, "order-not-known-yet");
    refuses(&shop, (Method::GET, &format!("/api/box-office/orders/{UNKNOWN}/tickets"), Value::Null), 404, "order-not-known-yet");
    refuses(&shop, (Method::GET, &format!("/api/admin/orders/{UNKNOWN}"), Value::Null), 404, "not-found");
}
