//! The first start enters the events; no later one enters any again.

use http::Method;
use serde_json::{Value, json};

use crate::shop::TestShop;

fn all_events(shop: &TestShop) -> Vec<Value> {
    let (mut events, mut after) = (Vec::new(), String::new());
    loop {
        let page = shop.get(&format!("/api/event-catalog/events?limit=25{after}")).body;
        events.extend(page["events"].as_array().unwrap().iter().cloned());
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return events,
        }
    }
}

#[test]
fn a_new_shop_has_forty_events_and_the_second_start_enters_nothing_again() {
    let mut shop = TestShop::open("seeding");
    shop.seed();
    assert_eq!(shop.get("/health/ready").status, 200);
    let events = all_events(&shop);
    assert!(events.len() >= 40, "{} events", events.len());
    let cities: std::collections::BTreeSet<&str> = events.iter().filter_map(|event| event["city"].as_str()).collect();
    assert!(cities.len() >= 3, "{cities:?}");
    let (facts, report) = shop.rest();
    assert_eq!((report.violations, report.dead_letters), (vec![], 0));
    shop.restart();
    shop.seed();
    let (again, report) = shop.rest();
    assert_eq!(report.violations, []);
    assert_eq!(again.catalog, facts.catalog);
    assert_eq!(all_events(&shop), events);
}

#[test]
fn every_kind_of_event_that_a_buyer_may_meet_is_among_the_first() {
    let shop = TestShop::open("kinds");
    shop.seed();
    let (facts, _) = shop.rest();
    let kinds = &facts.catalog.ticket_types;
    assert!(kinds.iter().any(|kind| kind.capacity == 0), "sold out");
    assert!(kinds.iter().any(|kind| (1..=10).contains(&kind.capacity)), "few left");
    assert!(kinds.iter().any(|kind| kind.sale_starts > shop.now()), "not yet on sale");
    assert!(kinds.iter().any(|kind| kind.price.amount_minor == 0), "free");
    assert!(facts.basket.events.iter().any(|event| event.cancelled), "cancelled");
}

#[test]
fn a_first_start_that_was_broken_off_is_taken_up_again() {
    let mut shop = TestShop::open("broken-off");
    shop.seed_and_break_off();
    shop.restart();
    shop.seed();
    let (facts, report) = shop.rest();
    assert_eq!((report.violations, report.dead_letters), (vec![], 0));
    let titles: std::collections::BTreeSet<&str> = facts.catalog.events.iter().map(|event| event.title.as_str()).collect();
    assert!(
        titles.len() == facts.catalog.events.len() && titles.len() >= 40,
        "{} events, {} titles",
        facts.catalog.events.len(),
        titles.len()
    );
}

#[test]
fn a_shop_that_was_begun_with_events_of_its_own_gets_no_others() {
    let mut shop = TestShop::open("own-events");
    let own = json!({ "title": "Our Own", "capacity": 10, "price_minor": 1_000, "currency": "EUR" });
    let entered = shop.organiser(&Method::POST, "/api/event-catalog/events", &own);
    assert_eq!(entered.status, 201, "{}", entered.body);
    shop.restart();
    shop.seed();
    assert_eq!(all_events(&shop).len(), 1);
}
