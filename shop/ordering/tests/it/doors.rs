//! What comes through the HTTP door, good and bad.

use contracts::OrderId;

use crate::door::{Door, ORGANISER};
use crate::orders::{id, place_order};

fn path(tail: &str) -> String {
    format!("/orders/{}{tail}", id::<OrderId>(6))
}

#[test]
fn an_order_is_shown_with_its_lines() {
    let door = Door::with(place_order(5_000));
    let reply = door.get(&path(""));
    assert_eq!((reply.status, reply.body["state"].as_str(), reply.body["total_minor"].as_i64()), (200, Some("securing"), Some(5_000)));
    assert_eq!((reply.body["currency"].as_str(), reply.body["reason"].is_null()), (Some("EUR"), true));
    assert_eq!((reply.body["lines"][0]["quantity"].as_u64(), reply.body["lines"][0]["price_minor"].as_i64()), (Some(2), Some(2_500)));
}

#[test]
fn an_unknown_order_is_not_known_yet_and_says_when_to_ask_again() {
    let door = Door::open();
    let replies = [
        door.get(&path("")),
        door.post(&path("/cancel"), ""),
        door.post(&path("/pay"), r#"{"payment_method":"pm_1"}"#),
        door.ask("GET", &path("/history"), &[("authorization", &format!("Bearer {ORGANISER}"))], ""),
    ];
    for reply in replies {
        assert_eq!((reply.status, reply.body["type"].as_str()), (404, Some("order-not-known-yet")));
        assert_eq!(reply.retry_after.as_deref(), Some("1"));
    }
}

#[test]
fn a_cancel_takes_no_body_null_or_an_empty_object_and_is_answered_once_per_key() {
    let door = Door::with(place_order(5_000));
    let key = [("idempotency-key", "k1")];
    let first = door.ask("POST", &path("/cancel"), &key, "");
    assert_eq!((first.status, first.body["state"].as_str(), first.body["reason"].as_str()), (200, Some("cancelled"), Some("buyer")));
    assert_eq!(door.ask("POST", &path("/cancel"), &key, "").body, first.body);
    for body in ["", "null", "{}"] {
        let again = door.post(&path("/cancel"), body);
        assert_eq!(
            (again.status, again.body["type"].as_str(), again.body["state"].as_str()),
            (409, Some("order-state"), Some("cancelled"))
        );
    }
}

#[test]
fn bad_requests_are_refused_and_change_nothing() {
    let door = Door::with(place_order(5_000));
    let long = format!(r#"{{"payment_method":"{}"}}"#, "x".repeat(256));
    let huge = format!(r#"{{"payment_method":"{}"}}"#, "x".repeat(70_000));
    let cases = [
        ("/pay", "", 400),
        ("/pay", "nonsense", 400),
        ("/pay", r#"{"payment_method":7}"#, 400),
        ("/pay", r#"{"payment_method":"pm_1","price":1}"#, 400),
        ("/pay", r#"{"payment_method":""}"#, 422),
        ("/pay", r#"{"payment_method":"a b"}"#, 422),
        ("/pay", r#"{"payment_method":"4242424242424242"}"#, 422),
        ("/pay", r#"{"payment_method":"4242-4242-4242-4242"}"#, 422),
        ("/pay", long.as_str(), 422),
        ("/pay", huge.as_str(), 413),
        ("/pay", r#"{"payment_method":"pm_1"}"#, 409),
        ("/cancel", "[1]", 400),
        ("/cancel", r#"{"force":true}"#, 400),
    ];
    for (tail, body, status) in cases {
        assert_eq!(door.post(&path(tail), body).status, status, "{tail} {body:.60}");
    }
    assert_eq!(door.get("/orders/7").status, 404);
    assert_eq!(door.get(&path("")).body["state"], "securing");
}

#[test]
fn a_history_page_that_cannot_be_is_refused() {
    let door = Door::with(place_order(5_000));
    let organiser = [("authorization", "Bearer organiser-key")];
    for query in ["?limit=0", "?limit=101", "?limit=-1", "?limit=x", "?after=x", "?page=2"] {
        assert_eq!(door.ask("GET", &path(&format!("/history{query}")), &organiser, "").status, 400, "{query}");
    }
    assert_eq!(door.ask("GET", &path("/history?limit=1"), &organiser, "").status, 200);
}
