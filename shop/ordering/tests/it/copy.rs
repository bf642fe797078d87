//! Ordering's copy of the catalogue's events: what an order shows when its event was renamed, rescheduled or cancelled.

use contracts::event_catalog::{EventCancelled, EventRenamed, EventRescheduled, EventState, EventStatus};
use contracts::ordering::{CancelOrdersOfEvent, PlaceOrder};
use contracts::{EventId, OrderId};
use hosting::Timestamp;
use ordering::KnownEvent;
use serde_json::{Value, json};

use crate::door::Door;
use crate::orders::{evening, event, id, minute, place_order};

/// A version of the event that the orders are about; the buyers saw version 3.
fn state(version: u32, title: &str, starts: Timestamp) -> EventState {
    EventState {
        event_id: event(),
        version,
        title: title.into(),
        category: "concert".into(),
        venue: "Coliseu".into(),
        city: "Porto".into(),
        starts,
        status: EventStatus::Published,
    }
}

fn renamed(version: u32, title: &str, starts: Timestamp) -> EventRenamed {
    EventRenamed { event: state(version, title, starts) }
}

fn rescheduled(version: u32, title: &str, starts: Timestamp) -> EventRescheduled {
    EventRescheduled { event: state(version, title, starts) }
}

fn cancelled(version: u32) -> EventCancelled {
    EventCancelled { event: EventState { status: EventStatus::Cancelled, ..state(version, "A day of fado", evening()) } }
}

fn next_day() -> Timestamp {
    minute(36 * 60)
}

fn line(door: &Door) -> Value {
    door.get(&format!("/orders/{}", id::<OrderId>(6))).body["lines"][0].clone()
}

/// The name, the date now, the date bought.
fn shown(door: &Door) -> (Value, Value, Value) {
    let mut line = line(door);
    (line["event_title"].take(), line["event_starts"].take(), line["event_starts_bought"].take())
}

fn copy(door: &mut Door) -> Vec<KnownEvent> {
    door.endpoint().read(ordering::audit::read).events
}

#[test]
fn an_order_shows_its_event_as_it_was_bought_until_the_catalogue_says_otherwise() {
    let door = Door::with(place_order(5_000));
    assert_eq!(shown(&door), (json!("A night of fado"), json!(evening()), json!(evening())));
    assert_eq!(line(&door)["event_cancelled"], false);
}

#[test]
fn an_order_of_a_renamed_event_shows_the_current_name() {
    let mut door = Door::with(place_order(5_000));
    door.endpoint().handle(renamed(4, "A day of fado", evening())).unwrap();
    assert_eq!(shown(&door), (json!("A day of fado"), json!(evening()), json!(evening())));
}

#[test]
fn an_order_of_a_rescheduled_event_shows_both_dates() {
    let mut door = Door::with(place_order(5_000));
    door.endpoint().handle(rescheduled(4, "A night of fado", next_day())).unwrap();
    assert_eq!(shown(&door), (json!("A night of fado"), json!(next_day()), json!(evening())));
}

#[test]
fn an_order_of_a_cancelled_event_says_so_of_the_event_too() {
    let mut door = Door::with(place_order(5_000));
    door.endpoint().handle(cancelled(4)).unwrap();
    assert_eq!(line(&door)["event_cancelled"], true);
}

#[test]
fn what_the_catalogue_said_before_the_order_came_shows_in_the_order() {
    let mut door = Door::open();
    door.endpoint().handle(rescheduled(5, "A day of fado", next_day())).unwrap();
    door.endpoint().handle(place_order(5_000)).unwrap();
    assert_eq!(shown(&door), (json!("A day of fado"), json!(next_day()), json!(evening())));
}

#[test]
fn an_older_version_never_overwrites_a_newer_one_whichever_brought_it() {
    let mut door = Door::open();
    door.endpoint().handle(rescheduled(5, "A day of fado", next_day())).unwrap();
    door.endpoint().handle(renamed(4, "A day of fado", evening())).unwrap();
    door.endpoint().handle(place_order(5_000)).unwrap();
    door.endpoint().handle(renamed(2, "Fado", minute(0))).unwrap();
    let newest = KnownEvent { event_id: event(), version: 5, title: "A day of fado".into(), starts: Some(next_day()), cancelled: false };
    assert_eq!(copy(&mut door), [newest]);
}

#[test]
fn an_order_brings_a_version_that_the_catalogues_word_has_not_brought_yet() {
    let mut door = Door::open();
    door.endpoint().handle(renamed(2, "Fado", minute(0))).unwrap();
    door.endpoint().handle(place_order(5_000)).unwrap();
    assert_eq!(shown(&door), (json!("A night of fado"), json!(evening()), json!(evening())));
}

#[test]
fn an_order_that_did_not_say_which_event_it_saw_shows_the_date_once_the_catalogue_says_it() {
    let mut order = place_order(5_000);
    (order.lines[0].event_version, order.lines[0].event_starts) = (0, None);
    let mut door = Door::with(order);
    assert_eq!(shown(&door), (json!("A night of fado"), Value::Null, Value::Null));
    door.endpoint().handle(renamed(2, "A day of fado", evening())).unwrap();
    assert_eq!(shown(&door), (json!("A day of fado"), json!(evening()), Value::Null));
}

#[test]
fn a_cancellation_is_passed_on_once_whichever_message_brought_it() {
    let mut door = Door::with(place_order(5_000));
    let told_late = EventRenamed { event: EventState { status: EventStatus::Cancelled, ..state(5, "A day of fado", evening()) } };
    door.endpoint().handle(told_late).unwrap();
    door.endpoint().handle(cancelled(4)).unwrap();
    assert_eq!(door.endpoint().sent::<CancelOrdersOfEvent>().len(), 1);
    assert!(copy(&mut door)[0].cancelled);
}

/// One row for all its orders: a message about an event changes as much with a thousand orders as with one.
#[test]
fn a_renamed_event_changes_one_row_and_no_order_however_many_orders_it_is_in() {
    let mut door = Door::open();
    for number in 1_000..2_000 {
        door.endpoint().handle(PlaceOrder { order_id: id(number), ..place_order(5_000) }).unwrap();
    }
    let before = door.endpoint().read(ordering::audit::read);
    door.endpoint().handle(renamed(4, "A day of fado", evening())).unwrap();
    let after = door.endpoint().read(ordering::audit::read);
    assert_eq!((after.orders == before.orders, after.events.len()), (true, 1));
    for number in [1_000, 1_999] {
        let order = door.get(&format!("/orders/{}", id::<OrderId>(number)));
        assert_eq!(order.body["lines"][0]["event_title"], "A day of fado");
    }
}

#[test]
fn an_event_that_no_order_is_about_is_known_too() {
    let mut door = Door::open();
    let other: EventId = id(77);
    door.endpoint().handle(EventRenamed { event: EventState { event_id: other, ..state(2, "Opera", evening()) } }).unwrap();
    assert_eq!(copy(&mut door).len(), 1);
}
