//! What each message does. Most go to their order, whose decision is carried out effect by effect; what the
//! catalogue says of an event is kept once for all its orders, and a cancellation passed on to them a bounded number at a time.

use contracts::EventId;
use contracts::event_catalog::{EventCancelled, EventRenamed, EventRescheduled, EventState, EventStatus};
use contracts::ordering::{CancelOrderOfEvent, CancelOrdersOfEvent, GiveUp, PaymentDeadline, PlaceOrder, SecuringDeadline};
use hosting::Timestamp;
use messaging::{Context, Decide, HandlerError, HandlerResult};

use crate::order::{Deadline, Order, OrderEffect, OrderInput};
use crate::{KnownEvent, catalog, store};

/// How many orders of a cancelled event one step passes it on to.
const ORDERS_A_STEP: usize = 100;

/// `PlaceOrder` for an order that does not exist yet. `cancelled_event` was read in the same savepoint.
pub(crate) fn place(msg: PlaceOrder, cancelled_event: Option<EventId>, decide: &mut Decide) -> Result<Order, HandlerError> {
    let (order, effects) = Order::place(&msg, cancelled_event, decide.now());
    carry_out(&order, effects, decide);
    Ok(order)
}

/// Any message to an order that exists.
pub(crate) fn apply<M: Into<OrderInput>>(order: &mut Order, msg: M, decide: &mut Decide) -> HandlerResult {
    let effects = order.apply(msg.into(), decide.now());
    carry_out(order, effects, decide);
    Ok(())
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

/// Keeps the newest state of an event, one row for all its orders. Of a cancelled one later orders begin knowing it, and
/// earlier ones are told from here on.
fn event_changed(ctx: &mut Context<'_>, event: &EventState) -> HandlerResult {
    let event_id = event.event_id;
    if !ctx.protections().has("version-check") {
        catalog::forget_version(ctx.tx(), event_id)?;
    }
    let newer = catalog::put(ctx.tx(), &KnownEvent::from(event))?;
    if newer && event.status == EventStatus::Cancelled {
        ctx.send(CancelOrdersOfEvent { event_id, after: None })?;
    }
    Ok(())
}

/// Tells the next orders of the event, and then itself to carry on behind them.
pub(crate) fn cancel_orders_of_event(ctx: &mut Context<'_>, msg: CancelOrdersOfEvent) -> HandlerResult {
    let CancelOrdersOfEvent { event_id, after } = msg;
    let orders = store::orders_of_event(ctx.tx(), event_id, after, ORDERS_A_STEP)?;
    for order_id in &orders {
        ctx.send(CancelOrderOfEvent { order_id: *order_id, event_id })?;
    }
    match orders.last() {
        Some(last) if orders.len() == ORDERS_A_STEP => ctx.send(CancelOrdersOfEvent { event_id, after: Some(*last) }),
        _ => Ok(()),
    }
}

/// Does what a decision asks for, one to one.
pub(crate) fn carry_out(order: &Order, effects: Vec<OrderEffect>, decide: &mut Decide) {
    for effect in effects {
        match effect {
            OrderEffect::PublishPlaced(event) => decide.publish(event),
            OrderEffect::PublishPaid(event) => decide.publish(event),
            OrderEffect::PublishCancelled(event) => decide.publish(event),
            OrderEffect::PublishRefunded(event) => decide.publish(event),
            OrderEffect::SecureTickets(command) => decide.send(command),
            OrderEffect::ReleaseOrder(command) => decide.send(command),
            OrderEffect::IssueTickets(command) => decide.send(command),
            OrderEffect::RequestPayment(command) => decide.send(command),
            OrderEffect::CancelPayment(command) => decide.send(command),
            OrderEffect::RefundPayment(command) => decide.send(command),
            OrderEffect::Set(deadline, due) => set(order, deadline, due, decide),
            OrderEffect::Cancel(deadline) => cancel(order, deadline, decide),
        }
    }
}

fn set(order: &Order, deadline: Deadline, due: Timestamp, decide: &mut Decide) {
    let order_id = order.order_id;
    match deadline {
        Deadline::Securing => decide.send_at(due, order_id, SecuringDeadline { order_id }),
        Deadline::Payment => decide.send_at(due, order_id, PaymentDeadline { order_id }),
        Deadline::GiveUp { attempt } => decide.send_at(due, order_id, GiveUp { order_id, attempt }),
    }
}

fn cancel(order: &Order, deadline: Deadline, decide: &mut Decide) {
    match deadline {
        Deadline::Securing => decide.cancel::<SecuringDeadline>(order.order_id),
        Deadline::Payment => decide.cancel::<PaymentDeadline>(order.order_id),
        Deadline::GiveUp { .. } => decide.cancel::<GiveUp>(order.order_id),
    }
}
