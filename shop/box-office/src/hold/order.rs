//! Decisions about all holds of an order together: secure them, give them back, make tickets of them.

use std::collections::{BTreeMap, BTreeSet};

use contracts::box_office::{
    IssueTickets, ReleaseOrder, SecureLine, SecureTickets, TicketsIssued, TicketsSecured, TicketsUnavailable, TicketsVoided, Unavailable,
};
use contracts::{EventId, OrderId, TicketTypeId};
use hosting::Timestamp;

use super::{Decision, Hold, HoldEffect, HoldState, PAYMENT_WINDOW, Release};
use crate::counter::Counter;

/// A line of `SecureTickets` beside its hold, if there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineToSecure {
    pub line: SecureLine,
    pub hold: Option<Hold>,
}

/// What the box office knows of what an order asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Office {
    pub counters: BTreeMap<TicketTypeId, Counter>,
    /// Those of the order's events that are known to be cancelled.
    pub cancelled_events: BTreeSet<EventId>,
}

/// How a line of an order stands.
enum Standing {
    /// Held, or secured for this order already.
    Kept,
    /// Not held any more, but its places may still be there.
    Wanted,
    Gone(Unavailable),
}

/// Secures all lines or none; every `SecureTickets` is answered.
#[must_use]
pub fn secure_tickets(cmd: &SecureTickets, mut lines: Vec<LineToSecure>, office: &Office, now: Timestamp) -> Decision {
    let mut effects = Vec::new();
    for hold in lines.iter_mut().filter_map(|line| line.hold.as_mut()) {
        hold.expire_if_due(now, &mut effects);
    }
    let gone = gone(cmd, &lines, office, &effects);
    match gone.iter().map(|(_, reason)| *reason).min_by_key(|reason| *reason != Unavailable::EventCancelled) {
        None => secure_all(cmd, &mut lines, now, &mut effects),
        Some(reason) => {
            let hold_ids = gone.iter().map(|(line, _)| line.hold_id).collect();
            release_all(cmd, &mut lines, &mut effects);
            let unavailable = TicketsUnavailable { order_id: cmd.order_id, securing: cmd.securing, hold_ids, reason };
            effects.push(HoldEffect::PublishUnavailable(unavailable));
        }
    }
    Decision { holds: lines.into_iter().filter_map(|line| line.hold).collect(), effects }
}

/// The lines that cannot be had, and why; lines of one ticket type are judged together.
fn gone<'a>(cmd: &SecureTickets, lines: &'a [LineToSecure], office: &Office, expired: &[HoldEffect]) -> Vec<(&'a SecureLine, Unavailable)> {
    let standings: Vec<_> = lines.iter().map(|line| (&line.line, standing(cmd, line, office))).collect();
    let mut wanted: BTreeMap<TicketTypeId, u32> = BTreeMap::new();
    for (line, _) in standings.iter().filter(|(_, standing)| matches!(standing, Standing::Wanted)) {
        let sum = wanted.entry(line.ticket_type_id).or_default();
        *sum = sum.saturating_add(line.quantity);
    }
    let there = |line: &SecureLine| {
        let counter = office.counters.get(&line.ticket_type_id).map(|counter| counter_after(*counter, line.ticket_type_id, expired));
        counter.is_some_and(|counter| wanted.get(&line.ticket_type_id).is_some_and(|sum| *sum <= counter.available()))
    };
    let reason = |line: &SecureLine, standing: &Standing| match standing {
        Standing::Kept => None,
        Standing::Wanted => (!there(line)).then_some(Unavailable::SoldOut),
        Standing::Gone(reason) => Some(*reason),
    };
    standings.iter().filter_map(|(line, standing)| Some((*line, reason(line, standing)?))).collect()
}

fn counter_after(counter: Counter, id: TicketTypeId, effects: &[HoldEffect]) -> Counter {
    let of_this_type = effects.iter().filter(|effect| matches!(effect, HoldEffect::Count(change) if change.ticket_type_id == id));
    HoldEffect::counted(counter, of_this_type)
}

/// Only what is secured already outlives its event's cancellation: a line that is still held is refused. One that is held
/// with another quantity is refused as well, never wanted anew from what is available: basket and order disagree.
fn standing(cmd: &SecureTickets, LineToSecure { line, hold }: &LineToSecure, office: &Office) -> Standing {
    let Some(hold) = hold.as_ref().filter(|hold| hold.subject.is_some()) else {
        return Standing::Gone(Unavailable::NotHeld);
    };
    if let HoldState::Secured { order_id, securing, .. } = hold.state {
        let kept = order_id == cmd.order_id && securing <= cmd.securing;
        return if kept { Standing::Kept } else { Standing::Gone(Unavailable::NotHeld) };
    }
    if office.cancelled_events.contains(&line.event_id) {
        return Standing::Gone(Unavailable::EventCancelled);
    }
    match hold.state {
        HoldState::Held { quantity, .. } if quantity == line.quantity => Standing::Kept,
        HoldState::Expired => Standing::Wanted,
        HoldState::Released { by: Release::Order { order_id, securing } } if order_id == cmd.order_id && securing < cmd.securing => {
            Standing::Wanted
        }
        _ => Standing::Gone(Unavailable::NotHeld),
    }
}

fn secure_all(cmd: &SecureTickets, lines: &mut [LineToSecure], now: Timestamp, effects: &mut Vec<HoldEffect>) {
    let until = now.plus(PAYMENT_WINDOW);
    for LineToSecure { line, hold } in lines {
        let Some(hold) = hold else { continue };
        let secured = HoldState::Secured { order_id: cmd.order_id, securing: cmd.securing, quantity: line.quantity, until };
        hold.enter(secured, effects);
    }
    effects.push(HoldEffect::PublishSecured(TicketsSecured { order_id: cmd.order_id, securing: cmd.securing, until }));
}

/// Gives back what is held for this order's basket, or was secured for the order by now.
fn release_all(cmd: &SecureTickets, lines: &mut [LineToSecure], effects: &mut Vec<HoldEffect>) {
    for hold in lines.iter_mut().filter_map(|line| line.hold.as_mut()) {
        let ours = match hold.state {
            HoldState::Held { .. } => true,
            HoldState::Secured { order_id, securing, .. } => order_id == cmd.order_id && securing <= cmd.securing,
            _ => false,
        };
        if ours {
            hold.enter(released(cmd.order_id, cmd.securing), effects);
        }
    }
}

/// The order does not need its places any more, or its tickets are void. `holds` are those of its holds that exist.
#[must_use]
pub fn release_order(cmd: &ReleaseOrder, holds: Vec<Hold>, now: Timestamp) -> Option<Decision> {
    let mut effects = Vec::new();
    let known: BTreeSet<_> = holds.iter().map(|hold| hold.hold_id).collect();
    let by = Release::Order { order_id: cmd.order_id, securing: cmd.securing };
    let unknown = cmd.hold_ids.iter().filter(|id| !known.contains(id));
    let mut changed: Vec<Hold> = unknown.map(|id| Hold::tombstone(*id, 0, by)).collect();
    let mut voided: u32 = 0;
    for mut hold in holds {
        hold.expire_if_due(now, &mut effects);
        if let Some(state) = after_release(cmd, &hold) {
            voided = voided.saturating_add(hold.state.sold());
            hold.enter(state, &mut effects);
            if matches!(state, HoldState::Voided { .. }) {
                effects.push(HoldEffect::VoidTickets { order_id: cmd.order_id, hold_id: hold.hold_id });
            }
            changed.push(hold);
        }
    }
    if voided > 0 {
        let voided = TicketsVoided { order_id: cmd.order_id, securing: cmd.securing, quantity: voided };
        effects.push(HoldEffect::PublishVoided(voided));
    }
    (!changed.is_empty()).then_some(Decision { holds: changed, effects })
}

/// The state that `ReleaseOrder` brings a hold to, if any.
fn after_release(cmd: &ReleaseOrder, hold: &Hold) -> Option<HoldState> {
    let (order, n) = (cmd.order_id, cmd.securing);
    match hold.state {
        HoldState::Held { .. } | HoldState::Expired | HoldState::Rejected => Some(released(order, n)),
        HoldState::Released { by: Release::Order { order_id, securing } } if order_id == order && securing < n => Some(released(order, n)),
        HoldState::Secured { order_id, securing, .. } if order_id == order && securing <= n => Some(released(order, n)),
        HoldState::Sold { order_id, securing, .. } if order_id == order && securing <= n => {
            Some(HoldState::Voided { order_id: order, securing: n })
        }
        _ => None,
    }
}

/// The order is paid: its secured places are sold, and each gets a ticket.
#[must_use]
pub fn issue_tickets(cmd: &IssueTickets, holds: Vec<Hold>) -> Option<Decision> {
    let mut effects = Vec::new();
    let mut sold = Vec::new();
    for mut hold in holds {
        let HoldState::Secured { order_id, securing, quantity, .. } = hold.state else { continue };
        let Some(subject) = hold.subject.filter(|_| order_id == cmd.order_id && securing == cmd.securing) else { continue };
        hold.enter(HoldState::Sold { order_id, securing, quantity }, &mut effects);
        effects.push(HoldEffect::MakeTickets {
            order_id,
            hold_id: hold.hold_id,
            event_id: subject.event_id,
            ticket_type_id: subject.ticket_type_id,
            quantity,
        });
        sold.push(hold);
    }
    if sold.is_empty() {
        return None;
    }
    let quantity = sold.iter().fold(0_u32, |sum, hold| sum.saturating_add(hold.state.sold()));
    let issued = TicketsIssued { order_id: cmd.order_id, securing: cmd.securing, quantity };
    effects.push(HoldEffect::PublishIssued(issued));
    Some(Decision { holds: sold, effects })
}

fn released(order_id: OrderId, securing: u32) -> HoldState {
    HoldState::Released { by: Release::Order { order_id, securing } }
}
