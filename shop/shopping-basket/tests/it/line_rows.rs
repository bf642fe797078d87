//! Rows of the basket line's table, and its prices.

use contracts::box_office::HoldRefusal;
use shopping_basket::line::{Line, LineInput, LineState, Notice, PriceChange};

use crate::baskets::{HELD, basket_id, eur, hold_expired, hold_rejected, line, tickets_held};

const SOLD_OUT: LineState = LineState::SoldOut { left: 1 };
const ALL: [LineState; 6] = [LineState::Requested, HELD, SOLD_OUT, LineState::Expired, LineState::EventCancelled, LineState::Removed];

#[track_caller]
fn check(mut line: Line, input: &LineInput, next: LineState) -> Line {
    assert!(line.apply(input), "the input counts");
    assert_eq!(line.state, next);
    let stored = serde_json::to_string(&line).unwrap();
    assert_eq!(serde_json::from_str::<Line>(&stored).unwrap(), line, "stored and loaded");
    line
}

#[track_caller]
fn check_ignored(mut line: Line, input: &LineInput) {
    let before = line.clone();
    assert!(!line.apply(input), "the input is ignored");
    assert_eq!(line, before);
}

#[test]
fn a_changed_line_is_requested_anew_under_the_same_hold() {
    for state in [LineState::Requested, HELD, SOLD_OUT, LineState::Expired] {
        let mut line = line(state);
        let cmd = line.change(basket_id(), 5).unwrap();
        assert_eq!((cmd.hold_id, cmd.revision, cmd.quantity), (line.hold_id, 2, 5));
        assert_eq!((line.state, line.revision, line.quantity), (LineState::Requested, 2, 5));
    }
}

#[test]
fn a_cancelled_or_removed_line_cannot_be_changed() {
    for state in [LineState::EventCancelled, LineState::Removed] {
        assert_eq!(line(state).change(basket_id(), 5), None);
    }
}

#[test]
fn a_requested_line_is_held() {
    check(line(LineState::Requested), &tickets_held(1, 2), HELD);
}

#[test]
fn a_rejected_line_is_sold_out() {
    let line = check(line(LineState::Requested), &hold_rejected(1, 1, 0), SOLD_OUT);
    assert_eq!(line.notice, Some(Notice { reason: HoldRefusal::SoldOut, asked: 2, left: 1 }));
}

#[test]
fn a_rejected_change_keeps_what_is_held_and_the_buyer_is_told() {
    let mut changed = line(HELD);
    changed.change(basket_id(), 5);
    let mut line = check(changed, &hold_rejected(2, 1, 2), HELD);
    assert_eq!(line.quantity, 2);
    assert_eq!(line.notice, Some(Notice { reason: HoldRefusal::SoldOut, asked: 5, left: 1 }));
    line.change(basket_id(), 3);
    assert_eq!(line.notice, None);
}

#[test]
fn a_line_expires_with_its_hold() {
    for state in [LineState::Requested, HELD] {
        check(line(state), &hold_expired(1), LineState::Expired);
    }
}

#[test]
fn an_expiry_that_overtook_the_hold_is_the_last_word() {
    let expired = check(line(LineState::Requested), &hold_expired(1), LineState::Expired);
    check_ignored(expired, &tickets_held(1, 2));
}

#[test]
fn a_removed_line_releases_its_hold() {
    for state in [LineState::Requested, HELD, SOLD_OUT, LineState::Expired, LineState::EventCancelled] {
        let mut line = line(state);
        let cmd = line.remove(basket_id()).unwrap();
        assert_eq!((cmd.hold_id, cmd.revision), (line.hold_id, 1));
        assert_eq!(line.state, LineState::Removed);
    }
    assert_eq!(line(LineState::Removed).remove(basket_id()), None);
}

#[test]
fn a_cancelled_event_cancels_its_lines() {
    for state in [LineState::Requested, HELD, SOLD_OUT, LineState::Expired] {
        check(line(state), &LineInput::EventCancelled, LineState::EventCancelled);
    }
    for state in [LineState::EventCancelled, LineState::Removed] {
        check_ignored(line(state), &LineInput::EventCancelled);
    }
}

#[test]
fn an_answer_to_another_revision_is_ignored() {
    for state in ALL {
        for input in [tickets_held(2, 2), hold_rejected(2, 1, 0), hold_expired(2)] {
            check_ignored(line(state), &input);
        }
    }
}

#[test]
fn a_late_answer_is_ignored() {
    for state in [HELD, SOLD_OUT, LineState::Expired, LineState::EventCancelled, LineState::Removed] {
        check_ignored(line(state), &tickets_held(1, 2));
        check_ignored(line(state), &hold_rejected(1, 1, 0));
    }
    for state in [SOLD_OUT, LineState::Expired, LineState::EventCancelled, LineState::Removed] {
        check_ignored(line(state), &hold_expired(1));
    }
}

#[test]
fn a_lower_price_is_applied() {
    let mut line = line(HELD);
    assert_eq!(line.apply_price(eur(2_000)), PriceChange::Lowered);
    assert_eq!(line.price, eur(2_000));
}

#[test]
fn a_raised_price_waits_for_the_buyer() {
    let mut line = line(HELD);
    assert_eq!(line.apply_price(eur(3_000)), PriceChange::Raised { old: eur(2_500), new: eur(3_000) });
    assert_eq!(line.price, eur(2_500));
}
