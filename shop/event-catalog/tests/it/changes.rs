//! What organisers change, and what the others hear of it.

use contracts::event_catalog::{
    CapacityChanged, EventCancelled, EventPublished, EventRenamed, EventRescheduled, EventStatus, TicketPriceChanged,
};
use serde_json::json;

use crate::door::Shop;

#[test]
fn a_new_event_is_published_with_its_ticket_types() {
    let mut shop = Shop::open();
    let kinds = json!([{"name": "Stalls", "capacity": 80, "price_minor": 4200}, {"name": "Balcony", "capacity": 40, "price": "19.5", "quantity_max": 4}]);
    let reply = shop.post("/events", &json!({"title": " Hamlet ", "starts": "2027-03-14T20:00:00Z", "ticket_types": kinds}));
    assert_eq!(reply.status, 201, "{reply:?}");
    assert_eq!(reply.body["title"], "Hamlet");
    let published = shop.endpoint.published::<EventPublished>();
    let [event] = published.as_slice() else { panic!("{published:?}") };
    assert_eq!((event.event.version, event.event.status), (1, EventStatus::Published));
    let kinds: Vec<_> = event.ticket_types.iter().map(|kind| (kind.name.as_str(), kind.price.amount_minor, kind.quantity_max)).collect();
    assert_eq!(kinds, [("Stalls", 4200, 10), ("Balcony", 1950, 4)]);
    assert!(event.ticket_types.iter().all(|kind| kind.version == 1 && kind.sale_ends == event.event.starts));
}

#[test]
fn a_price_change_gives_the_ticket_type_the_next_version() {
    let mut shop = Shop::open();
    let id = shop.enter("Check Night")["id"].as_str().unwrap().to_owned();
    let reply = shop.post(&format!("/events/{id}/price"), &json!({"price_minor": 3150, "version": 1}));
    assert_eq!((reply.status, &reply.body["ticket_types"][0]["price_minor"]), (200, &json!(3150)), "{reply:?}");
    let changed = shop.endpoint.published::<TicketPriceChanged>();
    assert_eq!(changed.len(), 1);
    assert_eq!((changed[0].ticket_type.version, changed[0].ticket_type.price.amount_minor), (2, 3150));
    assert_eq!(shop.get(&format!("/events/{id}")).body["version"], 1);
}

#[test]
fn the_same_price_again_changes_nothing() {
    let mut shop = Shop::open();
    let id = shop.enter("Check Night")["id"].as_str().unwrap().to_owned();
    let reply = shop.post(&format!("/events/{id}/price"), &json!({"price": "25"}));
    assert_eq!((reply.status, &reply.body["ticket_types"][0]["version"]), (200, &json!(1)));
    assert!(shop.endpoint.published::<TicketPriceChanged>().is_empty());
}

#[test]
fn a_capacity_change_carries_the_whole_row() {
    let mut shop = Shop::open();
    let id = shop.enter("Check Night")["id"].as_str().unwrap().to_owned();
    assert_eq!(shop.post(&format!("/events/{id}/capacity"), &json!({"capacity": 7})).status, 200);
    let changed = shop.endpoint.published::<CapacityChanged>();
    assert_eq!((changed[0].ticket_type.version, changed[0].ticket_type.capacity, changed[0].ticket_type.price.amount_minor), (2, 7, 2500));
}

#[test]
fn a_new_title_and_a_new_time_are_told_apart() {
    let mut shop = Shop::open();
    let id = shop.enter("Check Night")["id"].as_str().unwrap().to_owned();
    assert_eq!(shop.post(&format!("/events/{id}/rename"), &json!({"title": "Czech Night", "version": 1})).status, 200);
    assert_eq!(shop.post(&format!("/events/{id}/reschedule"), &json!({"starts": "2027-04-01T18:00:00Z", "version": 2})).status, 200);
    assert_eq!(shop.endpoint.published::<EventRenamed>()[0].event.title, "Czech Night");
    assert_eq!(shop.endpoint.published::<EventRescheduled>()[0].event.version, 3);
}

#[test]
fn a_rescheduled_event_is_on_sale_until_its_new_start() {
    let mut shop = Shop::open();
    let id = shop.enter("Check Night")["id"].as_str().unwrap().to_owned();
    let reply = shop.post(&format!("/events/{id}/reschedule"), &json!({"starts": "2027-04-01T18:00:00Z"}));
    assert_eq!(reply.body["ticket_types"][0]["sale_ends"], "2027-04-01T18:00:00.000000Z");
    let changed = shop.endpoint.published::<CapacityChanged>();
    assert_eq!((changed[0].ticket_type.version, changed[0].ticket_type.sale_ends), (2, "2027-04-01T18:00:00Z".parse().unwrap()));
}

#[test]
fn a_stale_version_is_refused_with_the_current_one() {
    let mut shop = Shop::open();
    let id = shop.enter("Check Night")["id"].as_str().unwrap().to_owned();
    shop.post(&format!("/events/{id}/price"), &json!({"price_minor": 3000}));
    let reply = shop.post(&format!("/events/{id}/price"), &json!({"price_minor": 1000, "version": 1}));
    assert_eq!((reply.status, reply.body["type"].as_str(), &reply.body["version"]), (409, Some("stale-version"), &json!(2)));
    let reply = shop.post(&format!("/events/{id}/cancel"), &json!({"version": 9}));
    assert_eq!(reply.status, 409);
    assert_eq!(shop.get(&format!("/events/{id}")).body["ticket_types"][0]["price_minor"], 3000);
}

#[test]
fn a_cancelled_event_stays_as_it_is() {
    let mut shop = Shop::open();
    let id = shop.enter("Check Night")["id"].as_str().unwrap().to_owned();
    let reply = shop.post(&format!("/events/{id}/cancel"), &json!(null));
    assert_eq!((reply.status, &reply.body["status"]), (200, &json!("cancelled")));
    assert_eq!(shop.post(&format!("/events/{id}/cancel"), &json!({})).status, 200);
    assert_eq!(shop.endpoint.published::<EventCancelled>().len(), 1);
    for (change, body) in [("price", json!({"price_minor": 1})), ("capacity", json!({"capacity": 1})), ("rename", json!({"title": "x"}))] {
        let reply = shop.post(&format!("/events/{id}/{change}"), &body);
        assert_eq!((reply.status, reply.body["type"].as_str()), (409, Some("event-cancelled")), "{change}");
    }
}

#[test]
fn the_same_request_under_one_key_enters_one_event() {
    let mut shop = Shop::open();
    let body = json!({"title": "Once", "capacity": 5, "price": "1.00"}).to_string();
    let headers = [("authorization", "Bearer organiser"), ("idempotency-key", "k1")];
    let first = shop.ask_with("POST", "/events", &body, &headers);
    let second = shop.ask_with("POST", "/events", &body, &headers);
    assert_eq!((first.status, second.status, &first.body), (201, 201, &second.body));
    assert_eq!(shop.endpoint.published::<EventPublished>().len(), 1);
}
