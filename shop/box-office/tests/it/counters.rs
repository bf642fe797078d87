//! The counter of a ticket type.

use box_office::counter::{Counter, CounterChange, EventStanding, TicketType};
use contracts::box_office::HoldRefusal;

use crate::holds::{id, minute};

const FULL: Counter = Counter { wanted: 10, held: 4, sold: 6 };

fn change(held: i64, sold: i64) -> CounterChange {
    CounterChange { ticket_type_id: id(2), held, sold }
}

#[test]
fn capacity_is_never_below_what_is_held_and_sold() {
    assert_eq!(FULL.capacity(), 10);
    let lowered = Counter { wanted: 3, ..FULL };
    assert_eq!((lowered.capacity(), lowered.available()), (10, 0));
}

#[test]
fn available_is_what_is_neither_held_nor_sold() {
    assert_eq!(Counter { wanted: 10, held: 1, sold: 2 }.available(), 7);
    assert_eq!(FULL.available(), 0);
}

#[test]
fn a_counter_never_goes_below_zero() {
    assert_eq!(FULL.changed(change(-4, 4)), Some(Counter { wanted: 10, held: 0, sold: 10 }));
    assert_eq!(FULL.changed(change(-5, 0)), None);
    assert_eq!(FULL.changed(change(0, -7)), None);
}

#[test]
fn a_quantity_is_judged_by_event_then_sale_then_limit_then_places() {
    let ticket_type =
        TicketType { counter: Counter { wanted: 10, held: 8, sold: 0 }, quantity_max: 5, sale_starts: minute(0), sale_ends: minute(60) };
    let judge = |event, already, quantity, at| ticket_type.judge(event, already, quantity, minute(at));
    assert_eq!(judge(EventStanding::Cancelled, 0, 0, -1), Err(HoldRefusal::EventCancelled));
    assert_eq!(judge(EventStanding::Open, 0, 0, -1), Err(HoldRefusal::NotOnSale));
    assert_eq!(judge(EventStanding::Open, 0, 1, 60), Err(HoldRefusal::NotOnSale));
    assert_eq!(judge(EventStanding::Open, 0, 0, 0), Err(HoldRefusal::QuantityLimit));
    assert_eq!(judge(EventStanding::Open, 0, 6, 0), Err(HoldRefusal::QuantityLimit));
    assert_eq!(judge(EventStanding::Open, 0, 3, 0), Err(HoldRefusal::SoldOut));
    assert_eq!(judge(EventStanding::Open, 0, 2, 0), Ok(()));
    assert_eq!(judge(EventStanding::Open, 2, 4, 59), Ok(()));
    assert_eq!(judge(EventStanding::Open, 2, 5, 0), Err(HoldRefusal::SoldOut));
    assert_eq!(judge(EventStanding::Open, 5, 1, 0), Ok(()));
}
