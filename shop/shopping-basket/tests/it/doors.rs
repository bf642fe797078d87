//! Bad requests are refused with what is wrong, and change nothing.

use contracts::box_office::HoldTickets;
use contracts::ordering::PlaceOrder;
use contracts::{EventId, TicketTypeId};
use serde_json::{Value, json};

use crate::baskets::id;
use crate::door::Shop;

fn line(quantity: impl Into<Value>) -> Value {
    json!({"event_id": id::<EventId>(1), "ticket_type_id": id::<TicketTypeId>(2), "quantity": quantity.into()})
}

#[test]
fn bad_lines_are_refused() {
    let mut shop = Shop::open();
    shop.publish();
    let path = format!("{}/lines", shop.basket());
    let bad = [
        line(0),
        line(-1),
        line(9),
        line(4_294_967_296_u64),
        line(1.5),
        line("1"),
        json!({"quantity": 1}),
        json!({"event_id": "rubbish", "ticket_type_id": "rubbish", "quantity": 1}),
        json!({"event_id": id::<EventId>(1), "ticket_type_id": id::<TicketTypeId>(2), "quantity": 1, "price_minor": 1}),
        json!(null),
        json!([]),
    ];
    for body in bad {
        let reply = shop.post(&path, &body);
        assert!((400..500).contains(&reply.status) && reply.body["detail"].is_string(), "{body} {reply:?}");
    }
    assert!(shop.endpoint.sent::<HoldTickets>().is_empty());
}

#[test]
fn a_basket_has_at_most_twenty_lines() {
    let mut shop = Shop::open();
    shop.publish();
    let basket = shop.basket();
    for _ in 0..20 {
        shop.add(&basket, 1);
    }
    assert_eq!(shop.post(&format!("{basket}/lines"), &line(1)).kind(), "too-many-lines");
}

#[test]
fn unknown_baskets_and_lines_are_not_found() {
    let mut shop = Shop::open();
    shop.publish();
    let (basket, _) = shop.held();
    let unknown = "019230a2-5c1b-7e4d-8f3a-6b7c8d9e0f1a";
    assert_eq!(shop.get("/baskets/rubbish").status, 404);
    assert_eq!(shop.get(&format!("/baskets/{unknown}")).status, 404);
    assert_eq!(shop.post(&format!("/baskets/{unknown}/lines"), &line(1)).status, 404);
    assert_eq!(shop.check_out(&format!("/baskets/{unknown}")).status, 404);
    assert_eq!(shop.ask("PUT", &format!("{basket}/lines/{unknown}"), r#"{"quantity": 1}"#).status, 404);
    assert_eq!(shop.ask("DELETE", &format!("{basket}/lines/{unknown}"), "").status, 404);
    assert_eq!(shop.post(&format!("{basket}/lines/{unknown}/accept-price"), &json!({})).status, 404);
}

#[test]
fn bad_buyers_are_refused() {
    let mut shop = Shop::open();
    shop.publish();
    let (basket, _) = shop.held();
    let buyer = |email: &str, name: &str, token: &str| json!({"email": email, "name": name, "payment_method": token});
    let long = "x".repeat(300);
    let bad = [
        buyer("", "Ada", "pm_1"),
        buyer("ada", "Ada", "pm_1"),
        buyer("a@b@c", "Ada", "pm_1"),
        buyer("a b@c.example", "Ada", "pm_1"),
        buyer(&format!("{long}@c.example"), "Ada", "pm_1"),
        buyer("a@b.example", " ", "pm_1"),
        buyer("a@b.example", &long, "pm_1"),
        buyer("a@b.example", "Ada", &long),
        buyer("a@b.example", "Ada", "pm 1"),
        buyer("a@b.example", "Ada", "4242424242424242"),
        buyer("a@b.example", "Ada", ""),
        json!({"email": "a@b.example"}),
        json!({}),
    ];
    for body in bad {
        let reply = shop.post(&format!("{basket}/checkout"), &body);
        assert!((400..500).contains(&reply.status) && reply.body["detail"].is_string(), "{body} {reply:?}");
    }
    assert!(shop.endpoint.sent::<PlaceOrder>().is_empty());
}

#[test]
fn an_empty_basket_is_made_with_and_without_a_body() {
    let mut shop = Shop::open();
    assert_eq!(shop.ask("POST", "/baskets", "").status, 201);
    assert_eq!(shop.ask("POST", "/baskets", "{}").status, 201);
    assert_eq!(shop.ask("POST", "/baskets", r#"{"id": "mine"}"#).status, 400);
    assert_eq!(shop.ask("POST", "/baskets", &" ".repeat(70_000)).status, 413);
    let basket = shop.basket();
    let shown = shop.get(&basket).body;
    assert_eq!((&shown["lines"], &shown["total_minor"], &shown["currency"]), (&json!([]), &json!(0), &Value::Null));
}
