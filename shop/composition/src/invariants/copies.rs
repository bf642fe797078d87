//! Invariants about copies: what one service repeats of another's data equals it at rest.

use std::collections::{BTreeMap, BTreeSet};

use contracts::event_catalog::EventStatus;
use contracts::{BasketId, TicketTypeId};
use ordering::audit::OrderFacts;
use shopping_basket::audit::{CheckedOut, OrderedLine};

use super::facts::ShopFacts;

/// Invariant 6: the basket's copy of events and prices, ordering's of events, the box office's wanted capacity, and the
/// catalogue's copy of what is left.
pub(super) fn equal_their_sources(facts: &ShopFacts) -> Vec<String> {
    let mut rows = events_in_the_basket(facts);
    rows.extend(prices_in_the_basket(facts));
    rows.extend(events_in_ordering(facts));
    rows.extend(places_in_the_box_office(facts));
    rows.extend(places_in_the_catalog(facts));
    rows
}

fn events_in_the_basket(facts: &ShopFacts) -> Vec<String> {
    let mut copies: BTreeMap<_, _> = facts.basket.events.iter().map(|copy| (copy.event_id, copy)).collect();
    let mut rows = Vec::new();
    for source in &facts.catalog.events {
        let id = source.event_id;
        let Some(copy) = copies.remove(&id) else {
            rows.push(format!("event {id} is in the catalogue, and the basket does not know it"));
            continue;
        };
        let cancelled = source.status == EventStatus::Cancelled;
        let same = (copy.version, &copy.title, copy.starts, copy.cancelled) == (source.version, &source.title, source.starts, cancelled);
        if !same || !copy.published {
            rows.push(format!("event {id} is {source:?} in the catalogue, {copy:?} in the basket"));
        }
    }
    rows.extend(copies.keys().map(|id| format!("event {id} is in the basket, and the catalogue does not know it")));
    rows
}

fn prices_in_the_basket(facts: &ShopFacts) -> Vec<String> {
    let mut copies: BTreeMap<_, _> = facts.basket.ticket_types.iter().map(|copy| (copy.ticket_type_id, copy)).collect();
    let mut rows = Vec::new();
    for source in &facts.catalog.ticket_types {
        let id = source.ticket_type_id;
        let Some(copy) = copies.remove(&id) else {
            rows.push(format!("ticket type {id} is in the catalogue, and the basket does not know it"));
            continue;
        };
        let of_copy = (copy.event_id, copy.version, &copy.name, copy.price, copy.quantity_max);
        if of_copy != (source.event_id, source.version, &source.name, source.price, source.quantity_max) {
            rows.push(format!("ticket type {id} is {source:?} in the catalogue, {copy:?} in the basket"));
        }
    }
    rows.extend(copies.keys().map(|id| format!("ticket type {id} is in the basket, and the catalogue does not know it")));
    rows
}

/// Ordering knows the events that were changed or ordered; of what an order did not say (version 0), only the cancellation.
fn events_in_ordering(facts: &ShopFacts) -> Vec<String> {
    let sources: BTreeMap<_, _> = facts.catalog.events.iter().map(|source| (source.event_id, source)).collect();
    let copies: BTreeMap<_, _> = facts.ordering.events.iter().map(|copy| (copy.event_id, copy)).collect();
    let mut rows = Vec::new();
    for (id, copy) in &copies {
        let Some(source) = sources.get(id) else {
            rows.push(format!("event {id} is in ordering, and the catalogue does not know it"));
            continue;
        };
        let cancelled = source.status == EventStatus::Cancelled;
        let same = (copy.version, &copy.title, copy.starts) == (source.version, &source.title, Some(source.starts));
        if copy.cancelled != cancelled || (copy.version > 0 && !same) {
            rows.push(format!("event {id} is {source:?} in the catalogue, {copy:?} in ordering"));
        }
    }
    let ordered = facts.ordering.orders.iter().flat_map(|order| &order.lines).map(|line| line.event_id);
    let missing: BTreeSet<_> = ordered.filter(|id| !copies.contains_key(id)).collect();
    rows.extend(missing.iter().map(|id| format!("event {id} is in an order, and ordering has no copy of it")));
    rows
}

fn places_in_the_box_office(facts: &ShopFacts) -> Vec<String> {
    let copies: BTreeMap<TicketTypeId, u32> = facts.box_office.ticket_types.iter().map(|copy| (copy.ticket_type_id, copy.wanted)).collect();
    let mut rows = Vec::new();
    for source in &facts.catalog.ticket_types {
        let id = source.ticket_type_id;
        match copies.get(&id) {
            None => rows.push(format!("ticket type {id} is in the catalogue, and the box office does not know it")),
            Some(wanted) if *wanted != source.capacity => {
                rows.push(format!("ticket type {id} has {} places in the catalogue, {wanted} in the box office", source.capacity));
            }
            Some(_) => {}
        }
    }
    rows
}

/// Versions are not compared: places that go from held to sold change the counter, and nothing for buyers.
fn places_in_the_catalog(facts: &ShopFacts) -> Vec<String> {
    let copies: BTreeMap<TicketTypeId, u32> = facts.catalog.availability.iter().map(|copy| (copy.ticket_type_id, copy.available)).collect();
    let mut rows = Vec::new();
    for source in &facts.box_office.ticket_types {
        let id = source.ticket_type_id;
        let left = (i64::from(source.wanted) - source.held - source.sold).max(0);
        match copies.get(&id) {
            None => rows.push(format!("the box office has {left} places left of ticket type {id}, and the catalogue was not told")),
            Some(copy) if i64::from(*copy) != left => {
                rows.push(format!("the box office has {left} places left of ticket type {id}, the catalogue says {copy}"));
            }
            Some(_) => {}
        }
    }
    rows
}

/// Invariant 11, the second part: each basket that was checked out has exactly one order, with the same lines, prices
/// and total; and no order comes from anywhere else.
pub(super) fn baskets_became_their_orders(facts: &ShopFacts) -> Vec<String> {
    let mut orders: BTreeMap<BasketId, Vec<&OrderFacts>> = BTreeMap::new();
    for order in &facts.ordering.orders {
        orders.entry(order.basket_id).or_default().push(order);
    }
    let mut rows = Vec::new();
    for basket in &facts.basket.checked_out {
        let id = basket.basket_id;
        match orders.remove(&id).unwrap_or_default().as_slice() {
            [order] if order.order_id == basket.order_id => rows.extend(differences(basket, order)),
            [] => rows.push(format!("basket {id} became order {}, which ordering does not know", basket.order_id)),
            found => {
                let found: Vec<String> = found.iter().map(|order| order.order_id.to_string()).collect();
                rows.push(format!("basket {id} became order {}, and ordering has {} for it", basket.order_id, found.join(" and ")));
            }
        }
    }
    let strays = orders.values().flatten();
    rows.extend(strays.map(|order| format!("order {} is of basket {}, which was not checked out", order.order_id, order.basket_id)));
    rows
}

fn differences(basket: &CheckedOut, order: &OrderFacts) -> Vec<String> {
    let ordered: Vec<OrderedLine> = order
        .lines
        .iter()
        .map(|line| OrderedLine {
            line_id: line.line_id,
            hold_id: line.hold_id,
            event_id: line.event_id,
            ticket_type_id: line.ticket_type_id,
            quantity: line.quantity,
            unit_price: line.unit_price,
        })
        .collect();
    let mut rows = Vec::new();
    if ordered != basket.lines {
        rows.push(format!("basket {} has lines {:?}, its order {} has {ordered:?}", basket.basket_id, basket.lines, order.order_id));
    }
    if basket.total != Some(order.total) {
        rows.push(format!("basket {} costs {:?}, its order {} costs {:?}", basket.basket_id, basket.total, order.order_id, order.total));
    }
    rows
}
