//! What buyers see.

use std::time::Duration;

use contracts::box_office::AvailabilityChanged;
use event_catalog::audit;
use serde_json::{Value, json};

use crate::door::Shop;

fn titles(page: &Value) -> Vec<&str> {
    page["events"].as_array().unwrap().iter().map(|event| event["title"].as_str().unwrap()).collect()
}

#[test]
fn events_are_listed_by_their_start_page_by_page() {
    let mut shop = Shop::open();
    for (title, starts) in [("third", "2027-03-03"), ("first", "2027-03-01"), ("second", "2027-03-02")] {
        shop.enter_in(title, "Berlin", starts);
    }
    let page = shop.get("/events?limit=2").body;
    assert_eq!(titles(&page), ["first", "second"]);
    let next = page["next"].as_str().unwrap();
    let page = shop.get(&format!("/events?limit=2&after={next}")).body;
    assert_eq!((titles(&page), &page["next"]), (vec!["third"], &Value::Null));
}

#[test]
fn events_that_have_begun_are_listed_only_on_request() {
    let mut shop = Shop::open();
    let id = shop.enter("over")["id"].as_str().unwrap().to_owned();
    shop.endpoint.advance(Duration::from_secs(365 * 86_400));
    assert!(titles(&shop.get("/events").body).is_empty());
    assert_eq!(titles(&shop.get("/events?from=2027-01-01T00:00:00Z").body), ["over"]);
    assert_eq!(shop.get(&format!("/events/{id}")).body["status"], "sale_ended");
}

#[test]
fn a_search_finds_text_in_any_case_and_takes_no_character_as_a_pattern() {
    let mut shop = Shop::open();
    shop.enter_in("Élan 100%", "Łódź", "2027-03-01");
    shop.enter_in("Other", "Berlin", "2027-03-02");
    assert_eq!(titles(&shop.get("/events?q=%C3%A9LAN").body), ["Élan 100%"]);
    assert_eq!(titles(&shop.get("/events?q=0%25").body), ["Élan 100%"]);
    assert_eq!(titles(&shop.get("/events?q=%25").body), ["Élan 100%"]);
    assert_eq!(titles(&shop.get("/events?q=_").body), Vec::<&str>::new());
    assert_eq!(titles(&shop.get("/events?city=%C5%81%C3%B3d%C5%BA").body), ["Élan 100%"]);
    assert_eq!(titles(&shop.get("/events?city=berlin").body), ["Other"]);
}

#[test]
fn the_events_of_a_city_are_found_by_the_city() {
    let mut shop = Shop::open();
    shop.enter("Check Night");
    shop.get("/events?city=berlin");
    let plans = shop.endpoint.read(|tx| tx.plans());
    let steps: Vec<_> = plans.iter().filter(|plan| plan.sql.contains("city_key = ")).flat_map(|plan| &plan.steps).collect();
    assert!(steps.len() == 1 && steps[0].starts_with("SEARCH events USING INDEX events_city (city_key=?"), "{steps:?}");
}

#[test]
fn what_is_left_is_what_the_box_office_said_last() {
    let mut shop = Shop::open();
    let event = shop.enter("Check Night");
    let path = format!("/events/{}", event["id"].as_str().unwrap());
    let left = |version, available| AvailabilityChanged {
        ticket_type_id: event["ticket_types"][0]["id"].as_str().unwrap().parse().unwrap(),
        event_id: event["id"].as_str().unwrap().parse().unwrap(),
        version,
        available,
    };
    assert_eq!(shop.get(&path).body["ticket_types"][0]["available"], 100);
    shop.endpoint.handle(left(2, 60)).unwrap();
    shop.endpoint.handle(left(1, 90)).unwrap();
    assert_eq!(shop.get(&path).body["ticket_types"][0]["available"], 60);
    assert_eq!(shop.get("/events").body["events"][0]["ticket_types"][0]["available"], 60);
}

#[test]
fn what_is_left_may_be_known_before_the_event() {
    let mut shop = Shop::open();
    let unknown = "019230a2-5c1b-7e4d-8f3a-6b7c8d9e0f1a";
    let early =
        AvailabilityChanged { ticket_type_id: unknown.parse().unwrap(), event_id: unknown.parse().unwrap(), version: 1, available: 3 };
    shop.endpoint.handle(early).unwrap();
    let facts = shop.endpoint.read(audit::read);
    assert_eq!((facts.events.len(), facts.availability.len()), (0, 1));
}

#[test]
fn a_sale_that_has_not_begun_is_shown_so() {
    let mut shop = Shop::open();
    let kinds = json!([{"name": "Seat", "capacity": 8, "price_minor": 100, "sale_starts": "2027-02-01T09:00:00Z"}]);
    let event = shop.post("/events", &json!({"title": "Later", "starts": "2027-03-01", "ticket_types": kinds})).body;
    assert_eq!(event["status"], "not_yet_on_sale");
    shop.endpoint.advance(Duration::from_secs(40 * 86_400));
    assert_eq!(shop.get(&format!("/events/{}", event["id"].as_str().unwrap())).body["status"], "on_sale");
}

#[test]
fn the_facts_carry_every_row_with_its_version() {
    let mut shop = Shop::open();
    let id = shop.enter("Check Night")["id"].as_str().unwrap().to_owned();
    shop.post(&format!("/events/{id}/price"), &json!({"price_minor": 1}));
    let facts = shop.endpoint.read(audit::read);
    assert_eq!((facts.events[0].version, facts.ticket_types[0].version), (1, 2));
    assert_eq!(facts, shop.endpoint.read(audit::read));
}
