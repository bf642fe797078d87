//! From an empty basket to an order.

use contracts::box_office::{HoldExpired, ReleaseHold};
use contracts::ordering::PlaceOrder;
use messaging::NotHandled;
use serde_json::{Value, json};
use shopping_basket::audit;

use crate::baskets::{eur, id};
use crate::door::Shop;

#[test]
fn an_added_line_is_requested_and_then_held() {
    let mut shop = Shop::open();
    shop.publish();
    let basket = shop.basket();
    let (_, asked) = shop.add(&basket, 3);
    assert_eq!((asked.revision, asked.quantity, asked.event_id, asked.ticket_type_id), (1, 3, id(1), id(2)));
    assert_eq!(shop.get(&basket).body["lines"][0]["state"], "requested");
    shop.hold(&asked);
    let shown = shop.get(&basket).body;
    assert_eq!((&shown["lines"][0]["state"], &shown["lines"][0]["price_minor"]), (&json!("held"), &json!(2500)));
    assert_eq!(shown["lines"][0]["held_until"], "2027-01-01T00:10:00.000000Z");
    assert_eq!((&shown["total_minor"], &shown["currency"]), (&json!(7500), &json!("EUR")));
}

#[test]
fn a_rejected_line_says_what_is_left() {
    let mut shop = Shop::open();
    shop.publish();
    let basket = shop.basket();
    let (_, asked) = shop.add(&basket, 3);
    shop.reject(&asked, 1);
    let line = &shop.get(&basket).body["lines"][0];
    assert_eq!((&line["state"], &line["left"], &line["refused_because"]), (&json!("sold_out"), &json!(1), &json!("sold_out")));
}

#[test]
fn a_changed_line_asks_again_under_the_same_hold() {
    let mut shop = Shop::open();
    shop.publish();
    let (_, line) = shop.held();
    let first = shop.asked();
    assert_eq!(shop.ask("PUT", &line, r#"{"quantity": 5}"#).body["state"], "requested");
    let second = shop.asked();
    assert_eq!((second.hold_id, second.revision, second.quantity), (first.hold_id, 2, 5));
}

#[test]
fn a_removed_line_gives_its_places_back_and_late_news_of_it_is_ignored_and_counted() {
    let mut shop = Shop::open();
    shop.publish();
    let basket = shop.basket();
    let (line, asked) = shop.add(&basket, 1);
    assert_eq!(shop.ask("DELETE", &line, "").status, 200);
    assert_eq!(shop.endpoint.sent::<ReleaseHold>()[0].hold_id, asked.hold_id);
    shop.hold(&asked);
    assert_eq!(shop.get(&basket).body["lines"], json!([]));
    assert_eq!(shop.endpoint.read(|tx| tx.query_one("SELECT ignored FROM lines", storage::params![], |row| row.get::<u32>(0))), 1);
    assert_eq!(shop.ask("DELETE", &line, "").status, 404);
}

#[test]
fn an_expired_line_can_be_asked_for_again() {
    let mut shop = Shop::open();
    shop.publish();
    let (basket, line) = shop.held();
    let asked = shop.asked();
    shop.endpoint.handle(HoldExpired { hold_id: asked.hold_id, revision: 1, basket_id: asked.basket_id }).unwrap();
    assert_eq!(shop.get(&basket).body["lines"][0]["state"], "expired");
    assert_eq!(shop.check_out(&basket).kind(), "lines-not-ready");
    shop.ask("PUT", &line, r#"{"quantity": 2}"#);
    let again = shop.asked();
    shop.hold(&again);
    assert_eq!(shop.check_out(&basket).status, 201);
}

#[test]
fn a_checkout_sends_the_whole_basket_once() {
    let mut shop = Shop::open();
    shop.publish();
    let (basket, _) = shop.held();
    let first = shop.check_out(&basket);
    let second = shop.check_out(&basket);
    assert_eq!((first.status, &first.body), (201, &second.body));
    let placed = shop.endpoint.sent::<PlaceOrder>();
    assert_eq!((placed.len(), placed[0].total, placed[0].email.as_str()), (1, eur(5_000), "ada@example.com"));
    assert_eq!((placed[0].lines[0].unit_price, placed[0].lines[0].event_title.as_str()), (eur(2_500), "A night of fado"));
    assert_eq!(first.body["order_id"], json!(placed[0].order_id));
    assert_eq!(first.body["total_minor"], json!(placed[0].total.amount_minor));
    let shown = shop.get(&basket).body;
    assert_eq!((&shown["state"], &shown["order_id"]), (&json!("checked_out"), &first.body["order_id"]));
}

#[test]
fn a_checked_out_basket_is_frozen() {
    let mut shop = Shop::open();
    shop.publish();
    let (basket, line) = shop.held();
    let asked = shop.asked();
    shop.check_out(&basket);
    let add = json!({"event_id": asked.event_id, "ticket_type_id": asked.ticket_type_id, "quantity": 1});
    assert_eq!(shop.post(&format!("{basket}/lines"), &add).kind(), "checked-out");
    assert_eq!(shop.ask("PUT", &line, r#"{"quantity": 1}"#).kind(), "checked-out");
    assert_eq!(shop.ask("DELETE", &line, "").status, 409);
    shop.endpoint.handle(HoldExpired { hold_id: asked.hold_id, revision: 1, basket_id: asked.basket_id }).unwrap();
    assert_eq!(shop.get(&basket).body["lines"][0]["state"], "held");
}

#[test]
fn a_basket_with_a_line_that_is_not_held_is_not_checked_out() {
    let mut shop = Shop::open();
    shop.publish();
    let basket = shop.basket();
    assert_eq!(shop.check_out(&basket).kind(), "basket-empty");
    shop.add(&basket, 1);
    let reply = shop.check_out(&basket);
    assert_eq!((reply.status, &reply.body["lines"][0]["state"]), (409, &json!("requested")));
    assert!(shop.endpoint.sent::<PlaceOrder>().is_empty());
}

#[test]
fn a_raised_price_is_accepted_before_checkout() {
    let mut shop = Shop::open();
    shop.publish();
    let (basket, line) = shop.held();
    shop.price(2, 2_800);
    let shown = shop.get(&basket).body;
    assert_eq!((&shown["lines"][0]["price_minor"], &shown["lines"][0]["raised_price_minor"]), (&json!(2500), &json!(2800)));
    let reply = shop.check_out(&basket);
    assert_eq!((reply.status, &reply.body["lines"][0]["why"]), (409, &json!("price_raised")));
    assert_eq!(reply.body["lines"][0]["new_price_minor"], 2800);
    assert_eq!(shop.post(&format!("{line}/accept-price"), &json!({"price_minor": 2700})).kind(), "price-raised-again");
    assert_eq!(shop.post(&format!("{line}/accept-price"), &json!({"price_minor": 2800})).status, 200);
    assert_eq!(shop.check_out(&basket).status, 201);
    assert_eq!(shop.endpoint.sent::<PlaceOrder>()[0].total, eur(5_600));
}

#[test]
fn a_lowered_price_is_applied_and_told() {
    let mut shop = Shop::open();
    shop.publish();
    let (basket, _) = shop.held();
    shop.price(2, 1_000);
    let shown = shop.get(&basket).body;
    assert_eq!((&shown["total_minor"], &shown["lines"][0]["price_minor"]), (&json!(2000), &json!(1000)));
    assert_eq!(shown["lines"][0]["lowered_from_minor"], 2500, "the buyer is told");
    assert_eq!(shop.check_out(&basket).status, 201);
    assert_eq!(shop.get(&basket).body["lines"][0]["lowered_from_minor"], Value::Null);
    assert_eq!(shop.endpoint.sent::<PlaceOrder>()[0].total, eur(2_000));
    assert_eq!(shop.endpoint.read(audit::read).checked_out[0].total, Some(eur(2_000)));
}

#[test]
fn a_free_basket_needs_no_payment_method() {
    let mut shop = Shop::open();
    shop.publish();
    shop.price(2, 0);
    let (basket, _) = shop.held();
    assert_eq!(shop.post(&format!("{basket}/checkout"), &json!({"email": "a@b.example", "name": "Ada"})).status, 201);
}

#[test]
fn the_same_change_under_one_key_is_made_once() {
    let mut shop = Shop::open();
    shop.publish();
    let basket = shop.basket();
    let body =
        json!({"event_id": id::<contracts::EventId>(1), "ticket_type_id": id::<contracts::TicketTypeId>(2), "quantity": 1}).to_string();
    let first = shop.ask_under("POST", &format!("{basket}/lines"), &body, Some("k"));
    let second = shop.ask_under("POST", &format!("{basket}/lines"), &body, Some("k"));
    assert_eq!((first.status, &first.body), (201, &second.body));
    assert_eq!(shop.get(&basket).body["lines"].as_array().map(Vec::len), Some(1));
}

#[test]
fn news_of_an_unknown_basket_is_dead_lettered() {
    let mut shop = Shop::open();
    let message = HoldExpired { hold_id: id(5), revision: 1, basket_id: id(3) };
    assert!(matches!(shop.endpoint.handle(message), Err(NotHandled::DeadLettered(..))));
}

#[test]
fn news_delivered_twice_changes_nothing() {
    let mut shop = Shop::open();
    shop.publish();
    let (basket, _) = shop.held();
    let before: Value = shop.get(&basket).body;
    assert_eq!(shop.endpoint.redeliver_last(), Err(NotHandled::Duplicate));
    assert_eq!(shop.get(&basket).body, before);
}
