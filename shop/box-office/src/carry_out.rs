//! Carries a decision about holds out: rows, counters, tickets and messages, one to one.

use std::collections::BTreeMap;

use contracts::box_office::{AvailabilityChanged, ExpireHold};
use contracts::{HoldId, TicketTypeId};
use messaging::{Context, HandlerError, HandlerResult};

use crate::code::ticket_code;
use crate::counter::CounterChange;
use crate::hold::{Decision, HoldEffect};
use crate::store::{self, NewTicket};

/// Carries `decision` out. Where there is none, the message was late or repeated: that is counted with its holds.
///
/// # Errors
/// Those of [`carry_out`].
pub(crate) fn carry_out_or_count(ctx: &mut Context<'_>, about: &[HoldId], decision: Option<Decision>) -> HandlerResult {
    match decision {
        Some(decision) => carry_out(ctx, decision),
        None => Ok(about.iter().try_for_each(|hold_id| store::count_ignored(ctx.tx(), *hold_id))?),
    }
}

/// Carries `decision` out. Each counter changes once, by the sum of all effects on it, and is told once.
///
/// # Errors
/// A conflict when another writer took the places in the meantime.
pub(crate) fn carry_out(ctx: &mut Context<'_>, decision: Decision) -> HandlerResult {
    let Decision { holds, effects } = decision;
    for hold in &holds {
        store::save_hold(ctx.tx(), hold)?;
    }
    let mut counters = BTreeMap::new();
    for effect in effects {
        match effect {
            HoldEffect::Count(change) => add(&mut counters, change),
            other => carry_out_one(ctx, other)?,
        }
    }
    counters.into_values().try_for_each(|change| count(ctx, change))
}

fn add(counters: &mut BTreeMap<TicketTypeId, CounterChange>, change: CounterChange) {
    let none = CounterChange { held: 0, sold: 0, ..change };
    let sum = counters.entry(change.ticket_type_id).or_insert(none);
    sum.held += change.held;
    sum.sold += change.sold;
}

fn count(ctx: &mut Context<'_>, change: CounterChange) -> HandlerResult {
    if change.held == 0 && change.sold == 0 {
        return Ok(());
    }
    let Some(left) = store::change_counter(ctx.tx(), change)? else {
        return Err(HandlerError::conflict(format!("the places of ticket type `{}` were counted anew meanwhile", change.ticket_type_id)));
    };
    // Places that go from held to sold change nothing for buyers.
    if change.held + change.sold == 0 { Ok(()) } else { ctx.publish(AvailabilityChanged::from(left)) }
}

fn carry_out_one(ctx: &mut Context<'_>, effect: HoldEffect) -> HandlerResult {
    match effect {
        HoldEffect::Count(change) => count(ctx, change),
        HoldEffect::PublishHeld(event) => ctx.publish(event),
        HoldEffect::PublishRejected(event) => ctx.publish(event),
        HoldEffect::PublishExpired(event) => ctx.publish(event),
        HoldEffect::PublishSecured(event) => ctx.publish(event),
        HoldEffect::PublishUnavailable(event) => ctx.publish(event),
        HoldEffect::PublishIssued(event) => ctx.publish(event),
        HoldEffect::PublishVoided(event) => ctx.publish(event),
        HoldEffect::SetExpiry(hold_id, until) => ctx.send_at(until, hold_id, ExpireHold { hold_id }),
        HoldEffect::CancelExpiry(hold_id) => ctx.cancel::<ExpireHold>(hold_id).map(drop),
        HoldEffect::MakeTickets { order_id, hold_id, event_id, ticket_type_id, quantity } => (0..quantity).try_for_each(|_| {
            let code = ticket_code(u128::from_be_bytes(ctx.random_bytes()));
            let ticket = NewTicket { id: ctx.new_id().into(), code, order_id, hold_id, event_id, ticket_type_id };
            let now = ctx.now();
            Ok(store::insert_ticket(ctx.tx(), &ticket, now)?)
        }),
        HoldEffect::VoidTickets { hold_id, .. } => Ok(store::void_tickets(ctx.tx(), hold_id).map(drop)?),
    }
}
