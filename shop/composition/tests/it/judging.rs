//! Each invariant finds what breaks it: the facts of a shop that sold tickets, spoilt in one place at a time.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

use composition::invariants::{QueueFacts, Report, ShopFacts, judge};
use contracts::event_catalog::EventStatus;
use contracts::{BasketId, OrderId};
use hosting::Timestamp;
use payment_gateway::audit::Charge;

use crate::shop::{GOOD_CARD, TestShop};

/// An issued order first, then one that was declined and cancelled; order ids do not say which is which.
fn clean() -> (ShopFacts, Timestamp) {
    static FACTS: OnceLock<(ShopFacts, Timestamp)> = OnceLock::new();
    let sell = || {
        let shop = TestShop::open("judging");
        let mut choice = shop.enter("Check Night", 10, 2_500);
        choice.quantity = 2;
        shop.buy(&choice, GOOD_CARD);
        shop.buy(&choice, "4000000000000002");
        (shop.rest().0, shop.now())
    };
    FACTS.get_or_init(sell).clone()
}

fn report(facts: &ShopFacts, now: Timestamp) -> Report {
    judge(facts, facts, now)
}

/// Spoils the facts; every violation found must be of these invariants, and each of them must be found.
fn breaks(invariants: &[u8], spoil: impl FnOnce(&mut ShopFacts)) {
    let (mut facts, now) = clean();
    spoil(&mut facts);
    let report = report(&facts, now);
    assert_eq!(report.under_way, Vec::<String>::new());
    let found: Vec<u8> = report.violations.iter().map(|violation| violation.invariant).collect();
    assert_eq!(found, invariants, "{:?}", report.violations);
    assert!(report.violations.iter().all(|violation| !violation.rows.is_empty()));
}

fn issued(facts: &ShopFacts) -> usize {
    facts.ordering.orders.iter().position(|order| order.state == "issued").unwrap()
}

fn end_as(facts: &mut ShopFacts, state: &'static str) {
    let order = issued(facts);
    facts.ordering.orders[order].state = state;
}

fn sold_hold(facts: &mut ShopFacts) -> &mut box_office::audit::HoldFacts {
    facts.box_office.holds.iter_mut().find(|hold| hold.state == "sold").unwrap()
}

fn charge(facts: &mut ShopFacts) -> &mut Charge {
    facts.gateway.charges.iter_mut().find(|charge| charge.captured).unwrap()
}

#[test]
fn clean_facts_have_no_violation() {
    breaks(&[], |_| {});
    let (facts, now) = clean();
    let report = report(&facts, now);
    assert_eq!((report.at_rest, report.checked.orders, report.checked.charges, report.checked.tickets), (true, 2, 1, 2));
}

#[test]
fn counters_that_are_not_the_sum_of_the_holds_break_invariant_1() {
    breaks(&[1, 6], |facts| facts.box_office.ticket_types[0].held += 1);
    breaks(&[1, 6], |facts| facts.box_office.ticket_types[0].sold -= 1);
    breaks(&[1], |facts| sold_hold(facts).quantity += 1);
}

#[test]
fn more_sold_than_there_are_places_breaks_invariant_1() {
    breaks(&[1, 6], |facts| facts.box_office.ticket_types[0].wanted = 1);
}

#[test]
fn a_counter_below_zero_breaks_invariant_1() {
    breaks(&[1, 6], |facts| facts.box_office.ticket_types[0].held = -1);
}

#[test]
fn counters_and_what_cannot_be_read_are_judged_also_while_things_are_under_way() {
    let (mut facts, now) = clean();
    facts.queues.push(QueueFacts { name: "ordering".to_owned(), active: 1, dead_letters: BTreeMap::new() });
    facts.box_office.ticket_types[0].held += 1;
    facts.ordering.unreadable.push((OrderId::new(uuid::Uuid::nil()), "not JSON".to_owned()));
    let report = report(&facts, now);
    let found: Vec<u8> = report.violations.iter().map(|violation| violation.invariant).collect();
    assert_eq!((report.at_rest, found), (false, vec![1, 2]));
}

#[test]
fn an_order_or_a_payment_that_cannot_be_read_breaks_invariant_2() {
    let id = OrderId::new(uuid::Uuid::nil());
    breaks(&[2], |facts| facts.ordering.unreadable.push((id, "not JSON".to_owned())));
    breaks(&[2], |facts| facts.payment.unreadable.push((id, "not JSON".to_owned())));
}

#[test]
fn an_issued_order_that_is_not_paid_exactly_once_breaks_invariant_3() {
    breaks(&[3], |facts| facts.gateway.charges.retain(|charge| !charge.captured));
    breaks(&[3], |facts| charge(facts).amount_minor -= 1);
    breaks(&[3], |facts| charge(facts).refunded_minor = 5_000);
    breaks(&[3], |facts| charge(facts).refunded_minor = 1);
    breaks(&[3], |facts| charge(facts).currency = "usd".to_owned());
    breaks(&[3], |facts| {
        let again = Charge { id: "ch_again".to_owned(), ..charge(facts).clone() };
        facts.gateway.charges.push(again);
    });
}

#[test]
fn an_issued_order_without_its_tickets_breaks_invariant_3() {
    breaks(&[3], |facts| facts.box_office.tickets.clear());
    breaks(&[3], |facts| facts.box_office.tickets[0].valid += 1);
    breaks(&[3], |facts| facts.box_office.tickets[0].codes -= 1);
}

#[test]
fn an_ended_order_that_keeps_money_or_tickets_breaks_invariant_4() {
    for state in ["cancelled", "refunded"] {
        let end = |facts: &mut ShopFacts| {
            end_as(facts, state);
            sold_hold(facts).state = "voided".to_owned();
            facts.box_office.ticket_types[0].sold = 0;
            facts.catalog.availability[0].available = 10;
        };
        breaks(&[4], |facts| {
            end(facts);
            charge(facts).refunded_minor = 5_000;
        });
        breaks(&[4], |facts| {
            end(facts);
            facts.box_office.tickets[0].valid = 0;
            charge(facts).refunded_minor = 4_999;
        });
        breaks(&[], |facts| {
            end(facts);
            facts.box_office.tickets[0].valid = 0;
            charge(facts).refunded_minor = 5_000;
        });
    }
}

#[test]
fn places_bound_to_an_order_that_is_over_break_invariant_5() {
    breaks(&[5], |facts| sold_hold(facts).order_id = None);
    breaks(&[1, 5], |facts| sold_hold(facts).state = "secured".to_owned());
}

#[test]
fn a_hold_that_outlives_its_time_is_no_rest_and_never_becomes_one() {
    let (mut facts, now) = clean();
    let hold = sold_hold(&mut facts);
    (hold.state, hold.until) = ("held".to_owned(), Some(now.minus(Duration::from_secs(1))));
    assert!(!report(&facts, now).at_rest);
}

#[test]
fn copies_that_differ_from_their_sources_break_invariant_6() {
    breaks(&[6], |facts| facts.basket.events[0].title.push('!'));
    breaks(&[6], |facts| facts.basket.events[0].starts = Timestamp::from_micros(0));
    breaks(&[6], |facts| facts.basket.events[0].cancelled = true);
    breaks(&[6], |facts| facts.basket.events[0].published = false);
    breaks(&[6], |facts| facts.basket.events.clear());
    breaks(&[6], |facts| facts.basket.ticket_types[0].price.amount_minor += 1);
    breaks(&[6], |facts| facts.basket.ticket_types[0].quantity_max += 1);
    breaks(&[6], |facts| facts.basket.ticket_types.clear());
    breaks(&[6], |facts| facts.ordering.events[0].title.push('!'));
    breaks(&[6], |facts| facts.ordering.events[0].starts = None);
    breaks(&[6], |facts| facts.ordering.events[0].version += 1);
    breaks(&[6], |facts| facts.ordering.events[0].cancelled = true);
    breaks(&[6], |facts| facts.ordering.events.clear());
    breaks(&[6], |facts| facts.box_office.ticket_types[0].wanted = 11);
    breaks(&[6], |facts| facts.catalog.availability[0].available += 1);
    breaks(&[6], |facts| facts.catalog.availability.clear());
    breaks(&[6], |facts| facts.catalog.ticket_types.clear());
}

#[test]
fn events_that_marketing_missed_or_counted_twice_break_invariant_7() {
    breaks(&[7], |facts| *facts.marketing.counted.get_mut("places_held").unwrap() += 1);
    breaks(&[7], |facts| facts.marketing.interest.values_mut().for_each(|interest| interest.added += 1));
    breaks(&[7], |facts| facts.marketing.interest.clear());
    breaks(&[7], |facts| facts.marketing.by_basket.values_mut().for_each(|entries| *entries += 1));
    breaks(&[], |facts| {
        facts.marketing.incomplete = true;
        facts.marketing.counted.clear();
    });
    // What is not read yet is on its way.
    let (mut facts, now) = clean();
    *facts.marketing.counted.get_mut("places_held").unwrap() -= 1;
    assert_eq!(report(&facts, now).under_way, ["1 basket events for marketing"]);
}

#[test]
fn money_that_belongs_to_no_order_breaks_invariant_11() {
    breaks(&[11], |facts| {
        let stray = Charge { id: "ch_stray".to_owned(), payment_intent: "pi_stray".to_owned(), ..charge(facts).clone() };
        facts.gateway.charges.push(stray);
    });
}

#[test]
fn a_basket_that_did_not_become_exactly_its_order_breaks_invariant_11() {
    breaks(&[11], |facts| drop(facts.basket.checked_out.pop()));
    breaks(&[11], |facts| facts.basket.checked_out[0].order_id = OrderId::new(uuid::Uuid::nil()));
    breaks(&[11], |facts| facts.basket.checked_out[0].basket_id = BasketId::new(uuid::Uuid::nil()));
    breaks(&[11], |facts| facts.basket.checked_out[0].lines[0].quantity += 1);
    breaks(&[11], |facts| facts.basket.checked_out[0].lines[0].unit_price.amount_minor += 1);
    breaks(&[11], |facts| facts.basket.checked_out[0].lines.clear());
    breaks(&[11], |facts| facts.basket.checked_out[0].total = None);
    breaks(&[11], |facts| {
        let declined = 1 - issued(facts);
        let again = ordering::audit::OrderFacts { order_id: OrderId::new(uuid::Uuid::nil()), ..facts.ordering.orders[declined].clone() };
        facts.ordering.orders.push(again);
    });
}

#[test]
fn an_issued_order_of_a_cancelled_event_breaks_invariant_11() {
    breaks(&[11], |facts| {
        facts.catalog.events[0].status = EventStatus::Cancelled;
        facts.basket.events[0].cancelled = true;
        facts.ordering.events[0].cancelled = true;
    });
}

#[test]
fn what_is_under_way_keeps_the_shop_from_being_judged_as_at_rest() {
    type Spoil = fn(&mut ShopFacts);
    let cases: [Spoil; 6] = [
        |facts| facts.queues[0].active = 1,
        |facts| facts.endpoints.values_mut().next().unwrap().ready = 1,
        |facts| facts.endpoints.values_mut().next().unwrap().delayed_retries = 1,
        |facts| facts.endpoints.values_mut().next().unwrap().calls = 1,
        |facts| facts.payment.payments[0].is_at_rest = false,
        |facts| (facts.ordering.orders[0].is_final, facts.ordering.orders[0].state) = (false, "paid"),
    ];
    for spoil in cases {
        let (mut facts, now) = clean();
        spoil(&mut facts);
        let report = report(&facts, now);
        assert_eq!((report.at_rest, report.under_way.len()), (false, 1), "{:?}", report.under_way);
    }
    let (facts, now) = clean();
    let mut again = facts.clone();
    again.queues.clear();
    assert!(!judge(&facts, &again, now).at_rest, "two readings that differ");
}

#[test]
fn dead_letters_are_counted_wherever_they_lie() {
    let (mut facts, now) = clean();
    facts.queues[0].dead_letters = BTreeMap::from([("UnknownType".to_owned(), 2), ("Failed".to_owned(), 1)]);
    facts.endpoints.values_mut().next().unwrap().never_sent.push("too large".to_owned());
    assert_eq!(report(&facts, now).dead_letters, 4);
}
