//! What is counted, in whatever order it is heard.

use std::time::Duration;

use contracts::box_office::HoldRefusal;
use contracts::ordering::OrderPaid;
use contracts::shopping_basket::{BasketChange, BasketEvent};
use contracts::{Currency, Money};
use messaging::feed::Restart;
use serde_json::{Value, json};

use crate::door::{Marketing, ORGANISER, id};

fn held(line: u128) -> BasketChange {
    BasketChange::PlacesHeld { line_id: id(line), quantity: 2 }
}

fn checked_out() -> BasketChange {
    BasketChange::CheckedOut { order_id: id(7) }
}

fn paid(basket: u128) -> OrderPaid {
    OrderPaid { order_id: id(7), version: 3, basket_id: id(basket), total: Money::new(5_000, Currency::EUR), places: Vec::new() }
}

/// The figures of one event.
fn lines(marketing: &Marketing, event: u128) -> Value {
    let wanted: uuid::Uuid = id(event);
    let figures = marketing.get("/interest");
    let events = figures["events"].as_array().unwrap();
    events.iter().find(|event| event["event_id"] == wanted.to_string()).map_or(Value::Null, |event| event["lines"].clone())
}

#[test]
fn a_line_counts_in_each_stage_that_it_reached() {
    let mut marketing = Marketing::open();
    marketing.add(1, 11, 101);
    marketing.add(1, 12, 102);
    marketing.learn(1, held(11));
    marketing.learn(1, BasketChange::HoldRefused { line_id: id(12), reason: HoldRefusal::SoldOut });
    marketing.learn(1, BasketChange::LineRemoved { line_id: id(12) });
    marketing.learn(1, checked_out());
    marketing.endpoint.handle(paid(1)).unwrap();
    let through = json!({"added": 1, "held": 1, "refused": 0, "expired": 0, "removed": 0, "checked_out": 1, "paid": 1});
    let refused = json!({"added": 1, "held": 0, "refused": 1, "expired": 0, "removed": 1, "checked_out": 0, "paid": 0});
    assert_eq!((lines(&marketing, 101), lines(&marketing, 102)), (through, refused));
    let funnel = marketing.get("/funnel");
    assert_eq!(
        (funnel["entries"].as_u64(), funnel["lines"]["added"].as_u64(), funnel["lines"]["paid"].as_u64()),
        (Some(6), Some(2), Some(1))
    );
}

#[test]
fn a_line_that_is_held_again_is_one_held_line() {
    let mut marketing = Marketing::open();
    marketing.add(1, 11, 101);
    marketing.learn(1, held(11));
    marketing.learn(1, BasketChange::HoldExpired { line_id: id(11) });
    marketing.learn(1, BasketChange::QuantityChanged { line_id: id(11), quantity: 3 });
    marketing.learn(1, held(11));
    let counted = lines(&marketing, 101);
    assert_eq!((counted["held"].as_u64(), counted["expired"].as_u64()), (Some(1), Some(1)));
}

#[test]
fn an_order_that_is_paid_before_the_feed_tells_of_its_checkout_counts_as_paid_once() {
    let mut marketing = Marketing::open();
    marketing.endpoint.handle(paid(1)).unwrap();
    marketing.add(1, 11, 101);
    marketing.learn(1, held(11));
    marketing.learn(1, checked_out());
    // Said again, as a new message: it changes nothing.
    marketing.endpoint.handle(paid(1)).unwrap();
    assert_eq!(lines(&marketing, 101)["paid"], 1);
}

#[test]
fn the_most_wanted_event_is_the_first() {
    let mut marketing = Marketing::open();
    marketing.add(1, 11, 101);
    marketing.add(2, 12, 102);
    marketing.add(3, 13, 102);
    let figures = marketing.get("/interest?limit=1");
    let first: uuid::Uuid = id(102);
    assert_eq!(figures["events"].as_array().unwrap().len(), 1);
    assert_eq!(figures["events"][0]["event_id"], first.to_string());
}

#[test]
fn a_basket_with_something_in_it_is_abandoned_after_an_hour_without_a_change() {
    let mut marketing = Marketing::open();
    marketing.add(1, 11, 101);
    marketing.add(2, 12, 101);
    marketing.learn(2, checked_out());
    marketing.add(3, 13, 101);
    marketing.learn(3, BasketChange::LineRemoved { line_id: id(13) });
    marketing.add(4, 14, 101);
    marketing.learn(4, BasketChange::EventCancelled { line_id: id(14) });
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
    marketing.endpoint.advance(minutes(59));
    assert_eq!(marketing.get("/abandoned-baskets")["baskets"], 0);
    marketing.endpoint.advance(minutes(2));
    let left = marketing.get("/abandoned-baskets");
    assert_eq!((left["baskets"].as_u64(), left["lines"].as_u64(), left["more"].as_bool()), (Some(1), Some(1), Some(false)));
    assert_eq!(marketing.get("/abandoned-baskets?minutes=120")["baskets"], 0);
    marketing.learn(1, held(11));
    assert_eq!(marketing.get("/abandoned-baskets")["baskets"], 0, "something happened in it");
}

#[test]
fn a_restored_feed_is_counted_anew_and_what_was_paid_stays_known() {
    let mut marketing = Marketing::open();
    marketing.add(1, 11, 101);
    marketing.learn(1, checked_out());
    marketing.endpoint.handle(paid(1)).unwrap();
    marketing.endpoint.restart_feed::<BasketEvent>(Restart::NewEpoch).unwrap();
    assert_eq!(marketing.get("/interest"), json!({"events": []}));
    marketing.add(1, 11, 101);
    marketing.learn(1, checked_out());
    let funnel = marketing.get("/funnel");
    assert_eq!((funnel["lines"]["paid"].as_u64(), funnel["restarts"][0]["why"].as_str()), (Some(1), Some("new_epoch")));
}

#[test]
fn entries_that_were_missed_leave_the_figures_and_are_told() {
    let mut marketing = Marketing::open();
    marketing.add(1, 11, 101);
    marketing.endpoint.restart_feed::<BasketEvent>(Restart::EntriesMissed).unwrap();
    let funnel = marketing.get("/funnel");
    assert_eq!((funnel["lines"]["added"].as_u64(), funnel["restarts"][0]["why"].as_str()), (Some(1), Some("entries_missed")));
}

#[test]
fn the_figures_are_the_organisers_and_bad_queries_are_told_what_to_do() {
    let marketing = Marketing::open();
    for path in ["/interest", "/funnel", "/abandoned-baskets"] {
        assert_eq!((marketing.ask(path, None).0, marketing.ask(path, Some("another")).0), (401, 403), "{path}");
    }
    for path in [
        "/interest?limit=0",
        "/interest?limit=201",
        "/interest?limit=x",
        "/abandoned-baskets?minutes=0",
        "/funnel-of-nothing",
        "/interest?of=x",
    ] {
        let (status, problem) = marketing.ask(path, Some(ORGANISER));
        assert!((400..=404).contains(&status) && problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{path}: {problem}");
    }
}
