//! The events of a new shop.

use std::collections::BTreeSet;
use std::time::Duration;

use contracts::event_catalog::{EventCancelled, EventPublished};
use event_catalog::{NewEvent, create, seed};

use crate::door::Shop;

#[test]
fn a_new_shop_has_events_of_every_kind() {
    let today = "2027-01-01T10:00:00Z".parse().unwrap();
    let events = seed::events(today);
    let places = |event: &NewEvent| event.ticket_types.iter().map(|kind| kind.capacity).sum::<u32>();
    let cities: BTreeSet<_> = events.iter().map(|event| event.city.as_str()).collect();
    let titles: BTreeSet<_> = events.iter().map(|event| event.title.as_str()).collect();
    assert!(events.len() >= 40 && titles.len() == events.len() && cities.len() >= 8);
    assert!(events.iter().filter(|event| places(event) == 0).count() >= 2, "sold out");
    assert!(events.iter().filter(|event| (1..10).contains(&places(event))).count() >= 2, "few left");
    assert!(events.iter().filter(|event| event.cancelled).count() >= 2, "cancelled");
    assert!(events.iter().filter(|event| event.ticket_types.iter().all(|kind| kind.price_minor == 0)).count() >= 2, "free");
    assert!(events.iter().filter(|event| event.ticket_types.iter().all(|kind| kind.sale_starts > Some(today))).count() >= 3, "not yet");
    assert!(events.iter().filter(|event| event.ticket_types.len() > 1).count() >= 20, "several ticket types");
}

#[test]
fn the_same_day_gives_the_same_events() {
    let midnight: hosting::Timestamp = "2027-01-01T00:00:00Z".parse().unwrap();
    assert_eq!(seed::events(midnight), seed::events(midnight.plus(Duration::from_secs(80_000))));
}

#[test]
fn every_event_of_a_new_shop_can_be_entered_at_any_hour_of_its_day() {
    let mut shop = Shop::open();
    shop.endpoint.advance(Duration::from_secs(86_399));
    let events = seed::events(shop.endpoint.now());
    let cancelled = events.iter().filter(|event| event.cancelled).count();
    for event in events.clone() {
        shop.endpoint.operation(move |ctx| create(ctx, &event)).unwrap();
    }
    assert_eq!(shop.endpoint.published::<EventPublished>().len(), events.len());
    assert_eq!(shop.endpoint.published::<EventCancelled>().len(), cancelled);
}
