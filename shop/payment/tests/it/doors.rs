//! What comes through the HTTP door.

use messaging::http::Class;

use crate::door::{Door, ORGANISER};
use crate::payments::order_id;

#[test]
fn a_buyer_is_told_where_a_card_becomes_a_payment_method_and_never_the_secret_key() {
    let reply = Door::open("card-entry").get("/card-entry");
    let expected = serde_json::json!({"gateway_url": "http://gateway.test", "publishable_key": "pk_test"});
    assert_eq!((reply.status, reply.body), (200, expected));
}

#[test]
fn an_order_without_a_payment_has_none() {
    let door = Door::open("none");
    let organiser = [("authorization", format!("Bearer {ORGANISER}"))];
    let headers = [(organiser[0].0, organiser[0].1.as_str())];
    let reply = door.ask("GET", &format!("/orders/{}/payments", order_id()), &headers, "");
    assert_eq!((reply.status, reply.body), (200, serde_json::json!({"payments": []})));
    assert_eq!(door.ask("GET", "/orders/7/payments", &headers, "").status, 404);
}

#[test]
fn the_organisers_routes_ask_for_the_organisers_key() {
    let door = Door::open("keys");
    for entry in &door.table {
        let path = entry.path.replace("{id}", &order_id().to_string());
        let wrong = door.ask(entry.method.as_str(), &path, &[("authorization", "Bearer wrong")], "");
        let without = door.ask(entry.method.as_str(), &path, &[], "");
        let closed = entry.class == Class::Organiser;
        assert_eq!((wrong.status == 403, without.status == 401), (closed, closed), "{path}");
    }
}

#[test]
fn the_openapi_document_lists_every_route() {
    let door = Door::open("openapi");
    let document = door.get("/openapi.json").body;
    for entry in door.table.iter().filter(|entry| entry.path != "/openapi.json") {
        assert!(document["paths"][entry.path][entry.method.as_str().to_lowercase()].is_object(), "{} {}", entry.method, entry.path);
    }
}
