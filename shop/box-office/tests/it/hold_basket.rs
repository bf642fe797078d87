//! Rows of the hold's table while it is a basket's.

use box_office::counter::EventStanding;
use box_office::hold::{Decision, Hold, HoldState, NotKnownYet, Place};

use crate::holds::{BY_BASKET, BY_EVENT, HELD, check, hold, hold_tickets, minute, on_sale, release_hold, released, secured, sold};

fn request(hold: Option<Hold>, revision: u32, quantity: u32, place: Place) -> Option<Decision> {
    Hold::request(hold, &hold_tickets(revision, quantity), place, minute(1)).unwrap()
}

fn cancelled(place: Place) -> Place {
    Place { event: EventStanding::Cancelled, ..place }
}

fn unknown_type(event: EventStanding) -> Place {
    Place { event, ticket_type: None }
}

fn held(quantity: u32, until: i64) -> HoldState {
    HoldState::Held { quantity, until: minute(until) }
}

#[test]
fn a_hold_of_a_cancelled_event_is_rejected_whether_its_type_is_known_or_not() {
    for place in [unknown_type(EventStanding::Cancelled), cancelled(on_sale(5))] {
        let expected = ["HoldRejected(1, EventCancelled, left 0, held 0)"];
        check(request(None, 1, 2, place), HoldState::Rejected, 1, &expected);
        let expected = ["HoldRejected(2, EventCancelled, left 0, held 0)"];
        check(request(Some(hold(HoldState::Rejected)), 2, 2, place), HoldState::Rejected, 2, &expected);
    }
}

#[test]
fn a_hold_of_a_type_that_is_not_known_yet_is_tried_again() {
    let refused = Hold::request(None, &hold_tickets(1, 2), unknown_type(EventStanding::Open), minute(1));
    assert_eq!(refused, Err(NotKnownYet));
}

#[test]
fn places_that_are_left_are_held_for_ten_minutes() {
    let expected = ["held +5", "TicketsHeld(1, 5 until 11)", "set ExpireHold at 11"];
    check(request(None, 1, 5, on_sale(5)), held(5, 11), 1, &expected);
}

#[test]
fn places_that_are_not_left_are_rejected() {
    let expected = ["HoldRejected(1, SoldOut, left 4, held 0)"];
    check(request(None, 1, 5, on_sale(4)), HoldState::Rejected, 1, &expected);
}

#[test]
fn a_quantity_outside_the_limits_is_rejected() {
    let expected = ["HoldRejected(1, QuantityLimit, left 20, held 0)"];
    check(request(None, 1, 9, on_sale(20)), HoldState::Rejected, 1, &expected);
    check(request(None, 1, 0, on_sale(20)), HoldState::Rejected, 1, &expected);
}

#[test]
fn places_that_are_not_on_sale_are_rejected() {
    let judged = Hold::request(None, &hold_tickets(1, 1), on_sale(5), minute(60)).unwrap();
    check(judged, HoldState::Rejected, 1, &["HoldRejected(1, NotOnSale, left 0, held 0)"]);
}

#[test]
fn changing_a_hold_takes_or_gives_the_difference_and_never_prolongs_it() {
    let expected = ["held +3", "TicketsHeld(2, 5 until 10)"];
    check(request(Some(hold(HELD)), 2, 5, on_sale(3)), held(5, 10), 2, &expected);
    let expected = ["held -1", "TicketsHeld(2, 1 until 10)"];
    check(request(Some(hold(HELD)), 2, 1, on_sale(0)), held(1, 10), 2, &expected);
    check(request(Some(hold(HELD)), 2, 2, on_sale(0)), held(2, 10), 2, &["TicketsHeld(2, 2 until 10)"]);
}

#[test]
fn a_change_that_cannot_be_had_keeps_what_is_held() {
    let expected = ["HoldRejected(2, SoldOut, left 2, held 2 until 10)"];
    check(request(Some(hold(HELD)), 2, 5, on_sale(2)), HELD, 2, &expected);
    let expected = ["HoldRejected(2, EventCancelled, left 0, held 2 until 10)"];
    check(request(Some(hold(HELD)), 2, 5, cancelled(on_sale(5))), HELD, 2, &expected);
}

#[test]
fn an_expired_or_rejected_hold_is_held_anew() {
    for state in [HoldState::Expired, HoldState::Rejected] {
        let expected = ["held +3", "TicketsHeld(2, 3 until 11)", "set ExpireHold at 11"];
        check(request(Some(hold(state)), 2, 3, on_sale(3)), held(3, 11), 2, &expected);
    }
}

#[test]
fn an_expired_or_rejected_hold_that_cannot_be_had_is_rejected() {
    for state in [HoldState::Expired, HoldState::Rejected] {
        let expected = ["HoldRejected(2, SoldOut, left 2, held 0)"];
        check(request(Some(hold(state)), 2, 3, on_sale(2)), HoldState::Rejected, 2, &expected);
    }
}

#[test]
fn a_hold_expires_when_its_time_is_over() {
    let decision = hold(HELD).expire(minute(10));
    check(decision, HoldState::Expired, 1, &["held -2", "HoldExpired(1)"]);
}

#[test]
fn a_hold_does_not_expire_early() {
    assert_eq!(hold(HELD).expire(minute(9)), None);
    assert_eq!(hold(HoldState::Expired).expire(minute(10)), None);
    assert_eq!(hold(secured(6, 1)).expire(minute(60)), None);
}

#[test]
fn a_hold_past_its_time_is_expired_first_and_its_places_count_as_left() {
    let decision = Hold::request(Some(hold(HELD)), &hold_tickets(2, 2), on_sale(0), minute(10)).unwrap();
    let expected = ["held -2", "HoldExpired(1)", "held +2", "TicketsHeld(2, 2 until 20)", "set ExpireHold at 20"];
    check(decision, held(2, 20), 2, &expected);
    let decision = Hold::request(Some(hold(HELD)), &hold_tickets(2, 3), on_sale(0), minute(10)).unwrap();
    check(decision, HoldState::Rejected, 2, &["held -2", "HoldExpired(1)", "HoldRejected(2, SoldOut, left 2, held 0)"]);
    let decision = Hold::request(Some(hold(HELD)), &hold_tickets(1, 2), on_sale(0), minute(10)).unwrap();
    check(decision, HoldState::Expired, 1, &["held -2", "HoldExpired(1)"]);
}

#[test]
fn a_removed_line_releases_its_hold_for_good() {
    let decision = Hold::release(Some(hold(HELD)), &release_hold(1), minute(1));
    check(decision, BY_BASKET, 1, &["held -2", "cancel ExpireHold"]);
    for state in [HoldState::Rejected, HoldState::Expired] {
        check(Hold::release(Some(hold(state)), &release_hold(2), minute(1)), BY_BASKET, 2, &[]);
    }
    check(Hold::release(Some(hold(HELD)), &release_hold(1), minute(10)), BY_BASKET, 1, &["held -2", "HoldExpired(1)"]);
}

#[test]
fn a_hold_released_before_it_was_asked_for_is_never_held() {
    let tombstone = check(Hold::release(None, &release_hold(1), minute(1)), BY_BASKET, 1, &[]);
    assert_eq!(request(Some(tombstone), 1, 2, on_sale(5)), None);
}

#[test]
fn an_older_release_is_ignored() {
    let newer = Hold { revision: 2, ..hold(HELD) };
    assert_eq!(Hold::release(Some(newer), &release_hold(1), minute(1)), None);
}

#[test]
fn a_hold_that_is_an_orders_is_not_released_by_its_basket() {
    for state in [secured(6, 1), sold(6, 1), released(6, 1), BY_EVENT] {
        assert_eq!(Hold::release(Some(hold(state)), &release_hold(9), minute(1)), None);
    }
}

#[test]
fn a_late_request_is_ignored() {
    assert_eq!(request(Some(hold(HELD)), 1, 5, on_sale(5)), None);
    for state in [BY_BASKET, BY_EVENT, released(6, 1), secured(6, 1), sold(6, 1)] {
        assert_eq!(request(Some(hold(state)), 2, 5, on_sale(5)), None);
    }
}

#[test]
fn a_cancelled_event_releases_what_is_held() {
    check(hold(HELD).event_cancelled(minute(1)), BY_EVENT, 1, &["held -2", "cancel ExpireHold"]);
}

#[test]
fn secured_and_sold_places_of_a_cancelled_event_wait_for_their_orders_end() {
    for state in [secured(6, 1), sold(6, 1), HoldState::Expired, HoldState::Rejected, BY_BASKET] {
        assert_eq!(hold(state).event_cancelled(minute(1)), None);
    }
}
