//! The events of a new shop.

use std::collections::BTreeSet;
use std::time::Duration;

use contracts::event_catalog::{EventCancelled, EventPublished};
use event_catalog::{NewEvent, create, first_start, seed};

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

/// Each step of the first start under a new key, as when the keys of an earlier try have been forgotten.
fn enter_planned(shop: &mut Shop, numbers: std::ops::Range<u32>) {
    let events = seed::events(shop.endpoint.now());
    shop.endpoint.operation(|ctx| first_start::plan(ctx, 3)).unwrap();
    for (number, event) in numbers.zip(events) {
        shop.endpoint.operation(move |ctx| first_start::enter(ctx, number, &event)).unwrap();
    }
}

#[test]
fn a_first_start_that_is_taken_up_days_later_enters_no_event_twice() {
    let mut shop = Shop::open();
    enter_planned(&mut shop, 0..2);
    shop.endpoint.advance(Duration::from_secs(3 * 86_400));
    enter_planned(&mut shop, 0..3);
    assert_eq!(shop.endpoint.published::<EventPublished>().len(), 3);
    enter_planned(&mut shop, 0..3);
    assert_eq!(shop.endpoint.published::<EventPublished>().len(), 3);
}

#[test]
fn a_programme_that_has_grown_adds_nothing_to_a_shop_begun_with_less() {
    let mut shop = Shop::open();
    enter_planned(&mut shop, 0..5);
    assert_eq!(shop.endpoint.published::<EventPublished>().len(), 3);
}

#[test]
fn nothing_is_planned_where_there_are_events_already() {
    let mut shop = Shop::open();
    shop.enter("Our Own");
    enter_planned(&mut shop, 0..3);
    assert_eq!(shop.endpoint.published::<EventPublished>().len(), 1);
}
