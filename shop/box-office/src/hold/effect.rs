//! What follows from a decision about holds; a handler carries each out one to one.

use contracts::box_office::{
    HoldExpired, HoldRefusal, HoldRejected, TicketsHeld, TicketsIssued, TicketsSecured, TicketsUnavailable, TicketsVoided,
};
use contracts::{EventId, HoldId, OrderId, TicketTypeId};
use hosting::Timestamp;

use super::{Hold, HoldState, Subject};
use crate::counter::{Counter, CounterChange};

/// The holds to store as they are now, and what follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub holds: Vec<Hold>,
    pub effects: Vec<HoldEffect>,
}

/// One thing to do after a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HoldEffect {
    /// Change the ticket type's counter.
    Count(CounterChange),
    PublishHeld(TicketsHeld),
    PublishRejected(HoldRejected),
    PublishExpired(HoldExpired),
    PublishSecured(TicketsSecured),
    PublishUnavailable(TicketsUnavailable),
    PublishIssued(TicketsIssued),
    PublishVoided(TicketsVoided),
    /// Send `ExpireHold` to this endpoint, due then; it replaces an earlier one of the same hold.
    SetExpiry(HoldId, Timestamp),
    /// Take the hold's `ExpireHold` back; it may have been handled already.
    CancelExpiry(HoldId),
    /// Make that many tickets, each with a code of its own.
    MakeTickets {
        order_id: OrderId,
        hold_id: HoldId,
        event_id: EventId,
        ticket_type_id: TicketTypeId,
        quantity: u32,
    },
    /// The hold's tickets let nobody in any more.
    VoidTickets {
        order_id: OrderId,
        hold_id: HoldId,
    },
}

impl HoldEffect {
    /// A change of the counter, if it is one.
    pub(super) fn count(ticket_type_id: TicketTypeId, held: i64, sold: i64) -> Option<Self> {
        (held != 0 || sold != 0).then_some(Self::Count(CounterChange { ticket_type_id, held, sold }))
    }

    /// The counter of one ticket type after effects that all concern it.
    pub(super) fn counted<'a>(counter: Counter, effects: impl IntoIterator<Item = &'a Self>) -> Counter {
        effects.into_iter().fold(counter, |counter, effect| match effect {
            Self::Count(change) => counter.changed(*change).unwrap_or(counter),
            _ => counter,
        })
    }

    pub(super) fn held(hold: &Hold, subject: Subject, until: Timestamp) -> Self {
        Self::PublishHeld(TicketsHeld {
            hold_id: hold.hold_id,
            revision: hold.revision,
            basket_id: subject.basket_id,
            quantity: hold.state.held(),
            until,
        })
    }

    pub(super) fn rejected(hold: &Hold, subject: Subject, reason: HoldRefusal, left: u32) -> Self {
        let until = match hold.state {
            HoldState::Held { until, .. } => Some(until),
            _ => None,
        };
        Self::PublishRejected(HoldRejected {
            hold_id: hold.hold_id,
            revision: hold.revision,
            basket_id: subject.basket_id,
            reason,
            left,
            held: hold.state.held(),
            until,
        })
    }

    pub(super) fn expired(hold: &Hold, subject: Subject) -> Self {
        Self::PublishExpired(HoldExpired { hold_id: hold.hold_id, revision: hold.revision, basket_id: subject.basket_id })
    }
}
