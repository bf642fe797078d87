//! What comes through the HTTP door.

use crate::door::{Door, ORGANISER};
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
