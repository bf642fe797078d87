//! A card typed on the gateway's own page: the shop makes the link, and is given a payment method in return.

use bytes::Bytes;
use http::{Method, Request, Response, header};
use serde_json::{Value, json};

use crate::shop::{GOOD_CARD, SERVICE, TestShop};

fn link(shop: &TestShop) -> String {
    let asked =
        json!({"return_url": "http://shop.test/checkout?basket=7", "title": "Fado & Wein", "amount_minor": 2_500, "currency": "EUR"});
    let reply = shop.ask(&Method::POST, "/api/payment/card-entries", Some(SERVICE), &asked);
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.body["url"].as_str().unwrap().to_owned()
}

fn open(shop: &TestShop, link: &str) -> Response<Bytes> {
    shop.exchange(Request::get(link).body(Bytes::new()).unwrap())
}

fn type_card(shop: &TestShop, link: &str, number: &str) -> Response<Bytes> {
    let form = format!("number={number}&exp_month=12&exp_year=2039&cvc=123");
    let request = Request::post(link).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    shop.exchange(request.body(Bytes::from(form)).unwrap())
}

/// The payment method that the buyer comes back with.
fn method_of(answer: &Response<Bytes>, last4: &str) -> String {
    assert_eq!(answer.status(), 303);
    let location = answer.headers()["location"].to_str().unwrap();
    let rest = location.strip_prefix("http://shop.test/checkout?basket=7&payment_method=").unwrap();
    rest.strip_suffix(&format!("&brand=visa&last4={last4}")).unwrap().to_owned()
}

/// A checkout of one place with that payment method; the order's id.
fn check_out(shop: &TestShop, method: &str) -> String {
    let choice = shop.enter("Fado & Wein", 10, 2_500);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let basket = text(&shop.ask(&Method::POST, "/api/shopping-basket/baskets", None, &json!({})).body["id"]);
    let basket = format!("/api/shopping-basket/baskets/{basket}");
    let line = json!({"event_id": choice.event, "ticket_type_id": choice.ticket_type, "quantity": 1});
    shop.until("in the basket's copy", || shop.ask(&Method::POST, &format!("{basket}/lines"), None, &line).status < 300);
    shop.until("held", || shop.get(&basket).body["lines"][0]["state"] == "held");
    let buyer = json!({"email": "ada@example.com", "name": "Ada", "payment_method": method});
    let reply = shop.ask(&Method::POST, &format!("{basket}/checkout"), None, &buyer);
    text(&reply.body["order_id"])
}

fn state(shop: &TestShop, order: &str) -> Value {
    shop.get(&format!("/api/ordering/orders/{order}")).body["state"].clone()
}

#[test]
fn a_card_typed_at_the_gateway_by_the_shops_link_pays_an_order() {
    let shop = TestShop::open("card-entry");
    let link = link(&shop);
    let page = open(&shop, &link);
    let html = String::from_utf8(page.body().to_vec()).unwrap();
    assert_eq!((page.status().as_u16(), html.contains("Fado &amp; Wein"), html.contains("25.00 EUR")), (200, true, true));
    let order = check_out(&shop, &method_of(&type_card(&shop, &link, GOOD_CARD), "4242"));
    shop.until("paid and issued", || state(&shop, &order) == "issued");
}

#[test]
fn a_card_that_is_declined_is_taken_at_the_gateway_and_leaves_the_order_to_be_paid_again() {
    let shop = TestShop::open("card-entry-declined");
    let order = check_out(&shop, &method_of(&type_card(&shop, &link(&shop), "4000000000009995"), "9995"));
    shop.until("declined", || state(&shop, &order) == "awaiting_payment");
    let again = method_of(&type_card(&shop, &link(&shop), GOOD_CARD), "4242");
    let reply = shop.ask(&Method::POST, &format!("/api/ordering/orders/{order}/pay"), None, &json!({"payment_method": again}));
    assert_eq!(reply.status, 200, "{}", reply.body);
    shop.until("paid and issued", || state(&shop, &order) == "issued");
}

#[test]
fn a_link_led_elsewhere_on_its_way_opens_nothing() {
    let shop = TestShop::open("card-entry-tampered");
    let link = link(&shop);
    let elsewhere = link.replace("shop.test", "elsewhere.test");
    assert_ne!(link, elsewhere);
    for refused in [open(&shop, &elsewhere), type_card(&shop, &elsewhere, GOOD_CARD)] {
        assert_eq!((refused.status().as_u16(), refused.headers().get("location")), (403, None));
    }
}
