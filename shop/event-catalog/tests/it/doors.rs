//! Bad requests are refused with what is wrong, and change nothing.

use event_catalog::audit;
use messaging::http::Class;
use serde_json::json;

use crate::door::Shop;

#[test]
fn every_change_asks_for_the_organisers_key() {
    let mut shop = Shop::open();
    let changes: Vec<_> = shop.table.iter().filter(|route| route.method == http::Method::POST).cloned().collect();
    assert!(changes.iter().all(|route| route.class == Class::Organiser));
    for route in changes {
        let path = route.path.replace("{id}", "019230a2-5c1b-7e4d-8f3a-6b7c8d9e0f1a");
        assert_eq!(shop.ask_with("POST", &path, "{}", &[]).status, 401, "{path}");
        assert_eq!(shop.ask_with("POST", &path, "{}", &[("authorization", "Bearer service")]).status, 403, "{path}");
    }
}

#[test]
fn bad_events_are_refused_with_what_is_wrong() {
    let mut shop = Shop::open();
    let huge = "x".repeat(200);
    let bad = [
        (json!({"title": "", "capacity": 1, "price": "1"}), "title"),
        (json!({"title": huge, "capacity": 1, "price": "1"}), "title"),
        (json!({"title": "a\u{0}b", "capacity": 1, "price": "1"}), "title"),
        (json!({"title": "x", "capacity": 1, "price": "-3"}), "-3"),
        (json!({"title": "x", "capacity": 1, "price": "3.141"}), "3.141"),
        (json!({"title": "x", "capacity": 1, "price": "99999999999999999999"}), "price"),
        (json!({"title": "x", "capacity": 1, "price_minor": -1}), "-1"),
        (json!({"title": "x", "capacity": 1, "price": "1", "price_minor": 100}), "price"),
        (json!({"title": "x", "capacity": 1}), "price"),
        (json!({"title": "x", "price": "1"}), "capacity"),
        (json!({"title": "x", "capacity": -1, "price": "1"}), "-1"),
        (json!({"title": "x", "capacity": 1_000_001, "price": "1"}), "capacity"),
        (json!({"title": "x", "capacity": 99_999_999_999_u64, "price": "1"}), "99999999999"),
        (json!({"title": "x", "capacity": 1, "price": "1", "starts": "2020-01-01"}), "starts"),
        (json!({"title": "x", "capacity": 1, "price": "1", "starts": "9999-01-01"}), "starts"),
        (json!({"title": "x", "capacity": 1, "price": "1", "starts": "soon"}), "soon"),
        (json!({"title": "x", "capacity": 1, "price": "1", "currency": "euro"}), "euro"),
        (json!({"title": "x", "capacity": 1, "price": "100", "currency": "JPY"}), "JPY"),
        (json!({"title": "x", "capacity": 1, "price": "1", "colour": "red"}), "colour"),
        (json!({"title": "x", "ticket_types": []}), "ticket_types"),
        (json!({"title": "x", "ticket_types": [{"name": "a", "capacity": 1, "price_minor": 1, "quantity_max": 0}]}), "quantity_max"),
        (
            json!({"title": "x", "ticket_types": [{"name": "a", "capacity": 1, "price_minor": 1, "sale_ends": "2026-01-01T00:00:00Z"}]}),
            "sale_starts",
        ),
        (json!(null), "body"),
        (json!([1]), "body"),
    ];
    for (body, told) in bad {
        let reply = shop.post("/events", &body);
        assert!((400..500).contains(&reply.status), "{body} {reply:?}");
        assert_eq!(reply.content_type, "application/problem+json");
        assert!(reply.body["detail"].as_str().unwrap().contains(told), "{body} {reply:?}");
    }
    assert!(shop.endpoint.read(audit::read).events.is_empty());
}

#[test]
fn a_body_that_is_no_json_or_too_large_is_refused() {
    let mut shop = Shop::open();
    assert_eq!(shop.ask("POST", "/events", "{").status, 400);
    assert_eq!(shop.ask("POST", "/events", &" ".repeat(70_000)).status, 413);
}

#[test]
fn a_page_is_bounded() {
    let mut shop = Shop::open();
    for query in ["limit=0", "limit=101", "limit=-1", "limit=x", "after=x", "after=1.x", "from=x", "page=1", "q=%00", "city=a%0Ab"] {
        let reply = shop.get(&format!("/events?{query}"));
        assert_eq!((reply.status, reply.content_type.as_str()), (400, "application/problem+json"), "{query}");
    }
    assert_eq!(shop.get(&format!("/events?q={}", "x".repeat(121))).status, 400);
}

#[test]
fn unknown_events_and_ticket_types_are_not_found() {
    let mut shop = Shop::open();
    let unknown = "019230a2-5c1b-7e4d-8f3a-6b7c8d9e0f1a";
    assert_eq!(shop.get(&format!("/events/{unknown}")).status, 404);
    assert_eq!(shop.get("/events/rubbish").status, 404);
    assert_eq!(shop.post(&format!("/events/{unknown}/price"), &json!({"price_minor": 1})).status, 404);
    let id = shop.enter("Check Night")["id"].as_str().unwrap().to_owned();
    assert_eq!(shop.post(&format!("/events/{id}/price"), &json!({"price_minor": 1, "ticket_type_id": unknown})).status, 404);
}

#[test]
fn a_change_to_one_of_several_ticket_types_says_which() {
    let mut shop = Shop::open();
    let kinds = json!([{"name": "a", "capacity": 1, "price_minor": 1}, {"name": "b", "capacity": 1, "price_minor": 1}]);
    let event = shop.post("/events", &json!({"title": "Two", "ticket_types": kinds})).body;
    let path = format!("/events/{}/price", event["id"].as_str().unwrap());
    let reply = shop.post(&path, &json!({"price_minor": 5}));
    assert_eq!((reply.status, reply.body["type"].as_str()), (422, Some("which-ticket-type")));
    let reply = shop.post(&path, &json!({"price_minor": 5, "ticket_type_id": event["ticket_types"][1]["id"]}));
    assert_eq!(reply.body["ticket_types"][1]["price_minor"], 5);
}
