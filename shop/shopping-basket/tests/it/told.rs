//! What the feed tells: every change that is kept, once, in words that say nothing about the buyer.

use contracts::OrderId;
use contracts::box_office::HoldRefusal;
use contracts::shopping_basket::BasketChange;
use shopping_basket::basket::{Basket, BasketState, changes};
use shopping_basket::line::LineState;

use crate::baskets::{HELD, basket, basket_id, hold_rejected, id, line_id, offer, tickets_held};

fn told(before: &Basket, change: impl FnOnce(&mut Basket)) -> Vec<BasketChange> {
    let mut after = before.clone();
    change(&mut after);
    changes(before, &after)
}

fn hold_changed(before: &Basket, input: &shopping_basket::line::LineInput) -> Vec<BasketChange> {
    told(before, |basket| assert!(basket.hold_changed(id(5), input)))
}

#[test]
fn a_new_line_is_told_with_what_it_is_about() {
    let added = BasketChange::LineAdded { line_id: line_id(), event_id: id(1), ticket_type_id: id(2), quantity: 2 };
    assert_eq!(changes(&Basket::new(basket_id()), &basket(LineState::Requested)), [added]);
}

#[test]
fn what_the_box_office_answers_is_told() {
    let requested = basket(LineState::Requested);
    assert_eq!(hold_changed(&requested, &tickets_held(1, 2)), [BasketChange::PlacesHeld { line_id: line_id(), quantity: 2 }]);
    let refused = BasketChange::HoldRefused { line_id: line_id(), reason: HoldRefusal::SoldOut };
    assert_eq!(hold_changed(&requested, &hold_rejected(1, 1, 0)), [refused]);
    // Fewer than were asked for are kept: refused, and held.
    assert_eq!(hold_changed(&requested, &hold_rejected(1, 0, 1)), [refused, BasketChange::PlacesHeld { line_id: line_id(), quantity: 1 }]);
}

#[test]
fn what_the_buyer_changes_is_told() {
    let held = basket(HELD);
    let changed = told(&held, |basket| assert!(basket.change(line_id(), &offer(), 3).is_ok()));
    assert_eq!(changed, [BasketChange::QuantityChanged { line_id: line_id(), quantity: 3 }]);
    assert_eq!(told(&held, |basket| assert!(basket.remove(line_id()).is_ok())), [BasketChange::LineRemoved { line_id: line_id() }]);
}

#[test]
fn a_cancelled_event_and_a_checkout_are_told() {
    let held = basket(HELD);
    let cancelled = told(&held, |basket| assert!(basket.event_cancelled(id(1))));
    assert_eq!(cancelled, [BasketChange::EventCancelled { line_id: line_id() }]);
    let order_id: OrderId = id(7);
    let ordered = told(&held, |basket| basket.state = BasketState::CheckedOut { order_id });
    assert_eq!(ordered, [BasketChange::CheckedOut { order_id }]);
}

#[test]
fn what_did_not_change_is_not_told() {
    let held = basket(HELD);
    assert_eq!(told(&held, |_| {}), []);
    // A lower price is the buyer's luck, and nobody's business.
    assert_eq!(told(&held, |basket| assert!(basket.price_changed(id(2), contracts::Money::new(1, contracts::Currency::EUR)))), []);
}
