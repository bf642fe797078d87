//! The invariant about what marketing learnt: nothing twice, and nothing missed.

use super::facts::ShopFacts;

/// Invariant 7: marketing has counted every basket event exactly once. Where it had to begin anew it says so itself, and is not
/// judged.
pub(super) fn is_counted_once(facts: &ShopFacts) -> Vec<String> {
    if facts.marketing.incomplete {
        return Vec::new();
    }
    let mut rows = Vec::new();
    let (told, counted) = (facts.basket.told, facts.marketing.entries());
    if told != counted {
        rows.push(format!("the basket told of {told} events, and marketing counted {counted}: {:?}", facts.marketing.counted));
    }
    for (basket, told) in facts.basket.told_by_basket.iter().flatten() {
        let counted = facts.marketing.by_basket.get(basket).copied().unwrap_or_default();
        if *told != counted {
            rows.push(format!("{told} events were told about basket {basket}, and marketing counted {counted}"));
        }
    }
    for (event_id, truth) in &facts.basket.lines_by_event {
        let learnt = facts.marketing.interest.get(event_id).copied().unwrap_or_default();
        if (learnt.added, learnt.removed, learnt.checked_out) != (truth.added, truth.removed, truth.checked_out) {
            rows.push(format!("lines about event {event_id} are {truth:?} in the baskets, and marketing counted {learnt:?}"));
        }
    }
    rows
}
