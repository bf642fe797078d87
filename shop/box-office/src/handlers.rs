//! One function per message: load what it concerns, let the pure types decide, carry the decision out.

use std::collections::BTreeMap;

use contracts::TicketTypeId;
use contracts::box_office::{
    AvailabilityChanged, ExpireHold, HoldTickets, IssueTickets, ReleaseHold, ReleaseHoldsOfEvent, ReleaseOrder, SecureTickets,
};
use contracts::event_catalog::{CapacityChanged, EventCancelled, EventPublished, EventState, TicketTypeState};
use messaging::{Context, HandlerError, HandlerResult};
use storage::{SqlError, Tx};

use crate::carry_out::{carry_out, carry_out_or_count};
use crate::counter::EventStanding;
use crate::hold::{self, Decision, Hold, LineToSecure, Office, Place};
use crate::{store, unprotected};

/// Holds of a cancelled event that are released in one step.
const HOLDS_PER_STEP: u32 = 100;

pub(crate) fn hold_tickets(ctx: &mut Context<'_>, cmd: HoldTickets) -> HandlerResult {
    let now = ctx.now();
    let hold = store::load_hold(ctx.tx(), cmd.hold_id)?;
    let place = place(ctx.tx(), &cmd)?;
    let decision = Hold::request(hold, &cmd, place, now)
        .map_err(|error| HandlerError::transient(format!("ticket type `{}` cannot be judged", cmd.ticket_type_id)).caused_by(error))?;
    carry_out_or_count(ctx, &[cmd.hold_id], decision)
}

fn place(tx: &mut Tx<'_>, cmd: &HoldTickets) -> Result<Place, SqlError> {
    if let Some((ticket_type, event)) = store::load_ticket_type(tx, cmd.ticket_type_id)? {
        return Ok(Place { event, ticket_type: Some(ticket_type) });
    }
    let event = if store::is_cancelled(tx, cmd.event_id)? { EventStanding::Cancelled } else { EventStanding::Open };
    Ok(Place { event, ticket_type: None })
}

pub(crate) fn expire_hold(ctx: &mut Context<'_>, cmd: ExpireHold) -> HandlerResult {
    let now = ctx.now();
    let hold = store::load_hold(ctx.tx(), cmd.hold_id)?;
    carry_out_or_count(ctx, &[cmd.hold_id], hold.and_then(|hold| hold.expire(now)))
}

pub(crate) fn release_hold(ctx: &mut Context<'_>, cmd: ReleaseHold) -> HandlerResult {
    let now = ctx.now();
    if !ctx.protections().has("release-check") {
        return unprotected::release_hold(ctx, &cmd);
    }
    let hold = store::load_hold(ctx.tx(), cmd.hold_id)?;
    carry_out_or_count(ctx, &[cmd.hold_id], Hold::release(hold, &cmd, now))
}

pub(crate) fn secure_tickets(ctx: &mut Context<'_>, cmd: SecureTickets) -> HandlerResult {
    let now = ctx.now();
    let mut lines = lines_to_secure(ctx.tx(), &cmd)?;
    if !ctx.protections().has("expiry-check") {
        unprotected::hold_on(&mut lines, now);
    }
    let office = office(ctx.tx(), &cmd)?;
    let decision = hold::secure_tickets(&cmd, lines, &office, now);
    carry_out(ctx, decision)
}

fn lines_to_secure(tx: &mut Tx<'_>, cmd: &SecureTickets) -> Result<Vec<LineToSecure>, SqlError> {
    let load =
        |line: &contracts::box_office::SecureLine| Ok(LineToSecure { line: line.clone(), hold: store::load_hold(tx, line.hold_id)? });
    cmd.lines.iter().map(load).collect()
}

/// The ticket types of all lines, locked in the order of their ids.
fn office(tx: &mut Tx<'_>, cmd: &SecureTickets) -> Result<Office, SqlError> {
    let types: BTreeMap<_, _> = cmd.lines.iter().map(|line| (line.ticket_type_id, line.event_id)).collect();
    let mut office = Office::default();
    for (ticket_type_id, event_id) in types {
        let Some((ticket_type, event)) = store::load_ticket_type(tx, ticket_type_id)? else { continue };
        office.counters.insert(ticket_type_id, ticket_type.counter);
        if event == EventStanding::Cancelled {
            office.cancelled_events.insert(event_id);
        }
    }
    Ok(office)
}

pub(crate) fn release_order(ctx: &mut Context<'_>, cmd: ReleaseOrder) -> HandlerResult {
    let now = ctx.now();
    let holds = load_holds(ctx.tx(), &cmd.hold_ids)?;
    carry_out_or_count(ctx, &cmd.hold_ids, hold::release_order(&cmd, holds, now))
}

pub(crate) fn issue_tickets(ctx: &mut Context<'_>, cmd: IssueTickets) -> HandlerResult {
    let holds = load_holds(ctx.tx(), &cmd.hold_ids)?;
    carry_out_or_count(ctx, &cmd.hold_ids, hold::issue_tickets(&cmd, holds))
}

fn load_holds(tx: &mut Tx<'_>, ids: &[contracts::HoldId]) -> Result<Vec<Hold>, SqlError> {
    ids.iter().filter_map(|id| store::load_hold(tx, *id).transpose()).collect()
}

pub(crate) fn event_published(ctx: &mut Context<'_>, event: EventPublished) -> HandlerResult {
    let cancelled = learn_of_event(ctx, &event.event, true)?;
    event.ticket_types.iter().try_for_each(|ticket_type| learn_of_ticket_type(ctx, ticket_type, cancelled))
}

pub(crate) fn capacity_changed(ctx: &mut Context<'_>, event: CapacityChanged) -> HandlerResult {
    let cancelled = store::is_cancelled(ctx.tx(), event.ticket_type.event_id)?;
    learn_of_ticket_type(ctx, &event.ticket_type, cancelled)
}

pub(crate) fn event_cancelled(ctx: &mut Context<'_>, event: EventCancelled) -> HandlerResult {
    learn_of_event(ctx, &event.event, false).map(drop)
}

/// Takes in an event's row; begins to release its holds when it turns out to be cancelled. Answers whether it is.
fn learn_of_event(ctx: &mut Context<'_>, event: &EventState, published: bool) -> Result<bool, HandlerError> {
    let before = store::is_cancelled(ctx.tx(), event.event_id)?;
    let cancelled = store::put_event(ctx.tx(), event, published)?;
    if cancelled && !before {
        store::cancel_ticket_types(ctx.tx(), event.event_id)?;
        ctx.send(ReleaseHoldsOfEvent { event_id: event.event_id, after: None })?;
    }
    Ok(cancelled)
}

fn learn_of_ticket_type(ctx: &mut Context<'_>, ticket_type: &TicketTypeState, cancelled: bool) -> HandlerResult {
    if !ctx.protections().has("version-check") {
        unprotected::forget_version(ctx.tx(), ticket_type.ticket_type_id)?;
    }
    match store::put_ticket_type(ctx.tx(), ticket_type, cancelled)? {
        Some(left) => ctx.publish(AvailabilityChanged::from(left)),
        None => Ok(()),
    }
}

pub(crate) fn release_holds_of_event(ctx: &mut Context<'_>, cmd: ReleaseHoldsOfEvent) -> HandlerResult {
    let now = ctx.now();
    let ids = store::open_holds_of_event(ctx.tx(), cmd.event_id, cmd.after, HOLDS_PER_STEP)?;
    let holds = load_holds(ctx.tx(), &ids)?;
    if let Some(decision) = holds.into_iter().filter_map(|hold| hold.event_cancelled(now)).reduce(joined) {
        carry_out(ctx, decision)?;
    }
    match ids.last().filter(|_| ids.len() >= HOLDS_PER_STEP as usize) {
        Some(last) => ctx.send(ReleaseHoldsOfEvent { after: Some(*last), ..cmd }),
        None => Ok(()),
    }
}

fn joined(mut first: Decision, second: Decision) -> Decision {
    first.holds.extend(second.holds);
    first.effects.extend(second.effects);
    first
}

impl From<crate::api::Availability> for AvailabilityChanged {
    fn from(left: crate::api::Availability) -> Self {
        let (ticket_type_id, event_id): (TicketTypeId, _) = (left.ticket_type_id, left.event_id);
        Self { ticket_type_id, event_id, version: left.version, available: left.available }
    }
}
