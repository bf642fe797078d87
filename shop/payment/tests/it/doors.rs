//! What comes through the HTTP door.

use serde_json::json;

use crate::door::{Door, ORGANISER, SERVICE};
use crate::payments::order_id;

#[test]
fn a_buyer_is_told_where_a_card_becomes_a_payment_method_and_never_the_secret_key() {
    let reply = Door::open().get("/card-entry");
    let expected = serde_json::json!({"gateway_url": "http://gateway.test", "publishable_key": "pk_test"});
    assert_eq!((reply.status, reply.body), (200, expected));
}

#[test]
fn an_order_without_a_payment_has_none() {
    let door = Door::open();
    let reply = door.ask("GET", &format!("/orders/{}/payments", order_id()), Some(ORGANISER));
    assert_eq!((reply.status, reply.body), (200, serde_json::json!({"payments": []})));
    assert_eq!(door.ask("GET", "/orders/7/payments", Some(ORGANISER)).status, 404);
}

#[test]
fn a_service_is_given_a_signed_link_to_the_gateways_page_that_opens_for_half_an_hour() {
    let door = Door::open();
    let asked = json!({"return_url": "http://shop.test/checkout?step=3", "title": "Fado & more", "amount_minor": 6_300, "currency": "EUR"});
    let reply = door.post("/card-entries", SERVICE, &asked);
    assert_eq!(reply.status, 200, "{}", reply.body);
    let seconds = door.now().plus(std::time::Duration::from_secs(1_800)).as_millis() / 1_000;
    let expires = hosting::Timestamp::from_micros(seconds * 1_000_000);
    let url = reply.body["url"].as_str().unwrap();
    let (signed, signature) = url.split_once("&signature=").unwrap();
    let expected = format!(
        "http://gateway.test/card-entry?return_url=http%3A%2F%2Fshop.test%2Fcheckout%3Fstep%3D3&title=Fado+%26+more\
         &amount_minor=6300&currency=EUR&expires={seconds}"
    );
    assert_eq!((signed, reply.body["expires"].clone()), (expected.as_str(), json!(expires)));
    assert!(signature.len() == 64 && signature.bytes().all(|byte| byte.is_ascii_hexdigit()), "{signature}");
    assert!(!url.contains("sk_test"));
    let other = json!({"return_url": "http://shop.test/checkout?step=4", "title": "Fado & more", "amount_minor": 6_300, "currency": "EUR"});
    assert!(!door.post("/card-entries", SERVICE, &other).body["url"].as_str().unwrap().ends_with(signature));
}

#[test]
fn a_link_is_refused_where_it_would_lead_nowhere_or_show_nothing() {
    let door = Door::open();
    let right = json!({"return_url": "https://shop.test/", "title": "Fado", "amount_minor": 1, "currency": "EUR"});
    assert_eq!(door.post("/card-entries", SERVICE, &right).status, 200);
    let long = format!("https://shop.test/{}", "x".repeat(1_983));
    let cases = [
        ("return_url", json!("/checkout")),
        ("return_url", json!("javascript://shop.test/%0Aalert(1)")),
        ("return_url", json!("ftp://shop.test/")),
        ("return_url", json!("https://")),
        ("return_url", json!("https://ada@shop.test/")),
        ("return_url", json!("https://shop.test\\@elsewhere.test/")),
        ("return_url", json!("https://shop.test/a b")),
        ("return_url", json!("https://shop.test/\r\nset-cookie: a=b")),
        ("return_url", json!(long)),
        ("title", json!(" ")),
        ("title", json!("two\nlines")),
        ("title", json!("x".repeat(201))),
        ("amount_minor", json!(0)),
        ("amount_minor", json!(-1)),
        ("amount_minor", json!(100_000_000)),
    ];
    for (field, value) in cases {
        let mut asked = right.clone();
        asked[field] = value;
        let refused = door.post("/card-entries", SERVICE, &asked);
        let told = (refused.status, refused.body["type"].as_str().unwrap(), refused.body["field"].as_str().unwrap());
        assert_eq!(told, (422, "invalid-value", field), "{asked}");
    }
    assert_eq!(door.post("/card-entries", ORGANISER, &right).status, 403);
}
