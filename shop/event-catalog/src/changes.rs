//! What organisers do: each change loads the event, lets it decide, saves the rows that got a new version and
//! publishes them.

use contracts::EventId;
use contracts::event_catalog::{
    CapacityChanged, EventCancelled, EventPublished, EventRenamed, EventRescheduled, EventStatus, TicketPriceChanged,
};
use hosting::Timestamp;
use messaging::http::Problem;
use messaging::{Context, HandlerResult};

use crate::event::{Event, NewEvent, Refusal, TicketType};
use crate::{EventView, store};

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let detail = refusal.to_string();
        match refusal {
            Refusal::Invalid { field, .. } => Self::unprocessable("invalid-value", detail).with("field", field),
            Refusal::Stale { current, .. } => Self::conflict("stale-version", detail).with("version", current),
            Refusal::Cancelled => Self::conflict("event-cancelled", detail),
            Refusal::UnknownTicketType(_) => Self::not_found(detail),
            Refusal::WhichTicketType(_) => Self::unprocessable("which-ticket-type", detail),
        }
    }
}

/// Enters a new event and publishes it. What the seed data and organisers use alike.
///
/// # Errors
/// 422 for a value that is against a rule.
pub fn create(ctx: &mut Context<'_>, new: &NewEvent) -> Result<EventView, Problem> {
    let event = Event::new(new, ctx.now(), || ctx.new_id())?;
    store::insert(ctx.tx(), &event)?;
    let ticket_types = event.ticket_types.iter().map(|kind| kind.state(event.id)).collect();
    ctx.publish(EventPublished { event: event.state(), ticket_types })?;
    if new.cancelled {
        return change(ctx, event.id, |event, _| event.cancel(None));
    }
    show(ctx, &event)
}

/// Lets `decide` change an event, and tells the others what has become of it.
pub(crate) fn change(
    ctx: &mut Context<'_>,
    id: EventId,
    decide: impl FnOnce(&mut Event, Timestamp) -> Result<(), Refusal>,
) -> Result<EventView, Problem> {
    let before = store::lock(ctx.tx(), id)?.ok_or_else(|| unknown(id))?;
    let mut after = before.clone();
    decide(&mut after, ctx.now())?;
    store::save(ctx.tx(), &before, &after)?;
    announce(ctx, &before, &after)?;
    show(ctx, &after)
}

pub(crate) fn unknown(id: EventId) -> Problem {
    Problem::not_found(format!("there is no event `{id}`; GET events lists those there are"))
}

fn show(ctx: &mut Context<'_>, event: &Event) -> Result<EventView, Problem> {
    let (left, now) = (store::availability(ctx.tx(), event.id)?, ctx.now());
    Ok(EventView::detail(event, &left, now))
}

fn announce(ctx: &mut Context<'_>, before: &Event, after: &Event) -> HandlerResult {
    if after.version != before.version {
        announce_event(ctx, before, after)?;
    }
    for (old, new) in before.ticket_types.iter().zip(&after.ticket_types) {
        if new.version != old.version {
            announce_ticket_type(ctx, after.id, old, new)?;
        }
    }
    Ok(())
}

fn announce_event(ctx: &mut Context<'_>, before: &Event, after: &Event) -> HandlerResult {
    let event = after.state();
    if after.status == EventStatus::Cancelled {
        return ctx.publish(EventCancelled { event });
    }
    if after.title != before.title {
        return ctx.publish(EventRenamed { event });
    }
    ctx.publish(EventRescheduled { event })
}

/// Both events carry the whole row, so that a moved sale window travels with either.
fn announce_ticket_type(ctx: &mut Context<'_>, event_id: EventId, old: &TicketType, new: &TicketType) -> HandlerResult {
    let ticket_type = new.state(event_id);
    if new.price != old.price {
        return ctx.publish(TicketPriceChanged { ticket_type });
    }
    ctx.publish(CapacityChanged { ticket_type })
}
