//! What the organiser changes reaches every copy, and buyers are shown it.

use buyer::Choice;
use contracts::event_catalog::EventStatus;
use http::Method;
use serde_json::{Value, json};

use crate::shop::{GOOD_CARD, TestShop};

/// The organiser's change of the event.
fn change(shop: &TestShop, of: &Choice, what: &str, body: &Value) {
    let changed = shop.organiser(&Method::POST, &format!("/api/event-catalog/events/{}/{what}", of.event), body);
    assert_eq!(changed.status, 200, "{}", changed.body);
}

/// An open basket that holds what was chosen; its path.
fn fill(shop: &TestShop, choice: &Choice) -> String {
    let made = shop.ask(&Method::POST, "/api/shopping-basket/baskets", None, &json!({}));
    let basket = format!("/api/shopping-basket/baskets/{}", made.body["id"].as_str().unwrap());
    let line = json!({"event_id": choice.event, "ticket_type_id": choice.ticket_type, "quantity": choice.quantity});
    let add = || shop.ask(&Method::POST, &format!("{basket}/lines"), None, &line).status;
    shop.until("known to the basket", || add() == 201);
    shop.until("held", || line_of(shop, &basket)["state"] == "held");
    basket
}

fn line_of(shop: &TestShop, basket: &str) -> Value {
    shop.get(basket).body["lines"][0].clone()
}

#[test]
fn a_renamed_and_rescheduled_event_is_seen_in_baskets_and_orders() {
    let shop = TestShop::open("moved");
    let choice = shop.enter("Check Night", 10, 2_500);
    let order = shop.buy(&choice, GOOD_CARD).1.order().unwrap().0.to_owned();
    let basket = fill(&shop, &choice);
    let bought = shop.get(&format!("/api/event-catalog/events/{}", choice.event)).body["starts"].clone();
    let moved: hosting::Timestamp = bought.as_str().unwrap().parse().unwrap();
    let moved = json!(moved.plus(std::time::Duration::from_secs(86_400)));
    change(&shop, &choice, "rename", &json!({"title": "Check Day"}));
    change(&shop, &choice, "reschedule", &json!({"starts": moved}));
    let facts = shop.quiet();
    let line = line_of(&shop, &basket);
    assert_eq!((&line["event_title"], &line["event_starts"]), (&json!("Check Day"), &moved));
    let line = &shop.get(&format!("/api/ordering/orders/{order}")).body["lines"][0];
    assert_eq!((&line["event_title"], &line["event_starts"], &line["event_starts_bought"]), (&json!("Check Day"), &moved, &bought));
    let (source, copy) = (&facts.catalog.events[0], &facts.ordering.events[0]);
    assert_eq!((copy.version, source.version, source.status), (3, 3, EventStatus::Published));
}
