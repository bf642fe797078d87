//! What the organiser changes reaches every copy, and buyers are shown it.

use buyer::{Choice, End};
use contracts::event_catalog::EventStatus;
use http::Method;
use serde_json::{Value, json};

use crate::shop::{GOOD_CARD, Reply, TestShop};

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

/// Accepts the price that the line shows, once more where a newer one came in between; answers the line.
fn accept(shop: &TestShop, basket: &str) -> Value {
    loop {
        let accepted = try_to_accept(shop, basket);
        if accepted.body["type"] != "price-raised-again" {
            assert_eq!(accepted.status, 200, "{}", accepted.body);
            return accepted.body;
        }
    }
}

fn try_to_accept(shop: &TestShop, basket: &str) -> Reply {
    let line = line_of(shop, basket);
    let seen = if line["raised_price_minor"].is_null() { &line["price_minor"] } else { &line["raised_price_minor"] };
    let path = format!("{basket}/lines/{}/accept-price", line["id"].as_str().unwrap());
    shop.ask(&Method::POST, &path, None, &json!({"price_minor": seen}))
}

fn check_out(shop: &TestShop, basket: &str, card: &str) -> Reply {
    let buyer = json!({"email": "ada@example.com", "name": "Ada", "payment_method": card});
    shop.ask(&Method::POST, &format!("{basket}/checkout"), None, &buyer)
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

#[test]
fn a_raised_price_is_shown_beside_the_accepted_one_and_paid_only_when_accepted() {
    let shop = TestShop::open("raised");
    let choice = shop.enter("Check Night", 10, 2_500);
    let (basket, card) = (fill(&shop, &choice), shop.enter_card(GOOD_CARD));
    change(&shop, &choice, "price", &json!({"price_minor": 3_000}));
    shop.until("raised", || line_of(&shop, &basket)["raised_price_minor"] == 3_000);
    assert_eq!(line_of(&shop, &basket)["price_minor"], 2_500);
    let refused = check_out(&shop, &basket, &card);
    let why = &refused.body["lines"][0];
    assert_eq!((refused.status, &why["why"]), (409, &json!("price_raised")));
    assert_eq!((&why["old_price_minor"], &why["new_price_minor"]), (&json!(2_500), &json!(3_000)));
    assert_eq!(accept(&shop, &basket)["price_minor"], 3_000);
    let placed = check_out(&shop, &basket, &card);
    assert_eq!((placed.status, &placed.body["total_minor"]), (201, &json!(3_000)));
    let (facts, report) = shop.rest();
    assert_eq!((report.violations, facts.gateway.charges[0].amount_minor), (vec![], 3_000));
}

#[test]
fn a_lowered_price_is_applied_told_and_paid() {
    let shop = TestShop::open("lowered");
    let choice = shop.enter("Check Night", 10, 2_500);
    let (basket, card) = (fill(&shop, &choice), shop.enter_card(GOOD_CARD));
    change(&shop, &choice, "price", &json!({"price_minor": 2_000}));
    shop.until("lowered", || line_of(&shop, &basket)["price_minor"] == 2_000);
    let line = line_of(&shop, &basket);
    assert_eq!((&line["lowered_from_minor"], &line["raised_price_minor"]), (&json!(2_500), &Value::Null));
    assert_eq!(check_out(&shop, &basket, &card).body["total_minor"], 2_000);
    let (facts, report) = shop.rest();
    assert_eq!((report.violations, facts.gateway.charges[0].amount_minor), (vec![], 2_000));
}

#[test]
fn a_raised_capacity_can_be_bought_and_one_lowered_below_what_is_sold_takes_nothing_back() {
    let shop = TestShop::open("capacity");
    let mut choice = shop.enter("Small Room", 2, 2_500);
    choice.quantity = 2;
    assert!(matches!(shop.buy(&choice, GOOD_CARD).0, End::Issued { .. }));
    assert_eq!(shop.buy(&choice, GOOD_CARD).0, End::SoldOut);
    change(&shop, &choice, "capacity", &json!({"capacity": 6}));
    shop.quiet();
    fill(&shop, &choice);
    change(&shop, &choice, "capacity", &json!({"capacity": 1}));
    let facts = shop.quiet();
    let counter = &facts.box_office.ticket_types[0];
    assert_eq!((counter.wanted, counter.held, counter.sold), (1, 2, 2), "two held, two sold: the capacity is four");
    let event = shop.get(&format!("/api/event-catalog/events/{}", choice.event)).body;
    assert_eq!((&event["ticket_types"][0]["capacity"], &event["ticket_types"][0]["available"]), (&json!(1), &json!(0)));
    choice.quantity = 1;
    assert_eq!(shop.buy(&choice, GOOD_CARD).0, End::SoldOut);
    change(&shop, &choice, "capacity", &json!({"capacity": 5}));
    shop.quiet();
    assert!(matches!(shop.buy(&choice, GOOD_CARD).0, End::Issued { .. }), "five wanted, four taken");
}

#[test]
fn a_cancelled_event_is_seen_in_baskets_box_office_and_orders_and_takes_no_new_holds() {
    let shop = TestShop::open("cancelled");
    let choice = shop.enter("Check Night", 10, 2_500);
    let order = shop.buy(&choice, GOOD_CARD).1.order().unwrap().0.to_owned();
    let basket = fill(&shop, &choice);
    change(&shop, &choice, "cancel", &Value::Null);
    let (facts, report) = shop.rest();
    assert_eq!(report.violations, []);
    assert_eq!(line_of(&shop, &basket)["state"], "event_cancelled");
    let refused = check_out(&shop, &basket, "pm_1");
    assert_eq!((refused.status, &refused.body["lines"][0]["why"]), (409, &json!("event_cancelled")));
    let line = json!({"event_id": choice.event, "ticket_type_id": choice.ticket_type, "quantity": 1});
    let another = shop.ask(&Method::POST, &format!("{basket}/lines"), None, &line);
    assert_eq!((another.status, &another.body["type"]), (409, &json!("event-cancelled")));
    assert_eq!((facts.box_office.ticket_types[0].held, facts.box_office.ticket_types[0].sold), (0, 0));
    let order = shop.get(&format!("/api/ordering/orders/{order}")).body;
    assert_eq!((&order["state"], &order["reason"]), (&json!("refunded"), &json!("event_cancelled")));
    assert_eq!(order["lines"][0]["event_cancelled"], true);
}

/// Up and down, never twice the same in a row.
fn price(number: i64) -> i64 {
    1_000 + 10 * (number * 37 % 101)
}

/// What a line has to show: the price that was accepted, and today's beside it.
fn shows(line: &Value, accepted: i64, today: i64) {
    let raised = if today > accepted { json!(today) } else { Value::Null };
    let lowered = if today < accepted { json!(accepted) } else { Value::Null };
    assert_eq!((&line["price_minor"], &line["raised_price_minor"]), (&json!(accepted.min(today)), &raised));
    assert_eq!(line["lowered_from_minor"], lowered);
}

#[test]
fn a_price_changed_a_hundred_times_while_fifty_baskets_are_open_is_the_same_everywhere_and_paid_as_accepted() {
    let shop = TestShop::open("hundred-prices");
    let choice = shop.enter("Check Night", 100, price(0));
    let mut open: Vec<(String, i64)> = (0..50).map(|_| (fill(&shop, &choice), price(0))).collect();
    for number in 1..=100 {
        change(&shop, &choice, "price", &json!({"price_minor": price(number)}));
        if number % 2 == 0 {
            let basket = &mut open[number.unsigned_abs() as usize / 2 - 1];
            basket.1 = accept(&shop, &basket.0)["price_minor"].as_i64().unwrap();
        }
    }
    let today = price(100);
    let facts = shop.quiet();
    let (source, copy) = (&facts.catalog.ticket_types[0], &facts.basket.ticket_types[0]);
    assert_eq!((source.version, source.price.amount_minor), (101, today));
    assert_eq!((copy.version, copy.price), (source.version, source.price));
    let card = shop.enter_card(GOOD_CARD);
    for (basket, accepted) in &open {
        shows(&line_of(&shop, basket), *accepted, today);
        let mut placed = check_out(&shop, basket, &card);
        if today > *accepted {
            let why = &placed.body["lines"][0];
            assert_eq!((placed.status, &why["old_price_minor"], &why["new_price_minor"]), (409, &json!(accepted), &json!(today)));
            accept(&shop, basket);
            placed = check_out(&shop, basket, &card);
        }
        assert_eq!((placed.status, &placed.body["total_minor"]), (201, &json!(today)));
    }
    let (facts, report) = shop.rest();
    assert_eq!((report.violations, report.checked.tickets), (vec![], 50));
    assert!(facts.gateway.charges.iter().all(|charge| charge.captured && charge.amount_minor == today));
    assert_eq!(facts.gateway.charges.len(), 50);
}
