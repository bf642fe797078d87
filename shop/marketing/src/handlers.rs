//! What an entry of the basket's feed, and what a paid order, change in the figures.

use contracts::ordering::OrderPaid;
use contracts::shopping_basket::{BasketChange, BasketEvent};
use contracts::{BasketId, LineId};
use messaging::feed::{Entry, Restart};
use messaging::{Context, HandlerError, HandlerResult};

use crate::interest::Interest;
use crate::store::{self, Line};

pub(crate) fn basket_event(ctx: &mut Context<'_>, entry: Entry<BasketEvent>) -> HandlerResult {
    let BasketEvent { basket_id, change } = entry.data;
    store::count(ctx.tx(), change.kind())?;
    match change {
        BasketChange::LineAdded { line_id, event_id, quantity, .. } => {
            store::insert_line(ctx.tx(), &Line { line_id, basket_id, event_id, quantity, held: false, there: true })?;
            store::add(ctx.tx(), event_id, Interest { added: 1, ..Interest::default() })?;
        }
        BasketChange::QuantityChanged { line_id, quantity } => {
            change_line(ctx, line_id, |line| (Line { quantity, ..line }, Interest::default()))?;
        }
        BasketChange::PlacesHeld { line_id, quantity } => change_line(ctx, line_id, |line| {
            // A line that is held again is still one line.
            (Line { quantity, held: true, ..line }, Interest { held: u64::from(!line.held), ..Interest::default() })
        })?,
        BasketChange::HoldRefused { line_id, .. } => {
            change_line(ctx, line_id, |line| (line, Interest { refused: 1, ..Interest::default() }))?
        }
        BasketChange::HoldExpired { line_id } => change_line(ctx, line_id, |line| (line, Interest { expired: 1, ..Interest::default() }))?,
        BasketChange::LineRemoved { line_id } => {
            change_line(ctx, line_id, |line| (Line { there: false, ..line }, Interest { removed: 1, ..Interest::default() }))?;
        }
        BasketChange::EventCancelled { line_id } => {
            change_line(ctx, line_id, |line| (Line { there: false, ..line }, Interest::default()))?;
        }
        BasketChange::CheckedOut { .. } => checked_out(ctx, basket_id)?,
    }
    Ok(store::touch_basket(ctx.tx(), basket_id, entry.time)?)
}

fn change_line(ctx: &mut Context<'_>, line_id: LineId, change: impl FnOnce(Line) -> (Line, Interest)) -> HandlerResult {
    // The feed told of the line before it told of anything that happened to it.
    let line =
        store::line(ctx.tx(), line_id)?.ok_or_else(|| HandlerError::permanent(format!("the feed never told of line `{line_id}`")))?;
    let (line, counted) = change(line);
    store::update_line(ctx.tx(), &line)?;
    Ok(store::add(ctx.tx(), line.event_id, counted)?)
}

fn checked_out(ctx: &mut Context<'_>, basket_id: BasketId) -> HandlerResult {
    store::check_out(ctx.tx(), basket_id)?;
    let paid = u64::from(store::is_paid(ctx.tx(), basket_id)?);
    for line in store::lines_there(ctx.tx(), basket_id)? {
        store::add(ctx.tx(), line.event_id, Interest { checked_out: 1, paid, ..Interest::default() })?;
    }
    Ok(())
}

/// Ordering and the feed are heard independently: whichever comes second counts the lines as paid.
pub(crate) fn order_paid(ctx: &mut Context<'_>, msg: OrderPaid) -> HandlerResult {
    let new = store::insert_paid(ctx.tx(), msg.basket_id)?;
    if new && store::is_checked_out(ctx.tx(), msg.basket_id)? {
        for line in store::lines_there(ctx.tx(), msg.basket_id)? {
            store::add(ctx.tx(), line.event_id, Interest { paid: 1, ..Interest::default() })?;
        }
    }
    Ok(())
}

/// After a restore of the basket everything that is in its feed comes once more, and so everything that it taught is
/// forgotten; what ordering said stays.
pub(crate) fn begin_anew(ctx: &mut Context<'_>, why: Restart) -> HandlerResult {
    if why == Restart::NewEpoch {
        store::forget(ctx.tx())?;
    }
    let (now, text) = (ctx.now(), restart_text(why));
    Ok(store::insert_restart(ctx.tx(), now, text)?)
}

const fn restart_text(why: Restart) -> &'static str {
    match why {
        Restart::NewEpoch => "new_epoch",
        Restart::EntriesMissed => "entries_missed",
    }
}
