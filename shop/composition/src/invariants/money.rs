//! Invariants about money, told by what the gateway itself says.

use std::collections::BTreeMap;

use contracts::OrderId;
use payment_gateway::audit::Charge;

use super::facts::ShopFacts;

/// The captured charges of each order, found through the intents that payment knows; those of no known attempt last.
fn charges_by_order(facts: &ShopFacts) -> (BTreeMap<OrderId, Vec<&Charge>>, Vec<&Charge>) {
    let attempts = facts.payment.payments.iter();
    let intents: BTreeMap<&str, OrderId> = attempts.filter_map(|payment| Some((payment.intent.as_deref()?, payment.order_id))).collect();
    let mut orders: BTreeMap<OrderId, Vec<&Charge>> = BTreeMap::new();
    let mut strays = Vec::new();
    for charge in facts.gateway.charges.iter().filter(|charge| charge.captured) {
        match intents.get(charge.payment_intent.as_str()) {
            Some(order) => orders.entry(*order).or_default().push(charge),
            None => strays.push(charge),
        }
    }
    (orders, strays)
}

/// Invariant 3, the money: exactly one captured charge, of exactly the total, not refunded.
pub(super) fn issued_orders_are_paid_once(facts: &ShopFacts) -> Vec<String> {
    let (charges, _) = charges_by_order(facts);
    let mut rows = Vec::new();
    for order in facts.ordering.orders.iter().filter(|order| order.state == "issued") {
        let kept: Vec<&&Charge> =
            charges.get(&order.order_id).into_iter().flatten().filter(|charge| charge.refunded_minor < charge.amount_minor).collect();
        let total = order.total.amount_minor;
        let right = match (total, kept.as_slice()) {
            (0, []) => true,
            (total, [charge]) => {
                charge.refunded_minor == 0
                    && charge.amount_minor == total
                    && charge.currency.eq_ignore_ascii_case(order.total.currency.as_str())
            }
            _ => false,
        };
        if !right {
            let amounts: Vec<i64> = kept.iter().map(|charge| charge.amount_minor).collect();
            rows.push(format!("order {} is issued and costs {total}; the gateway keeps {amounts:?}", order.order_id));
        }
    }
    rows
}

/// Invariant 4, the money: every captured charge of a cancelled or refunded order is refunded in full.
pub(super) fn ended_orders_have_their_money_back(facts: &ShopFacts) -> Vec<String> {
    let (charges, _) = charges_by_order(facts);
    let mut rows = Vec::new();
    for order in facts.ordering.orders.iter().filter(|order| matches!(order.state, "cancelled" | "refunded")) {
        for charge in charges.get(&order.order_id).into_iter().flatten().filter(|charge| charge.refunded_minor != charge.amount_minor) {
            let (kept, of) = (charge.amount_minor - charge.refunded_minor, &charge.id);
            rows.push(format!("order {} is {}, and the gateway keeps {kept} of charge {of}", order.order_id, order.state));
        }
    }
    rows
}

/// Invariant 11, the first part: no money was taken that no attempt of a known order knows of.
pub(super) fn charges_belong_to_orders(facts: &ShopFacts) -> Vec<String> {
    let (charges, strays) = charges_by_order(facts);
    let known = |id: &OrderId| facts.ordering.orders.iter().any(|order| order.order_id == *id);
    let stray = strays
        .into_iter()
        .map(|charge| format!("charge {} of {} belongs to no attempt ({:?})", charge.id, charge.amount_minor, charge.metadata));
    let orderless = charges
        .iter()
        .filter(|(order, _)| !known(order))
        .map(|(order, _)| format!("order {order} was charged, and ordering does not know it"));
    stray.chain(orderless).collect()
}
