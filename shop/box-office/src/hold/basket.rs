//! Decisions about a hold while it is a basket's.

use contracts::box_office::{HoldRefusal, HoldTickets, ReleaseHold};
use hosting::Timestamp;

use super::{Decision, HOLD_TIME, Hold, HoldEffect, HoldState, Release, Subject};
use crate::counter::{EventStanding, TicketType};

/// What the box office knows of what a hold asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub event: EventStanding,
    /// Nothing while the ticket type is not known yet.
    pub ticket_type: Option<TicketType>,
}

/// The ticket type is not known yet: its event's publication is still under way. Try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the ticket type is not known to the box office yet")]
pub struct NotKnownYet;

impl Place {
    /// The place with what a decision has changed so far.
    fn after(mut self, effects: &[HoldEffect]) -> Self {
        if let Some(ticket_type) = &mut self.ticket_type {
            ticket_type.counter = HoldEffect::counted(ticket_type.counter, effects);
        }
        self
    }
}

impl Hold {
    /// Holds places, or another number of them. Nothing to do for a message that is late or repeated.
    ///
    /// # Errors
    /// While the ticket type is not known and its event is not known to be cancelled.
    pub fn request(hold: Option<Self>, cmd: &HoldTickets, place: Place, now: Timestamp) -> Result<Option<Decision>, NotKnownYet> {
        let mut effects = Vec::new();
        let mut hold = hold.unwrap_or(Self {
            hold_id: cmd.hold_id,
            revision: 0,
            subject: Some(Subject { basket_id: cmd.basket_id, event_id: cmd.event_id, ticket_type_id: cmd.ticket_type_id }),
            state: HoldState::Rejected,
        });
        hold.expire_if_due(now, &mut effects);
        let place = place.after(&effects);
        let open = matches!(hold.state, HoldState::Held { .. } | HoldState::Expired | HoldState::Rejected);
        let Some(subject) = hold.subject.filter(|_| open && cmd.revision > hold.revision) else {
            return Ok(decision(hold, effects));
        };
        let judged = match (place.ticket_type, place.event) {
            (Some(ticket_type), event) => ticket_type.judge(event, hold.state.held(), cmd.quantity, now),
            (None, EventStanding::Cancelled) => Err(HoldRefusal::EventCancelled),
            (None, EventStanding::Open) => return Err(NotKnownYet),
        };
        hold.revision = cmd.revision;
        match judged {
            Ok(()) => hold.grant(subject, cmd.quantity, now, &mut effects),
            Err(reason) => hold.refuse(subject, reason, place, &mut effects),
        }
        Ok(decision(hold, effects))
    }

    fn grant(&mut self, subject: Subject, quantity: u32, now: Timestamp, effects: &mut Vec<HoldEffect>) {
        let (until, fresh) = match self.state {
            HoldState::Held { until, .. } => (until, false),
            _ => (now.plus(HOLD_TIME), true),
        };
        self.enter(HoldState::Held { quantity, until }, effects);
        effects.push(HoldEffect::held(self, subject, until));
        if fresh {
            effects.push(HoldEffect::SetExpiry(self.hold_id, until));
        }
    }

    /// What is held stays held.
    fn refuse(&mut self, subject: Subject, reason: HoldRefusal, place: Place, effects: &mut Vec<HoldEffect>) {
        if !matches!(self.state, HoldState::Held { .. }) {
            self.enter(HoldState::Rejected, effects);
        }
        let left = match reason {
            HoldRefusal::SoldOut | HoldRefusal::QuantityLimit => place.ticket_type.map_or(0, |ticket_type| ticket_type.counter.available()),
            HoldRefusal::NotOnSale | HoldRefusal::EventCancelled => 0,
        };
        effects.push(HoldEffect::rejected(self, subject, reason, left));
    }

    /// `ExpireHold`: gives the places back if the hold's time is over.
    #[must_use]
    pub fn expire(mut self, now: Timestamp) -> Option<Decision> {
        let mut effects = Vec::new();
        self.expire_if_due(now, &mut effects);
        decision(self, effects)
    }

    /// The buyer removed the line; what arrives later for the hold is ignored.
    #[must_use]
    pub fn release(hold: Option<Self>, cmd: &ReleaseHold, now: Timestamp) -> Option<Decision> {
        let by = Release::Basket;
        let Some(mut hold) = hold else {
            return Some(Decision { holds: vec![Self::tombstone(cmd.hold_id, cmd.revision, by)], effects: Vec::new() });
        };
        let mut effects = Vec::new();
        hold.expire_if_due(now, &mut effects);
        let open = matches!(hold.state, HoldState::Held { .. } | HoldState::Expired | HoldState::Rejected);
        if !open || cmd.revision < hold.revision {
            return decision(hold, effects);
        }
        hold.revision = cmd.revision;
        hold.enter(HoldState::Released { by }, &mut effects);
        Some(Decision { holds: vec![hold], effects })
    }

    /// The hold's event was cancelled; what is secured or sold waits for its order's end.
    #[must_use]
    pub fn event_cancelled(mut self, now: Timestamp) -> Option<Decision> {
        let mut effects = Vec::new();
        self.expire_if_due(now, &mut effects);
        if matches!(self.state, HoldState::Held { .. }) {
            self.enter(HoldState::Released { by: Release::Event }, &mut effects);
        }
        decision(self, effects)
    }
}

/// A decision, unless nothing happened.
fn decision(hold: Hold, effects: Vec<HoldEffect>) -> Option<Decision> {
    (!effects.is_empty()).then(|| Decision { holds: vec![hold], effects })
}
