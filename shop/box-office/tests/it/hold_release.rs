//! Rows of the hold's table about the end of an order: places given back, tickets issued, tickets void.

use box_office::hold::{Decision, Hold, HoldState, issue_tickets, release_order};
use contracts::box_office::{IssueTickets, ReleaseOrder};

use crate::holds::{BY_BASKET, BY_EVENT, HELD, check, hold, hold_numbered, id, minute, released, said, secured, sold};

fn release(securing: u32, holds: Vec<Hold>) -> Option<Decision> {
    let hold_ids = if holds.is_empty() { vec![id(5)] } else { holds.iter().map(|hold| hold.hold_id).collect() };
    release_order(&ReleaseOrder { order_id: id(6), securing, hold_ids }, holds, minute(1))
}

fn issue(securing: u32, holds: Vec<Hold>) -> Option<Decision> {
    let hold_ids = holds.iter().map(|hold| hold.hold_id).collect();
    issue_tickets(&IssueTickets { order_id: id(6), securing, hold_ids }, holds)
}

fn voided(securing: u32) -> HoldState {
    HoldState::Voided { order_id: id(6), securing }
}

#[test]
fn a_released_order_gives_its_held_and_secured_places_back() {
    check(release(1, vec![hold(HELD)]), released(6, 1), 1, &["held -2", "cancel ExpireHold"]);
    check(release(1, vec![hold(secured(6, 1))]), released(6, 1), 1, &["held -2"]);
    check(release(2, vec![hold(secured(6, 1))]), released(6, 2), 1, &["held -2"]);
}

#[test]
fn a_released_order_leaves_tombstones() {
    for state in [HoldState::Rejected, HoldState::Expired, released(6, 1)] {
        check(release(2, vec![hold(state)]), released(6, 2), 1, &[]);
    }
    check(release(1, vec![]), released(6, 1), 0, &[]);
}

#[test]
fn an_older_or_repeated_release_is_ignored() {
    assert_eq!(release(1, vec![hold(secured(6, 2))]), None);
    assert_eq!(release(1, vec![hold(released(6, 1))]), None);
    assert_eq!(release(1, vec![hold(sold(6, 2))]), None);
}

#[test]
fn what_is_not_the_orders_is_not_released_by_it() {
    for state in [secured(7, 1), sold(7, 1), released(7, 1), BY_BASKET, BY_EVENT, voided(1)] {
        assert_eq!(release(2, vec![hold(state)]), None);
    }
}

#[test]
fn secured_places_become_tickets() {
    let expected = ["held -2 sold +2", "make 2 tickets", "TicketsIssued(1, 2)"];
    check(issue(1, vec![hold(secured(6, 1))]), sold(6, 1), 1, &expected);
}

#[test]
fn the_tickets_of_all_lines_are_issued_together() {
    let decision = issue(1, vec![hold(secured(6, 1)), hold_numbered(7, 2, secured(6, 1))]).unwrap();
    let expected = ["held -2 sold +2", "make 2 tickets", "held -2 sold +2", "make 2 tickets", "TicketsIssued(1, 4)"];
    assert_eq!(said(&decision.effects), expected);
}

#[test]
fn nothing_but_secured_places_of_the_order_becomes_tickets() {
    for state in [HELD, HoldState::Expired, released(6, 1), secured(7, 1), secured(6, 2), sold(6, 1), voided(1)] {
        assert_eq!(issue(1, vec![hold(state)]), None);
    }
}

#[test]
fn a_refunded_order_has_its_tickets_voided() {
    let expected = ["sold -2", "void tickets", "TicketsVoided(1, 2)"];
    check(release(1, vec![hold(sold(6, 1))]), voided(1), 1, &expected);
    let expected = ["sold -2", "void tickets", "TicketsVoided(2, 2)"];
    check(release(2, vec![hold(sold(6, 1))]), voided(2), 1, &expected);
}

#[test]
fn the_tickets_of_all_lines_are_voided_together() {
    let decision = release(1, vec![hold(sold(6, 1)), hold_numbered(7, 2, sold(6, 1))]).unwrap();
    let expected = ["sold -2", "void tickets", "sold -2", "void tickets", "TicketsVoided(1, 4)"];
    assert_eq!(said(&decision.effects), expected);
}
