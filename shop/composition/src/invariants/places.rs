//! Invariants about places and tickets.

use std::collections::BTreeMap;

use contracts::event_catalog::EventStatus;
use contracts::{EventId, OrderId, TicketTypeId};
use hosting::Timestamp;

use super::facts::ShopFacts;

/// Invariant 1: held and sold are the sums over the holds, and no ticket type is oversold.
pub(super) fn counters_add_up(facts: &ShopFacts) -> Vec<String> {
    let mut sums: BTreeMap<TicketTypeId, (i64, i64)> = BTreeMap::new();
    for hold in &facts.box_office.holds {
        let Some(kind) = hold.ticket_type_id else { continue };
        let sum = sums.entry(kind).or_default();
        match hold.state.as_str() {
            "held" | "secured" => sum.0 += i64::from(hold.quantity),
            "sold" => sum.1 += i64::from(hold.quantity),
            _ => {}
        }
    }
    let mut rows = Vec::new();
    for kind in &facts.box_office.ticket_types {
        let (held, sold) = sums.get(&kind.ticket_type_id).copied().unwrap_or_default();
        let id = kind.ticket_type_id;
        if (kind.held, kind.sold) != (held, sold) {
            rows.push(format!("ticket type {id} counts {} held and {} sold; its holds add up to {held} and {sold}", kind.held, kind.sold));
        }
        if kind.held < 0 || kind.sold < 0 {
            rows.push(format!("ticket type {id} has {} held and {} sold", kind.held, kind.sold));
        }
        // Places that were sold before the organiser wanted fewer stay sold; without such a change nothing is oversold.
        let unchanged = facts.catalog.ticket_types.iter().any(|it| it.ticket_type_id == id && it.version == 1);
        if unchanged && kind.held + kind.sold > i64::from(kind.wanted) {
            rows.push(format!("ticket type {id} has {} places, and {} are held or sold", kind.wanted, kind.held + kind.sold));
        }
    }
    rows
}

/// Valid tickets and different codes of an order, by ticket type.
fn tickets_by_order(facts: &ShopFacts) -> BTreeMap<OrderId, BTreeMap<TicketTypeId, (u32, u32)>> {
    let mut orders: BTreeMap<OrderId, BTreeMap<TicketTypeId, (u32, u32)>> = BTreeMap::new();
    for tickets in facts.box_office.tickets.iter().filter(|tickets| tickets.valid > 0) {
        orders.entry(tickets.order_id).or_default().insert(tickets.ticket_type_id, (tickets.valid, tickets.codes));
    }
    orders
}

/// Invariant 3, the tickets: one valid ticket with a code of its own for each place.
pub(super) fn issued_orders_have_their_tickets(facts: &ShopFacts) -> Vec<String> {
    let tickets = tickets_by_order(facts);
    let mut rows = Vec::new();
    for order in facts.ordering.orders.iter().filter(|order| order.state == "issued") {
        let mut wanted: BTreeMap<TicketTypeId, (u32, u32)> = BTreeMap::new();
        for line in &order.lines {
            let places = wanted.entry(line.ticket_type_id).or_default();
            *places = (places.0 + line.quantity, places.1 + line.quantity);
        }
        let has = tickets.get(&order.order_id).cloned().unwrap_or_default();
        if has != wanted {
            rows.push(format!(
                "order {} is issued; by ticket type (valid tickets, codes) it needs {wanted:?} and has {has:?}",
                order.order_id
            ));
        }
    }
    rows
}

/// Invariant 4, the tickets: a cancelled or refunded order has none that is valid.
pub(super) fn ended_orders_have_no_tickets(facts: &ShopFacts) -> Vec<String> {
    let tickets = tickets_by_order(facts);
    let ended = facts.ordering.orders.iter().filter(|order| matches!(order.state, "cancelled" | "refunded"));
    let keep = ended.filter(|order| tickets.contains_key(&order.order_id));
    keep.map(|order| format!("order {} is {}, and has valid tickets", order.order_id, order.state)).collect()
}

/// Invariant 5: no hold outlives its time, and no place is bound to an order that is over and not issued.
pub(super) fn holds_end(facts: &ShopFacts, now: Timestamp) -> Vec<String> {
    let states: BTreeMap<OrderId, &str> = facts.ordering.orders.iter().map(|order| (order.order_id, order.state)).collect();
    let mut rows = Vec::new();
    for hold in &facts.box_office.holds {
        let order = hold.order_id.map_or_else(|| "no order".to_owned(), |order| format!("order {order}"));
        let state = hold.order_id.and_then(|order| states.get(&order).copied()).unwrap_or("unknown");
        match hold.state.as_str() {
            "held" if hold.until.is_some_and(|until| until <= now) => {
                rows.push(format!("hold {} was to end at {:?}", hold.hold_id, hold.until))
            }
            "secured" if matches!(state, "unknown" | "cancelled" | "refunded" | "issued") => {
                rows.push(format!("hold {} is secured for {order}, which is {state}", hold.hold_id));
            }
            "sold" if state != "issued" => rows.push(format!("hold {} is sold to {order}, which is {state}", hold.hold_id)),
            _ => {}
        }
    }
    rows
}

/// Invariant 11, the last part.
pub(super) fn no_issued_order_of_a_cancelled_event(facts: &ShopFacts) -> Vec<String> {
    let cancelled: Vec<EventId> =
        facts.catalog.events.iter().filter(|event| event.status == EventStatus::Cancelled).map(|event| event.event_id).collect();
    let issued = facts.ordering.orders.iter().filter(|order| order.state == "issued");
    let wrong = issued.filter(|order| order.lines.iter().any(|line| cancelled.contains(&line.event_id)));
    wrong.map(|order| format!("order {} is issued, and contains a cancelled event", order.order_id)).collect()
}
