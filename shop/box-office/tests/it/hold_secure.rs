//! Rows of the hold's table about securing an order's places.

use std::collections::{BTreeMap, BTreeSet};

use box_office::counter::Counter;
use box_office::hold::{Hold, HoldState, LineToSecure, Office, secure_tickets};
use contracts::box_office::{SecureLine, SecureTickets};

use crate::holds::{BY_BASKET, BY_EVENT, HELD, hold, hold_numbered, id, minute, released, said, secured, sold};

/// Ticket type 2 has that many places left.
fn office(left: u32) -> Office {
    let counter = Counter { wanted: left + 10, held: 10, sold: 0 };
    Office { counters: BTreeMap::from([(id(2), counter)]), cancelled_events: BTreeSet::new() }
}

fn cancelled(mut office: Office) -> Office {
    office.cancelled_events.insert(id(1));
    office
}

/// Order 6 secures two places under each of the holds at that minute: they come to `next`, and that follows.
#[track_caller]
fn check_at(at: i64, securing: u32, holds: &[HoldState], office: &Office, next: &[HoldState], expected: &[&str]) {
    let holds = (5..).zip(holds).map(|(number, state)| Some(hold_numbered(number, 2, *state))).collect();
    let (holds, effects) = secure(at, securing, holds, office);
    assert_eq!(effects, expected);
    assert_eq!(holds.iter().map(|hold| hold.state).collect::<Vec<_>>(), next);
}

#[track_caller]
fn check(securing: u32, holds: &[HoldState], office: &Office, next: &[HoldState], expected: &[&str]) {
    check_at(0, securing, holds, office, next, expected);
}

fn secure(at: i64, securing: u32, holds: Vec<Option<Hold>>, office: &Office) -> (Vec<Hold>, Vec<String>) {
    let lines: Vec<_> = (5..)
        .zip(holds)
        .map(|(number, hold)| LineToSecure {
            line: SecureLine { hold_id: id(number), event_id: id(1), ticket_type_id: id(2), quantity: 2 },
            hold,
        })
        .collect();
    let cmd = SecureTickets { order_id: id(6), securing, lines: lines.iter().map(|line| line.line.clone()).collect() };
    let decision = secure_tickets(&cmd, lines, office, minute(at));
    (decision.holds, said(&decision.effects))
}

#[test]
fn held_places_are_secured_for_the_payment_window() {
    check(1, &[HELD], &office(0), &[secured(6, 1)], &["cancel ExpireHold", "TicketsSecured(1 until 15)"]);
}

#[test]
fn an_expired_hold_is_secured_while_places_are_left() {
    check(1, &[HoldState::Expired], &office(2), &[secured(6, 1)], &["held +2", "TicketsSecured(1 until 15)"]);
}

#[test]
fn an_expired_hold_without_places_left_is_unavailable() {
    let expected = ["TicketsUnavailable(1, SoldOut, [5])"];
    check(1, &[HoldState::Expired], &office(1), &[HoldState::Expired], &expected);
}

#[test]
fn a_hold_past_its_time_is_expired_before_it_is_secured() {
    let until = minute(25);
    let secured = HoldState::Secured { order_id: id(6), securing: 1, quantity: 2, until };
    let expected = ["held -2", "HoldExpired(1)", "held +2", "TicketsSecured(1 until 25)"];
    check_at(10, 1, &[HELD], &office(0), &[secured], &expected);
}

#[test]
fn places_released_by_an_older_securing_are_secured_again() {
    check(2, &[released(6, 1)], &office(2), &[secured(6, 2)], &["held +2", "TicketsSecured(2 until 15)"]);
    let expected = ["TicketsUnavailable(2, SoldOut, [5])"];
    check(2, &[released(6, 1)], &office(1), &[released(6, 1)], &expected);
}

#[test]
fn places_released_by_the_same_securing_or_another_order_stay_released() {
    for state in [released(6, 2), released(7, 1)] {
        check(2, &[state], &office(9), &[state], &["TicketsUnavailable(2, NotHeld, [5])"]);
    }
}

#[test]
fn what_the_basket_or_a_cancelled_event_released_is_never_secured() {
    for state in [BY_BASKET, BY_EVENT] {
        check(2, &[state], &office(9), &[state], &["TicketsUnavailable(2, NotHeld, [5])"]);
    }
}

#[test]
fn secured_places_are_secured_by_a_later_securing_of_the_same_order() {
    check(2, &[secured(6, 1)], &office(0), &[secured(6, 2)], &["TicketsSecured(2 until 15)"]);
    check(1, &[secured(6, 1)], &office(0), &[secured(6, 1)], &["TicketsSecured(1 until 15)"]);
}

#[test]
fn an_older_securing_does_not_touch_a_later_one() {
    check(1, &[secured(6, 2)], &office(9), &[secured(6, 2)], &["TicketsUnavailable(1, NotHeld, [5])"]);
}

#[test]
fn rejected_sold_and_other_orders_holds_are_unavailable() {
    for state in [HoldState::Rejected, sold(6, 1), secured(7, 1), sold(7, 1)] {
        check(1, &[state], &office(9), &[state], &["TicketsUnavailable(1, NotHeld, [5])"]);
    }
}

#[test]
fn an_unknown_hold_is_unavailable_and_the_held_lines_are_released() {
    let (holds, effects) = secure(0, 1, vec![Some(hold(HELD)), None], &office(9));
    assert_eq!(effects, ["held -2", "cancel ExpireHold", "TicketsUnavailable(1, NotHeld, [6])"]);
    assert_eq!(holds.iter().map(|hold| hold.state).collect::<Vec<_>>(), [released(6, 1)]);
}

#[test]
fn a_line_of_a_cancelled_event_is_unavailable() {
    let expected = ["held -2", "cancel ExpireHold", "TicketsUnavailable(1, EventCancelled, [5])"];
    check(1, &[HELD], &cancelled(office(9)), &[released(6, 1)], &expected);
    let expected = ["TicketsUnavailable(1, EventCancelled, [5])"];
    check(1, &[HoldState::Expired], &cancelled(office(9)), &[HoldState::Expired], &expected);
}

#[test]
fn one_line_that_cannot_be_had_releases_all_held_lines() {
    let before = [HELD, HoldState::Expired, HELD, secured(7, 1)];
    let after = [released(6, 1), HoldState::Expired, released(6, 1), secured(7, 1)];
    let expected = ["held -2", "cancel ExpireHold", "held -2", "cancel ExpireHold", "TicketsUnavailable(1, NotHeld, [8])"];
    check(1, &before, &office(2), &after, &expected);
}

#[test]
fn lines_of_one_ticket_type_are_judged_together() {
    let expired = [HoldState::Expired; 2];
    let expected = ["held +2", "held +2", "TicketsSecured(1 until 15)"];
    check(1, &expired, &office(4), &[secured(6, 1); 2], &expected);
    check(1, &expired, &office(3), &expired, &["TicketsUnavailable(1, SoldOut, [5, 6])"]);
}

#[test]
fn a_held_line_leaves_what_is_left_to_the_expired_ones() {
    let expected = ["cancel ExpireHold", "held +2", "TicketsSecured(1 until 15)"];
    check(1, &[HELD, HoldState::Expired], &office(2), &[secured(6, 1); 2], &expected);
}

#[test]
fn a_hold_of_another_quantity_is_unavailable() {
    let other = HoldState::Held { quantity: 3, until: minute(10) };
    let expected = ["held -3", "cancel ExpireHold", "TicketsUnavailable(1, NotHeld, [5])"];
    check(1, &[other], &office(9), &[released(6, 1)], &expected);
}
