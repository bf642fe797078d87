//! What comes through the HTTP door, good and bad.

use axum::Router;
use axum::body::Body;
use contracts::{EventId, OrderId, TicketTypeId};
use http_body_util::BodyExt;
use messaging::http::Access;
use serde_json::Value;
use tower::ServiceExt;

use crate::holds::id;
use crate::office::Office;

struct Door {
    office: Office,
    router: Router,
    runtime: tokio::runtime::Runtime,
}

impl Door {
    fn of(office: Office) -> Self {
        let access = Access { organiser_key: "organiser".into(), service_key: "service".into() };
        let (router, _) = box_office::routes(office.0.service(), access);
        Self { office, router, runtime: tokio::runtime::Builder::new_current_thread().build().unwrap() }
    }

    fn get(&self, path: &str) -> (u16, Value) {
        self.get_with(path, "none")
    }

    fn get_with(&self, path: &str, key: &str) -> (u16, Value) {
        let request = http::Request::builder().uri(path);
        let request = if key == "none" { request } else { request.header("authorization", format!("Bearer {key}")) };
        let request = request.body(Body::empty()).unwrap();
        self.runtime.block_on(async {
            let response = self.router.clone().oneshot(request).await.unwrap();
            let status = response.status().as_u16();
            let bytes = response.into_body().collect().await.unwrap().to_bytes();
            (status, serde_json::from_slice(&bytes).unwrap())
        })
    }
}

fn tickets_of(order: u128) -> String {
    format!("/orders/{}/tickets", id::<OrderId>(order))
}

#[test]
fn an_orders_tickets_are_shown_in_pages_with_codes() {
    let mut office = Office::open();
    office.hold(5, 1, 5);
    office.secure(1, &[(5, 5)]);
    office.issue(1, &[5]);
    let door = Door::of(office);
    let (status, first) = door.get(&format!("{}?limit=3", tickets_of(6)));
    assert_eq!((status, first["tickets"].as_array().unwrap().len()), (200, 3));
    let (status, second) = door.get(&format!("{}?after={}", tickets_of(6), first["next"].as_str().unwrap()));
    assert_eq!((status, second["tickets"].as_array().unwrap().len(), second.get("next")), (200, 2, Some(&serde_json::Value::Null)));
    let ticket = second["tickets"][0].as_object().unwrap();
    assert_eq!(ticket.keys().map(String::as_str).collect::<Vec<_>>(), ["code", "event_id", "ticket_type_id", "valid"]);
    assert_eq!(ticket["event_id"], id::<EventId>(1).to_string());
}

#[test]
fn an_order_with_places_and_no_tickets_yet_shows_none() {
    let mut office = Office::open();
    office.hold(5, 1, 2);
    office.secure(1, &[(5, 2)]);
    let (status, body) = Door::of(office).get(&tickets_of(6));
    assert_eq!((status, body["tickets"].as_array().unwrap().len()), (200, 0));
}

#[test]
fn what_is_left_of_a_ticket_type_is_public() {
    let mut office = Office::open();
    office.hold(5, 1, 4);
    let (status, body) = Door::of(office).get(&format!("/ticket-types/{}/availability", id::<TicketTypeId>(2)));
    assert_eq!((status, body["available"].as_u64(), body["version"].as_u64()), (200, Some(6), Some(2)));
}

#[test]
fn whether_an_event_is_known_is_told_to_services_alone() {
    let door = Door::of(Office::open());
    let path = format!("/events/{}/known", id::<EventId>(1));
    assert_eq!((door.get(&path).0, door.get_with(&path, "organiser").0), (401, 403));
    let (status, body) = door.get_with(&path, "service");
    assert_eq!((status, body["known"].as_bool(), body["ticket_types"].as_u64()), (200, Some(true), Some(1)));
    let (status, body) = door.get_with(&format!("/events/{}/known", id::<EventId>(9)), "service");
    assert_eq!((status, body["known"].as_bool()), (200, Some(false)));
}

#[test]
fn what_is_unknown_or_wrong_is_refused_with_what_to_do() {
    let door = Door::of(Office::open());
    for (path, status) in [
        (tickets_of(6), 404),
        (format!("/ticket-types/{}/availability", id::<TicketTypeId>(9)), 404),
        ("/orders/nonsense/tickets".to_owned(), 404),
        (format!("{}?limit=0", tickets_of(6)), 400),
        (format!("{}?limit=101", tickets_of(6)), 400),
        (format!("{}?limit=-1", tickets_of(6)), 400),
        (format!("{}?after=x", tickets_of(6)), 400),
        (format!("{}?page=2", tickets_of(6)), 400),
        ("/nowhere".to_owned(), 404),
    ] {
        let (found, body) = door.get(&path);
        assert_eq!((found, body["status"].as_u64()), (status, Some(u64::from(status))), "{path}");
        assert!(!body["detail"].as_str().unwrap().is_empty(), "{path}");
    }
    assert_eq!(door.get(&tickets_of(6)).1["type"], "order-not-known-yet");
    assert_eq!(door.office.facts().holds.len(), 0);
}
