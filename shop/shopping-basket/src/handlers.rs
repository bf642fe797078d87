//! What other services say: the catalog about events and prices, the box office about holds.

use contracts::box_office::{HoldExpired, HoldRejected, TicketsHeld};
use contracts::event_catalog::{
    CapacityChanged, EventCancelled, EventPublished, EventRenamed, EventRescheduled, EventState, EventStatus, TicketPriceChanged,
    TicketTypeState,
};
use contracts::shopping_basket::CancelLinesOfEvent;
use contracts::{BasketId, HoldId};
use messaging::{Context, HandlerError, HandlerResult};

use crate::line::LineInput;
use crate::{catalog, changes, store};

/// Lines of a cancelled event that one step marks.
const CANCEL_STEP: u32 = 100;

pub(crate) fn event_published(ctx: &mut Context<'_>, msg: EventPublished) -> HandlerResult {
    for ticket_type in &msg.ticket_types {
        ticket_type_changed(ctx, ticket_type)?;
    }
    event_changed(ctx, &msg.event)?;
    Ok(catalog::mark_published(ctx.tx(), msg.event.event_id)?)
}

pub(crate) fn event_renamed(ctx: &mut Context<'_>, msg: EventRenamed) -> HandlerResult {
    event_changed(ctx, &msg.event)
}

pub(crate) fn event_rescheduled(ctx: &mut Context<'_>, msg: EventRescheduled) -> HandlerResult {
    event_changed(ctx, &msg.event)
}

pub(crate) fn event_cancelled(ctx: &mut Context<'_>, msg: EventCancelled) -> HandlerResult {
    event_changed(ctx, &msg.event)
}

pub(crate) fn ticket_price_changed(ctx: &mut Context<'_>, msg: TicketPriceChanged) -> HandlerResult {
    if ctx.protections().has("price-events") {
        ticket_type_changed(ctx, &msg.ticket_type)?;
    }
    Ok(())
}

pub(crate) fn capacity_changed(ctx: &mut Context<'_>, msg: CapacityChanged) -> HandlerResult {
    ticket_type_changed(ctx, &msg.ticket_type)
}

/// Keeps the newest state of a ticket type.
fn ticket_type_changed(ctx: &mut Context<'_>, ticket_type: &TicketTypeState) -> HandlerResult {
    if !ctx.protections().has("version-check") {
        catalog::forget_version_of_ticket_type(ctx.tx(), ticket_type.ticket_type_id)?;
    }
    Ok(catalog::put_ticket_type(ctx.tx(), ticket_type)?)
}

/// Keeps the newest state of an event; what becomes cancelled has its lines marked.
fn event_changed(ctx: &mut Context<'_>, event: &EventState) -> HandlerResult {
    if !ctx.protections().has("version-check") {
        catalog::forget_version_of_event(ctx.tx(), event.event_id)?;
    }
    let newer = catalog::put_event(ctx.tx(), event)?;
    if newer && event.status == EventStatus::Cancelled {
        ctx.send(CancelLinesOfEvent { event_id: event.event_id, after: None })?;
    }
    Ok(())
}

pub(crate) fn cancel_lines_of_event(ctx: &mut Context<'_>, cmd: CancelLinesOfEvent) -> HandlerResult {
    let lines = store::lines_of_event(ctx.tx(), cmd.event_id, cmd.after, CANCEL_STEP)?;
    for (_, basket_id) in &lines {
        if let Some(before) = store::lock(ctx.tx(), *basket_id)? {
            let mut basket = before.clone();
            if basket.event_cancelled(cmd.event_id) {
                changes::keep(ctx, &before, &basket)?;
            }
        }
    }
    match lines.last() {
        Some((last, _)) if lines.len() >= CANCEL_STEP as usize => ctx.send(CancelLinesOfEvent { after: Some(*last), ..cmd }),
        _ => Ok(()),
    }
}

pub(crate) fn tickets_held(ctx: &mut Context<'_>, msg: TicketsHeld) -> HandlerResult {
    hold_changed(ctx, msg.basket_id, msg.hold_id, &LineInput::TicketsHeld(msg))
}

pub(crate) fn hold_rejected(ctx: &mut Context<'_>, msg: HoldRejected) -> HandlerResult {
    hold_changed(ctx, msg.basket_id, msg.hold_id, &LineInput::HoldRejected(msg))
}

pub(crate) fn hold_expired(ctx: &mut Context<'_>, msg: HoldExpired) -> HandlerResult {
    hold_changed(ctx, msg.basket_id, msg.hold_id, &LineInput::HoldExpired(msg))
}

fn hold_changed(ctx: &mut Context<'_>, basket_id: BasketId, hold_id: HoldId, input: &LineInput) -> HandlerResult {
    let Some(before) = store::lock(ctx.tx(), basket_id)? else {
        // The basket was committed before its hold was asked for.
        return Err(HandlerError::permanent(format!("there is no basket `{basket_id}` for hold `{hold_id}`")));
    };
    let mut basket = before.clone();
    if basket.hold_changed(hold_id, input) {
        return changes::keep(ctx, &before, &basket);
    }
    Ok(store::count_ignored(ctx.tx(), basket_id, hold_id)?)
}
