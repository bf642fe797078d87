//! Invariants about copies: what one service repeats of another's data equals it at rest.

use super::facts::ShopFacts;

/// Invariant 6: the box office's wanted capacity and the catalogue's availability. The basket's copy of events and
/// prices is compared in [`baskets_copies`].
pub(super) fn equal_their_sources(facts: &ShopFacts) -> Vec<String> {
    let mut rows = Vec::new();
    for source in &facts.catalog.ticket_types {
        let id = source.ticket_type_id;
        match facts.box_office.ticket_types.iter().find(|copy| copy.ticket_type_id == id) {
            None => rows.push(format!("ticket type {id} is in the catalogue, and the box office does not know it")),
            Some(copy) if copy.wanted != source.capacity => {
                rows.push(format!("ticket type {id} has {} places in the catalogue, {} in the box office", source.capacity, copy.wanted));
            }
            Some(_) => {}
        }
    }
    rows
}
