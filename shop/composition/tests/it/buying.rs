//! A ticket is bought through the routers alone.

use buyer::End;
use http::Method;
use serde_json::{Value, json};

use crate::shop::{GOOD_CARD, TestShop};

#[test]
fn a_ticket_is_bought_through_the_routers_alone_and_everything_is_true() {
    let shop = TestShop::open("buying");
    let mut choice = shop.enter("Check Night", 10, 2_500);
    choice.quantity = 3;
    let (end, journal) = shop.buy(&choice, GOOD_CARD);
    assert!(matches!(end, End::Issued { .. }), "{end:?}");
    assert_eq!(journal.codes().unwrap().len(), 3);
    let (_, report) = shop.rest();
    assert_eq!(report.violations, []);
    assert_eq!((report.checked.orders, report.checked.charges, report.checked.tickets, report.dead_letters), (1, 1, 3, 0));
    let event = shop.get(&format!("/api/event-catalog/events/{}", choice.event)).body;
    assert_eq!((event["title"].as_str(), event["ticket_types"][0]["available"].as_u64()), (Some("Check Night"), Some(7)));
}

#[test]
fn a_declined_card_ends_in_a_cancelled_order_without_money_or_places() {
    let shop = TestShop::open("declined");
    let choice = shop.enter("Check Night", 1, 2_500);
    let (end, _) = shop.buy(&choice, "4000000000000002");
    assert_eq!(end, End::Declined);
    let (facts, report) = shop.rest();
    assert_eq!((report.violations, report.checked.tickets), (vec![], 0));
    assert_eq!((facts.box_office.ticket_types[0].held, facts.box_office.ticket_types[0].sold), (0, 0));
}

#[test]
fn a_free_ticket_needs_no_money() {
    let shop = TestShop::open("free");
    let choice = shop.enter("Open Day", 5, 0);
    let (end, _) = shop.buy(&choice, GOOD_CARD);
    assert!(matches!(end, End::Issued { .. }), "{end:?}");
    let (_, report) = shop.rest();
    assert_eq!((report.violations, report.checked.charges, report.checked.tickets), (vec![], 0, 1));
}

#[test]
fn the_last_place_is_sold_once_and_the_next_buyer_is_told() {
    let shop = TestShop::open("last-place");
    let choice = shop.enter("Small Room", 1, 2_500);
    let (first, _) = shop.buy(&choice, GOOD_CARD);
    let (second, _) = shop.buy(&choice, GOOD_CARD);
    assert!(matches!((&first, &second), (End::Issued { .. }, End::SoldOut)), "{first:?}, {second:?}");
    assert_eq!(shop.rest().1.violations, []);
}

#[test]
fn a_cancelled_event_gives_all_money_back() {
    let shop = TestShop::open("event-cancelled");
    let choice = shop.enter("Check Night", 10, 2_500);
    let (end, journal) = shop.buy(&choice, GOOD_CARD);
    assert!(matches!(end, End::Issued { .. }), "{end:?}");
    let cancelled = shop.organiser(&Method::POST, &format!("/api/event-catalog/events/{}/cancel", choice.event), &Value::Null);
    assert_eq!(cancelled.status, 200);
    let (facts, report) = shop.rest();
    assert_eq!((report.violations, report.checked.tickets, report.dead_letters), (vec![], 0, 0));
    assert_eq!((facts.gateway.charges[0].refunded_minor, facts.ordering.orders[0].state), (2_500, "refunded"));
    let order = journal.order().unwrap().0;
    let tickets = shop.get(&format!("/api/box-office/orders/{order}/tickets")).body;
    assert_eq!(tickets["tickets"][0]["valid"], false);
}

#[test]
fn a_changed_price_is_the_same_everywhere_at_rest() {
    let shop = TestShop::open("price");
    let choice = shop.enter("Check Night", 10, 2_500);
    let changed = shop.organiser(&Method::POST, &format!("/api/event-catalog/events/{}/price", choice.event), &json!({"price": "31.00"}));
    assert_eq!(changed.status, 200);
    let (facts, report) = shop.rest();
    assert_eq!(report.violations, []);
    assert_eq!(facts.basket.ticket_types[0].price.amount_minor, 3_100);
}

#[test]
fn the_organiser_sees_the_whole_story_of_an_order() {
    let shop = TestShop::open("story");
    let choice = shop.enter("Check Night", 10, 2_500);
    let (_, journal) = shop.buy(&choice, GOOD_CARD);
    let order = journal.order().unwrap().0;
    let story = shop.organiser(&Method::GET, &format!("/api/admin/orders/{order}"), &Value::Null);
    assert_eq!((story.status, story.body["order"]["state"].as_str()), (200, Some("issued")));
    assert_eq!(story.body["payments"]["payments"][0]["state"], "succeeded");
    assert_eq!(story.body["tickets"]["tickets"].as_array().map(Vec::len), Some(1));
    let states: Vec<&str> = story.body["history"]["history"].as_array().unwrap().iter().filter_map(|row| row["to"].as_str()).collect();
    assert_eq!(states, ["securing", "paying", "paid", "issued"]);
}
