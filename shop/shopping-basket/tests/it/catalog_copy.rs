//! The basket's copy of the catalog, in whatever order its messages arrive.

use contracts::event_catalog::{CapacityChanged, EventCancelled, EventPublished, EventRenamed, EventRescheduled, EventState};
use contracts::shopping_basket::CancelLinesOfEvent;
use contracts::{EventId, TicketTypeId};
use serde_json::json;
use shopping_basket::audit;

use crate::baskets::{eur, id};
use crate::door::{Reply, Shop, cancelled, event, ticket_type};

fn add(shop: &mut Shop, event: u128, kind: u128) -> Reply {
    let basket = shop.basket();
    shop.post(
        &format!("{basket}/lines"),
        &json!({"event_id": id::<EventId>(event), "ticket_type_id": id::<TicketTypeId>(kind), "quantity": 1}),
    )
}

#[test]
fn an_event_that_is_not_known_yet_is_asked_for_again() {
    let mut shop = Shop::open();
    let reply = add(&mut shop, 1, 2);
    assert_eq!((reply.status, reply.retry_after.as_deref(), reply.kind()), (503, Some("1"), "event-not-known-yet"));
    shop.endpoint.handle(EventRenamed { event: event(2) }).unwrap();
    assert_eq!(add(&mut shop, 1, 2).status, 503, "its ticket types are not known yet");
    shop.publish();
    assert_eq!(add(&mut shop, 1, 2).status, 201);
}

#[test]
fn a_ticket_type_that_a_known_event_lacks_is_refused() {
    let mut shop = Shop::open();
    shop.publish();
    assert_eq!(add(&mut shop, 1, 9).kind(), "no-such-ticket-type");
}

#[test]
fn what_is_older_than_the_copy_is_ignored() {
    let mut shop = Shop::open();
    shop.endpoint.handle(EventRescheduled { event: EventState { title: "newest".into(), ..event(3) } }).unwrap();
    shop.price(3, 3_000);
    shop.publish();
    shop.endpoint.handle(CapacityChanged { ticket_type: ticket_type(2, 1) }).unwrap();
    let facts = shop.endpoint.read(audit::read);
    assert_eq!((facts.events[0].title.as_str(), facts.events[0].version, facts.events[0].published), ("newest", 3, true));
    assert_eq!((facts.ticket_types[0].price, facts.ticket_types[0].version), (eur(3_000), 3));
}

#[test]
fn lines_of_a_cancelled_event_say_so_in_every_open_basket_a_hundred_lines_a_step() {
    let mut shop = Shop::open();
    shop.publish();
    let ordered = shop.held().0;
    shop.check_out(&ordered);
    let baskets: Vec<String> = (0..230).map(|_| shop.held().0).collect();
    shop.endpoint.handle(EventCancelled { event: cancelled(2) }).unwrap();
    assert_eq!(shop.endpoint.sent::<CancelLinesOfEvent>().len(), 3, "231 lines, a hundred a step");
    for basket in &baskets {
        assert_eq!(shop.get(basket).body["lines"][0]["state"], "event_cancelled");
    }
    assert_eq!(shop.get(&ordered).body["lines"][0]["state"], "held");
    assert_eq!(shop.check_out(&baskets[0]).body["lines"][0]["why"], "event_cancelled");
}

#[test]
fn a_cancelled_event_is_not_added_even_if_it_is_published_later() {
    let mut shop = Shop::open();
    shop.endpoint.handle(EventCancelled { event: cancelled(2) }).unwrap();
    assert_eq!(add(&mut shop, 1, 2).kind(), "event-cancelled");
    shop.endpoint.handle(EventPublished { event: event(1), ticket_types: vec![ticket_type(1, 2_500)] }).unwrap();
    assert_eq!(add(&mut shop, 1, 2).kind(), "event-cancelled");
}

#[test]
fn without_price_events_the_copy_falls_behind() {
    let mut shop = Shop::without("price-events");
    shop.publish();
    shop.price(2, 9_900);
    assert_eq!(shop.endpoint.read(audit::read).ticket_types[0].price, eur(2_500));
}
