//! The checkout's preconditions, and the order it makes.

use std::collections::BTreeMap;

use contracts::TicketTypeId;
use contracts::ordering::PlaceOrder;
use contracts::payment::PaymentMethod;
use shopping_basket::basket::{Basket, BasketState, Buyer, Checkout, CheckoutRefused, Hindrance, NewLine, Offer, TOTAL_MINOR_MAX};
use shopping_basket::line::LineState;

use crate::baskets::{HELD, basket, basket_id, eur, id, line_id, minute, offer};

fn buyer() -> Buyer {
    Buyer { email: "ana@example.org".into(), name: "Ana".into(), payment_method: PaymentMethod::new("pm_1") }
}

fn offers(offer: Offer) -> BTreeMap<TicketTypeId, Offer> {
    BTreeMap::from([(offer.ticket_type_id, offer)])
}

fn at_price(amount_minor: i64) -> BTreeMap<TicketTypeId, Offer> {
    offers(Offer { price: eur(amount_minor), ..offer() })
}

#[track_caller]
fn placed(basket: &mut Basket, offers: &BTreeMap<TicketTypeId, Offer>) -> PlaceOrder {
    match basket.checkout(id(6), &buyer(), offers, minute(1)) {
        Ok(Checkout::Placed(order)) => order,
        other => panic!("not placed: {other:?}"),
    }
}

#[track_caller]
fn check_refused(mut basket: Basket, offers: &BTreeMap<TicketTypeId, Offer>, expected: CheckoutRefused) {
    let before = basket.clone();
    assert_eq!(basket.checkout(id(6), &buyer(), offers, minute(1)), Err(expected));
    assert_eq!(basket, before);
}

fn hindered(hindrances: Vec<Hindrance>) -> CheckoutRefused {
    CheckoutRefused::Lines { hindrances }
}

#[test]
fn a_basket_with_held_lines_becomes_an_order_and_is_frozen() {
    let mut basket = basket(HELD);
    let order = placed(&mut basket, &offers(offer()));
    assert_eq!(basket.state, BasketState::CheckedOut { order_id: id(6) });
    assert_eq!((order.order_id, order.basket_id, order.total, order.placed), (id(6), basket_id(), eur(5_000), minute(1)));
    let line = &order.lines[0];
    assert_eq!((line.line_id, line.hold_id, line.revision, line.quantity), (line_id(), id(5), 1, 2));
    assert_eq!((line.event_title.as_str(), line.ticket_type_name.as_str()), ("A night of fado", "Stalls"));
    assert_eq!(line.unit_price, eur(2_500));
}

#[test]
fn a_second_checkout_answers_the_same_order() {
    let mut basket = basket(HELD);
    placed(&mut basket, &offers(offer()));
    let again = basket.checkout(id(7), &buyer(), &offers(offer()), minute(2));
    assert_eq!(again, Ok(Checkout::Already(id(6))));
}

#[test]
fn a_line_that_is_not_held_hinders_the_checkout() {
    for state in [LineState::Requested, LineState::SoldOut { left: 0 }, LineState::Expired] {
        let expected = hindered(vec![Hindrance::NotHeld { line_id: line_id(), state }]);
        check_refused(basket(state), &offers(offer()), expected);
    }
}

#[test]
fn a_line_of_a_cancelled_event_hinders_the_checkout() {
    let expected = || hindered(vec![Hindrance::EventCancelled { line_id: line_id() }]);
    check_refused(basket(LineState::EventCancelled), &offers(offer()), expected());
    check_refused(basket(HELD), &offers(Offer { event_cancelled: true, ..offer() }), expected());
}

#[test]
fn a_raised_price_hinders_the_checkout_until_it_is_accepted() {
    let expected = hindered(vec![Hindrance::PriceRaised { line_id: line_id(), old: eur(2_500), new: eur(3_000) }]);
    check_refused(basket(HELD), &at_price(3_000), expected);
    let mut basket = basket(HELD);
    basket.accept_price(line_id(), eur(3_000), eur(3_000)).unwrap();
    assert_eq!(placed(&mut basket, &at_price(3_000)).total, eur(6_000));
}

#[test]
fn a_lowered_price_is_applied_at_checkout() {
    let order = placed(&mut basket(HELD), &at_price(2_000));
    assert_eq!((order.lines[0].unit_price, order.total), (eur(2_000), eur(4_000)));
}

#[test]
fn all_hindrances_are_told_at_once() {
    let mut basket = basket(HELD);
    basket.add(NewLine { line_id: id(40), hold_id: id(50) }, &offer(), 1).unwrap();
    let raised = Hindrance::PriceRaised { line_id: line_id(), old: eur(2_500), new: eur(3_000) };
    let not_held = Hindrance::NotHeld { line_id: id(40), state: LineState::Requested };
    check_refused(basket, &at_price(3_000), hindered(vec![raised, not_held]));
}

#[test]
fn an_empty_basket_cannot_be_checked_out() {
    check_refused(Basket::new(basket_id()), &offers(offer()), CheckoutRefused::Empty);
    check_refused(basket(LineState::Removed), &offers(offer()), CheckoutRefused::Empty);
}

#[test]
fn removed_lines_are_not_ordered() {
    let mut basket = basket(HELD);
    basket.add(NewLine { line_id: id(40), hold_id: id(50) }, &offer(), 1).unwrap();
    basket.remove(id(40)).unwrap();
    assert_eq!(placed(&mut basket, &offers(offer())).lines.len(), 1);
}

#[test]
fn a_payment_method_is_needed_only_where_there_is_something_to_pay() {
    let without = Buyer { payment_method: PaymentMethod::new(""), ..buyer() };
    let refused = basket(HELD).checkout(id(6), &without, &offers(offer()), minute(1));
    assert_eq!(refused, Err(CheckoutRefused::NoPaymentMethod { total: eur(5_000) }));
    let free = basket(HELD).checkout(id(6), &without, &at_price(0), minute(1));
    assert!(matches!(free, Ok(Checkout::Placed(order)) if order.total.is_zero()));
}

#[test]
fn a_total_that_is_more_than_one_payment_can_take_is_refused() {
    let at_most = TOTAL_MINOR_MAX / 2;
    let mut basket = basket(HELD);
    basket.lines[0].price = eur(at_most + 1);
    check_refused(basket.clone(), &at_price(at_most + 1), CheckoutRefused::TotalTooLarge);
    assert_eq!(placed(&mut basket, &at_price(at_most)).total, eur(at_most * 2));
}

#[test]
fn a_total_that_does_not_fit_is_refused() {
    let mut basket = basket(HELD);
    basket.lines[0].price = eur(i64::MAX);
    check_refused(basket, &at_price(i64::MAX), CheckoutRefused::TotalTooLarge);
}
