//! An event is cancelled: its orders end, whichever comes first, a bounded number in a step.

use contracts::event_catalog::{EventCancelled, EventState, EventStatus};
use contracts::ordering::{CancelOrderOfEvent, CancelOrdersOfEvent, CancelReason, OrderCancelled, PlaceOrder};
use contracts::{EventId, OrderId};
use messaging::TestEndpoint;

use crate::orders::{event, id, place_order};

fn cancelled(event_id: EventId, ordering: &TestEndpoint) -> EventCancelled {
    EventCancelled {
        event: EventState {
            event_id,
            version: 4,
            title: "A night of fado".into(),
            category: "concert".into(),
            venue: "Coliseu".into(),
            city: "Porto".into(),
            starts: ordering.now(),
            status: EventStatus::Cancelled,
        },
    }
}

fn order(number: u128) -> PlaceOrder {
    PlaceOrder { order_id: id(number), ..place_order(5_000) }
}

fn ended(ordering: &TestEndpoint) -> Vec<OrderId> {
    let mut orders: Vec<OrderId> = ordering
        .published::<OrderCancelled>()
        .iter()
        .filter(|event| event.reason == CancelReason::EventCancelled)
        .map(|event| event.order_id)
        .collect();
    orders.sort_unstable();
    orders
}

#[test]
fn an_order_placed_before_its_event_is_cancelled_ends() {
    let mut ordering = TestEndpoint::new(ordering::endpoint());
    ordering.handle(order(1_000)).unwrap();
    ordering.handle(cancelled(event(), &ordering)).unwrap();
    assert_eq!(ended(&ordering), [id(1_000)]);
}

#[test]
fn an_order_placed_after_its_event_was_cancelled_begins_cancelled() {
    let mut ordering = TestEndpoint::new(ordering::endpoint());
    ordering.handle(cancelled(event(), &ordering)).unwrap();
    ordering.handle(order(1_000)).unwrap();
    assert_eq!(ended(&ordering), [id(1_000)]);
    assert_eq!(ordering.read(ordering::audit::read).orders[0].state, "cancelled");
}

#[test]
fn orders_of_other_events_go_on() {
    let mut ordering = TestEndpoint::new(ordering::endpoint());
    ordering.handle(order(1_000)).unwrap();
    ordering.handle(cancelled(id(77), &ordering)).unwrap();
    assert!(ended(&ordering).is_empty());
}

#[test]
fn an_event_with_many_orders_is_worked_off_in_bounded_steps() {
    let mut ordering = TestEndpoint::new(ordering::endpoint());
    for number in 1_000..1_250 {
        ordering.handle(order(number)).unwrap();
    }
    ordering.handle(cancelled(event(), &ordering)).unwrap();
    assert_eq!(ended(&ordering).len(), 250);
    assert_eq!((ordering.sent::<CancelOrdersOfEvent>().len(), ordering.sent::<CancelOrderOfEvent>().len()), (3, 250));
}
