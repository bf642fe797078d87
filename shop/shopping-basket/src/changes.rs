//! What buyers do: each change loads the basket, lets it decide, saves it and sends what follows.

use contracts::shopping_basket::BasketEvent;
use contracts::{BasketId, EventId, HoldId, LineId, Money, OrderId, TicketTypeId};
use messaging::http::Problem;
use messaging::{Context, HandlerResult};

use crate::api::{LineView, OrderPlaced, refused, refused_checkout};
use crate::basket::{self, Basket, BasketRefused, Buyer, Checkout, NewLine, Offer};
use crate::{catalog, store};

/// Makes an empty basket; its id is the buyer's secret.
pub(crate) fn create(ctx: &mut Context<'_>) -> Result<BasketId, Problem> {
    let (id, now) = (BasketId::new(ctx.secret()), ctx.now());
    store::insert(ctx.tx(), id, now)?;
    Ok(id)
}

/// Adds a line and asks the box office to hold its places.
pub(crate) fn add(ctx: &mut Context<'_>, id: BasketId, wish: &Wish) -> Result<LineView, Problem> {
    let before = lock(ctx, id)?;
    let offer = offer(ctx, wish.event_id, wish.ticket_type_id)?;
    let new = NewLine { line_id: LineId::new(ctx.new_id()), hold_id: HoldId::new(ctx.new_id()) };
    let mut basket = before.clone();
    let hold = basket.add(new, &offer, wish.quantity).map_err(refused)?;
    keep(ctx, &before, &basket)?;
    ctx.send(hold)?;
    show(&basket, new.line_id, &offer)
}

/// What a buyer wants to add.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wish {
    pub(crate) event_id: EventId,
    pub(crate) ticket_type_id: TicketTypeId,
    pub(crate) quantity: u32,
}

/// Asks for another number of places.
pub(crate) fn change(ctx: &mut Context<'_>, id: BasketId, line_id: LineId, quantity: u32) -> Result<LineView, Problem> {
    let before = lock(ctx, id)?;
    let offer = offer_of_line(ctx, &before, line_id)?;
    let mut basket = before.clone();
    let hold = basket.change(line_id, &offer, quantity).map_err(refused)?;
    keep(ctx, &before, &basket)?;
    ctx.send(hold)?;
    show(&basket, line_id, &offer)
}

/// Takes a line out and gives its places back.
pub(crate) fn remove(ctx: &mut Context<'_>, id: BasketId, line_id: LineId) -> Result<LineView, Problem> {
    let before = lock(ctx, id)?;
    let offer = offer_of_line(ctx, &before, line_id)?;
    let mut basket = before.clone();
    let release = basket.remove(line_id).map_err(refused)?;
    keep(ctx, &before, &basket)?;
    ctx.send(release)?;
    show(&basket, line_id, &offer)
}

/// Accepts today's price of a line, unless it is above `seen_minor`.
pub(crate) fn accept_price(ctx: &mut Context<'_>, id: BasketId, line_id: LineId, seen_minor: Option<i64>) -> Result<LineView, Problem> {
    let before = lock(ctx, id)?;
    let offer = offer_of_line(ctx, &before, line_id)?;
    let seen = seen_minor.map_or(offer.price, |minor| Money::new(minor, offer.price.currency));
    let mut basket = before.clone();
    basket.accept_price(line_id, seen, offer.price).map_err(refused)?;
    keep(ctx, &before, &basket)?;
    show(&basket, line_id, &offer)
}

/// Freezes the basket as an order and has it placed. Again: the same order.
pub(crate) fn checkout(ctx: &mut Context<'_>, id: BasketId, buyer: &Buyer) -> Result<OrderPlaced, Problem> {
    let before = lock(ctx, id)?;
    for line in before.lines_there() {
        catalog::lock_event(ctx.tx(), line.event_id)?;
    }
    let offers = catalog::offers_of(ctx.tx(), id)?;
    let (order_id, now) = (OrderId::new(ctx.secret()), ctx.now());
    let mut basket = before.clone();
    let order_id = match basket.checkout(order_id, buyer, &offers, now).map_err(refused_checkout)? {
        Checkout::Already(order_id) => order_id,
        Checkout::Placed(order) => {
            keep(ctx, &before, &basket)?;
            ctx.send(order)?;
            order_id
        }
    };
    let total = basket.total();
    let (total_minor, currency) = total.map_or_else(Default::default, |total| (total.amount_minor, total.currency.to_string()));
    Ok(OrderPlaced { order_id, total_minor, currency })
}

/// Saves what changed and tells those who follow the feed.
pub(crate) fn keep(ctx: &mut Context<'_>, before: &Basket, after: &Basket) -> HandlerResult {
    store::save(ctx.tx(), before, after)?;
    let basket_id = after.basket_id;
    basket::changes(before, after).into_iter().try_for_each(|change| ctx.append(&BasketEvent { basket_id, change }))
}

fn lock(ctx: &mut Context<'_>, id: BasketId) -> Result<Basket, Problem> {
    store::lock(ctx.tx(), id)?.ok_or_else(|| unknown(id))
}

pub(crate) fn unknown(id: BasketId) -> Problem {
    Problem::not_found(format!("there is no basket `{id}`; POST baskets makes one"))
}

/// Today's offer. What the copy has not heard of may be on its way.
fn offer(ctx: &mut Context<'_>, event_id: EventId, ticket_type_id: TicketTypeId) -> Result<Offer, Problem> {
    let known = catalog::lock_event(ctx.tx(), event_id)?;
    if known.is_some_and(|event| event.cancelled) {
        return Err(refused(BasketRefused::EventCancelled { event_id }));
    }
    if let Some(offer) = catalog::offer(ctx.tx(), event_id, ticket_type_id)? {
        return Ok(offer);
    }
    if known.is_some_and(|event| event.published) {
        let detail = format!("event `{event_id}` has no ticket type `{ticket_type_id}`; the event catalog lists those it has");
        return Err(Problem::unprocessable("no-such-ticket-type", detail));
    }
    let detail = format!("event `{event_id}` is not known here yet; try again, or check the id");
    Err(Problem::unavailable("event-not-known-yet", 1, detail))
}

fn offer_of_line(ctx: &mut Context<'_>, basket: &Basket, line_id: LineId) -> Result<Offer, Problem> {
    let line = basket.lines_there().find(|line| line.line_id == line_id);
    let line = line.ok_or_else(|| refused(BasketRefused::NoSuchLine { line_id }))?;
    catalog::lock_event(ctx.tx(), line.event_id)?;
    let offer = catalog::offer(ctx.tx(), line.event_id, line.ticket_type_id)?;
    offer.ok_or_else(|| Problem::unavailable("event-not-known-yet", 1, "the line's event is not known here; try again"))
}

fn show(basket: &Basket, line_id: LineId, offer: &Offer) -> Result<LineView, Problem> {
    let line = basket.lines.iter().find(|line| line.line_id == line_id);
    let line = line.ok_or_else(|| refused(BasketRefused::NoSuchLine { line_id }))?;
    Ok(LineView::new(line, Some(offer)))
}
