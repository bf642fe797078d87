//! What each message and each answer of the gateway does: it goes to its payment, whose decision is carried out effect by
//! effect.

use contracts::OrderId;
use contracts::payment::{CallGateway, CancelPayment, RefundPayment, RequestPayment};
use hosting::Timestamp;
use messaging::{CallFailed, Context, HandlerError, HandlerResult, Message};

use crate::gateway::AskGateway;
use crate::payment::{GatewayAnswer, Payment, PaymentEffect, PaymentInput};
use crate::store::{self, Loaded};

pub(crate) fn request_payment(ctx: &mut Context<'_>, msg: RequestPayment) -> HandlerResult {
    match store::load(ctx.tx(), msg.order_id, msg.attempt)? {
        None => {
            let (payment, effects) = Payment::request(&msg, ctx.now());
            finish(ctx, Loaded::new(payment), effects, RequestPayment::NAME)
        }
        Some(loaded) => decide(ctx, loaded, PaymentInput::Request, RequestPayment::NAME),
    }
}

pub(crate) fn cancel_payment(ctx: &mut Context<'_>, msg: CancelPayment) -> HandlerResult {
    match store::load(ctx.tx(), msg.order_id, msg.attempt)? {
        None => {
            let (payment, effects) = Payment::cancel_unrequested(&msg);
            finish(ctx, Loaded::new(payment), effects, CancelPayment::NAME)
        }
        Some(loaded) => decide(ctx, loaded, PaymentInput::Cancel, CancelPayment::NAME),
    }
}

pub(crate) fn refund_payment(ctx: &mut Context<'_>, msg: RefundPayment) -> HandlerResult {
    let loaded = known(ctx, msg.order_id, msg.attempt)?;
    decide(ctx, loaded, PaymentInput::Refund, RefundPayment::NAME)
}

/// A call that was to be made later: it is made if the payment still wants it.
pub(crate) fn call_gateway(ctx: &mut Context<'_>, msg: CallGateway) -> HandlerResult {
    let loaded = known(ctx, msg.order_id, msg.attempt)?;
    if loaded.payment.wants(msg.call, &msg.key) { call(ctx, &loaded.payment, msg) } else { Ok(()) }
}

/// The gateway answered, or did not.
pub(crate) fn record_answer(ctx: &mut Context<'_>, asked: AskGateway, result: Result<GatewayAnswer, CallFailed>) -> HandlerResult {
    let CallGateway { order_id, attempt, call, key } = asked.call;
    let answer = result.unwrap_or_else(|failed| {
        tracing::warn!(%order_id, attempt, key, error = %failed.error, "the gateway gave no answer");
        GatewayAnswer::NoAnswer
    });
    let input = format!("{key} {}", answer.name());
    let loaded = known(ctx, order_id, attempt)?;
    decide(ctx, loaded, PaymentInput::Answered { call, key, answer }, &input)
}

fn known(ctx: &mut Context<'_>, order_id: OrderId, attempt: u32) -> Result<Loaded, HandlerError> {
    store::load(ctx.tx(), order_id, attempt)?
        .ok_or_else(|| HandlerError::transient(format!("payment {attempt} of order `{order_id}` is not known yet")))
}

fn decide(ctx: &mut Context<'_>, mut loaded: Loaded, input: PaymentInput, name: &str) -> HandlerResult {
    let mut effects = loaded.payment.decide(input, ctx.now());
    if !ctx.protections().has("look-up") {
        effects = loaded.payment.without_look_up(effects);
    }
    finish(ctx, loaded, effects, name)
}

fn finish(ctx: &mut Context<'_>, loaded: Loaded, effects: Vec<PaymentEffect>, input: &str) -> HandlerResult {
    let now = ctx.now();
    store::save(ctx.tx(), &loaded, input, now)?;
    effects.into_iter().try_for_each(|effect| carry_out(ctx, &loaded.payment, effect))
}

fn carry_out(ctx: &mut Context<'_>, payment: &Payment, effect: PaymentEffect) -> HandlerResult {
    match effect {
        PaymentEffect::Call(command, due) if due <= ctx.now() => call(ctx, payment, command),
        PaymentEffect::Call(command, due) => call_later(ctx, command, due),
        PaymentEffect::PublishSucceeded(event) => ctx.publish(event),
        PaymentEffect::PublishDeclined(event) => ctx.publish(event),
        PaymentEffect::PublishCancelled(event) => ctx.publish(event),
        PaymentEffect::PublishNeedsAction(event) => ctx.publish(event),
        PaymentEffect::PublishRefunded(event) => ctx.publish(event),
        PaymentEffect::PublishRefundFailed(event) => ctx.publish(event),
    }
}

/// The call as a row, which is there until its answer is recorded.
fn call(ctx: &mut Context<'_>, payment: &Payment, command: CallGateway) -> HandlerResult {
    let Some(charge) = payment.charge.clone() else {
        return Err(HandlerError::permanent(format!("payment `{}` has nothing to ask the gateway for", command.key)));
    };
    let key = command.key.clone();
    ctx.call(key, &AskGateway { call: command, intent: payment.intent.clone(), charge })
}

/// Waiting takes the place of what was waited for before: a payment waits for one call at a time.
fn call_later(ctx: &mut Context<'_>, command: CallGateway, due: Timestamp) -> HandlerResult {
    let key = format!("{}/{}", command.order_id, command.attempt);
    ctx.send_at(due, key, command)
}
