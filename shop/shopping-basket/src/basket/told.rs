//! What a change of a basket tells those who follow the feed. Pure: found by comparing the basket before and after, so
//! that nothing that is saved goes untold.

use contracts::shopping_basket::BasketChange;

use super::{Basket, BasketState};
use crate::line::{Line, LineState};

/// What happened between two states of a basket, line by line, the checkout last.
#[must_use]
pub fn changes(before: &Basket, after: &Basket) -> Vec<BasketChange> {
    let mut told = Vec::new();
    for (position, line) in after.lines.iter().enumerate() {
        match before.lines.get(position) {
            None => told.push(added(line)),
            Some(old) => changed(old, line, &mut told),
        }
    }
    if let (BasketState::Open, BasketState::CheckedOut { order_id }) = (before.state, after.state) {
        told.push(BasketChange::CheckedOut { order_id });
    }
    told
}

fn added(line: &Line) -> BasketChange {
    let Line { line_id, event_id, ticket_type_id, quantity, .. } = *line;
    BasketChange::LineAdded { line_id, event_id, ticket_type_id, quantity }
}

fn changed(old: &Line, new: &Line, told: &mut Vec<BasketChange>) {
    let Line { line_id, quantity, .. } = *new;
    if new.revision > old.revision {
        told.push(BasketChange::QuantityChanged { line_id, quantity });
    }
    let answered = old.state == LineState::Requested && new.state != old.state;
    if let (true, Some(notice)) = (answered, new.notice)
        && old.notice != new.notice
    {
        told.push(BasketChange::HoldRefused { line_id, reason: notice.reason });
    }
    if new.state == old.state {
        return;
    }
    match new.state {
        LineState::Held { .. } => told.push(BasketChange::PlacesHeld { line_id, quantity }),
        LineState::Expired => told.push(BasketChange::HoldExpired { line_id }),
        LineState::EventCancelled => told.push(BasketChange::EventCancelled { line_id }),
        LineState::Removed => told.push(BasketChange::LineRemoved { line_id }),
        LineState::Requested | LineState::SoldOut { .. } => {}
    }
}
