//! What a buyer does with an open basket, and what a frozen one refuses.

use contracts::Money;
use shopping_basket::basket::{Basket, BasketRefused, BasketState, LINES_EVER_MAX, LINES_MAX, NewLine, Offer};
use shopping_basket::line::{LineInput, LineState};

use crate::baskets::{HELD, basket, basket_id, eur, hold_expired, id, line_id, offer, tickets_held};

fn new_line() -> NewLine {
    NewLine { line_id: id(4), hold_id: id(5) }
}

fn frozen() -> Basket {
    Basket { state: BasketState::CheckedOut { order_id: id(6) }, ..basket(HELD) }
}

#[test]
fn an_added_line_is_requested_at_todays_price() {
    let mut basket = Basket::new(basket_id());
    let cmd = basket.add(new_line(), &offer(), 2).unwrap();
    assert_eq!((cmd.hold_id, cmd.revision, cmd.quantity, cmd.event_id), (id(5), 1, 2, id(1)));
    assert_eq!((basket.lines[0].state, basket.lines[0].price), (LineState::Requested, eur(2_500)));
    assert_eq!(basket.total(), Some(eur(5_000)));
}

#[test]
fn a_quantity_is_between_one_and_the_types_limit() {
    for quantity in [0, 9, u32::MAX] {
        let refused = BasketRefused::Quantity { asked: quantity, max: 8 };
        assert_eq!(Basket::new(basket_id()).add(new_line(), &offer(), quantity), Err(refused.clone()));
        assert_eq!(basket(HELD).change(line_id(), &offer(), quantity), Err(refused));
    }
    assert!(Basket::new(basket_id()).add(new_line(), &offer(), 8).is_ok());
}

#[test]
fn a_cancelled_event_cannot_be_added_or_changed() {
    let cancelled = Offer { event_cancelled: true, ..offer() };
    let refused = Err(BasketRefused::EventCancelled { event_id: id(1) });
    assert_eq!(Basket::new(basket_id()).add(new_line(), &cancelled, 2), refused);
    assert_eq!(basket(HELD).change(line_id(), &cancelled, 2), refused);
    assert_eq!(basket(LineState::EventCancelled).change(line_id(), &offer(), 2), refused);
}

#[test]
fn a_basket_has_one_currency() {
    let dollars = Offer { price: Money::new(2_500, "USD".parse().unwrap()), ..offer() };
    let refused = basket(HELD).add(new_line(), &dollars, 2).unwrap_err();
    assert_eq!(refused.to_string(), "the price is in USD, but the basket is in EUR");
}

#[test]
fn a_basket_that_has_had_very_many_lines_takes_no_more() {
    let mut basket = Basket::new(basket_id());
    for number in 0..LINES_EVER_MAX {
        let number = 100 + number as u128;
        basket.add(NewLine { line_id: id(number), hold_id: id(number) }, &offer(), 1).unwrap();
        basket.remove(id(number)).unwrap();
    }
    assert_eq!(basket.add(new_line(), &offer(), 1), Err(BasketRefused::UsedUp));
}

#[test]
fn a_basket_has_a_limit_of_lines_and_removed_ones_do_not_count() {
    let mut basket = Basket::new(basket_id());
    for number in 0..LINES_MAX {
        let number = 100 + number as u128;
        basket.add(NewLine { line_id: id(number), hold_id: id(number) }, &offer(), 1).unwrap();
    }
    assert_eq!(basket.add(new_line(), &offer(), 1), Err(BasketRefused::TooManyLines));
    basket.remove(id(100)).unwrap();
    assert!(basket.add(new_line(), &offer(), 1).is_ok());
}

#[test]
fn a_line_that_is_not_there_cannot_be_changed_or_removed() {
    let refused = BasketRefused::NoSuchLine { line_id: line_id() };
    for mut basket in [Basket::new(basket_id()), basket(LineState::Removed)] {
        assert_eq!(basket.change(line_id(), &offer(), 2), Err(refused.clone()));
        assert_eq!(basket.remove(line_id()), Err(refused.clone()));
        assert_eq!(basket.accept_price(line_id(), eur(1), eur(1)), Err(refused.clone()));
    }
}

#[test]
fn a_removed_line_costs_nothing() {
    let mut basket = basket(HELD);
    basket.remove(line_id()).unwrap();
    assert_eq!(basket.total(), None);
    assert_eq!(basket.lines_there().count(), 0);
}

#[test]
fn the_price_that_was_seen_is_accepted_and_no_higher_one() {
    let mut basket = basket(HELD);
    let refused = BasketRefused::PriceRaisedAgain { line_id: line_id(), seen: eur(3_000), today: eur(3_500) };
    assert_eq!(basket.accept_price(line_id(), eur(3_000), eur(3_500)), Err(refused));
    assert_eq!(basket.lines[0].price, eur(2_500));
    basket.accept_price(line_id(), eur(3_500), eur(3_500)).unwrap();
    assert_eq!(basket.lines[0].price, eur(3_500));
}

#[test]
fn a_lower_price_reaches_open_baskets_only() {
    let mut open = basket(HELD);
    assert!(open.price_changed(id(2), eur(2_000)));
    assert_eq!(open.lines[0].price, eur(2_000));
    assert!(!open.price_changed(id(2), eur(9_000)));
    assert!(!open.price_changed(id(99), eur(1)));
    assert!(!frozen().price_changed(id(2), eur(2_000)));
}

#[test]
fn a_frozen_basket_refuses_changes() {
    let refused = BasketRefused::CheckedOut { order_id: id(6) };
    assert_eq!(frozen().add(new_line(), &offer(), 2), Err(refused.clone()));
    assert_eq!(frozen().change(line_id(), &offer(), 2), Err(refused.clone()));
    assert_eq!(frozen().remove(line_id()), Err(refused.clone()));
    assert_eq!(frozen().accept_price(line_id(), eur(1), eur(1)), Err(refused));
}

#[test]
fn a_frozen_basket_ignores_later_hold_events() {
    assert!(basket(HELD).hold_changed(id(5), &hold_expired(1)));
    assert!(!basket(HELD).hold_changed(id(99), &hold_expired(1)));
    assert!(!frozen().hold_changed(id(5), &hold_expired(1)));
    assert!(!frozen().hold_changed(id(5), &LineInput::EventCancelled));
}

#[test]
fn hold_events_reach_the_line_of_their_hold() {
    let mut basket = basket(LineState::Requested);
    basket.add(NewLine { line_id: id(40), hold_id: id(50) }, &offer(), 1).unwrap();
    assert!(basket.hold_changed(id(5), &tickets_held(1, 2)));
    let states: Vec<_> = basket.lines.iter().map(|line| line.state).collect();
    assert_eq!(states, [HELD, LineState::Requested]);
}

#[test]
fn a_cancelled_event_reaches_all_its_lines_of_an_open_basket() {
    let mut open = basket(HELD);
    open.add(NewLine { line_id: id(40), hold_id: id(50) }, &offer(), 1).unwrap();
    assert!(open.event_cancelled(id(1)));
    assert!(open.lines.iter().all(|line| line.state == LineState::EventCancelled));
    assert!(!open.event_cancelled(id(1)));
    assert!(!frozen().event_cancelled(id(1)));
}
