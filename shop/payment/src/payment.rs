//! A payment: one attempt to pay one order, and what is known of it at the gateway. The intent is the anchor: once its
//! id is known there is never a second one for the attempt. Pure: it makes no call and is told every answer.

mod answer;
mod calls;
mod effect;
mod intent;
mod refund;
mod state;
mod unprotected;

use std::collections::BTreeMap;

use contracts::payment::{CancelPayment, GatewayCall, PaymentMethod, RequestPayment};
use contracts::{Money, OrderId};
use hosting::Timestamp;
use serde::{Deserialize, Serialize};

pub use answer::{GatewayAnswer, PaymentInput};
pub use calls::{AGAIN_AFTER, REFUND_AGAIN_AFTER};
pub use effect::PaymentEffect;
pub use state::PaymentState;

/// What is to be charged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    pub amount: Money,
    pub payment_method: PaymentMethod,
}

/// One attempt to pay one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    pub order_id: OrderId,
    pub attempt: u32,
    /// Nothing when the attempt was cancelled before it was requested.
    pub charge: Option<Charge>,
    pub state: PaymentState,
    /// The gateway's id of the payment intent, once it is known.
    pub intent: Option<String>,
    /// How many keys each kind of call has used: the last one is the current.
    pub keys: BTreeMap<GatewayCall, u32>,
    /// How often the current state has asked again; sets the wait before the next time.
    pub tries: u32,
    /// How many messages and answers were late or repeated, and changed nothing.
    pub ignored: u32,
}

impl Payment {
    /// The attempt was requested: its intent is created.
    #[must_use]
    pub fn request(msg: &RequestPayment, now: Timestamp) -> (Self, Vec<PaymentEffect>) {
        let charge = Charge { amount: msg.amount, payment_method: msg.payment_method.clone() };
        let mut payment = Self::new(msg.order_id, msg.attempt, Some(charge), PaymentState::Creating);
        let create = payment.call_anew(GatewayCall::Create, now);
        (payment, vec![create])
    }

    /// The attempt was cancelled before it was requested: a later request is not charged.
    #[must_use]
    pub fn cancel_unrequested(msg: &CancelPayment) -> (Self, Vec<PaymentEffect>) {
        let payment = Self::new(msg.order_id, msg.attempt, None, PaymentState::Cancelled);
        let cancelled = payment.publish_cancelled();
        (payment, vec![cancelled])
    }

    /// Takes in a command, a hint or an answer. What the state does not list is late or repeated: counted, and nothing
    /// follows.
    pub fn decide(&mut self, input: PaymentInput, now: Timestamp) -> Vec<PaymentEffect> {
        let effects = match input {
            PaymentInput::Request => None,
            PaymentInput::Cancel => self.cancel(now),
            PaymentInput::Refund => self.refund(now),
            PaymentInput::Hint => self.hint(now),
            PaymentInput::Answered { call, key, answer } => self.answered(call, &key, answer, now),
        };
        effects.unwrap_or_else(|| {
            self.ignored = self.ignored.saturating_add(1);
            Vec::new()
        })
    }

    fn cancel(&mut self, now: Timestamp) -> Option<Vec<PaymentEffect>> {
        match &self.state {
            PaymentState::Creating => Some(vec![self.become_cancelled()]),
            PaymentState::Confirming | PaymentState::Unknown | PaymentState::Authenticating { .. } => {
                self.enter(PaymentState::Cancelling);
                Some(vec![self.call_anew(GatewayCall::Cancel, now)])
            }
            PaymentState::Cancelled => Some(vec![self.publish_cancelled()]),
            PaymentState::Declined { reason } => Some(vec![self.publish_declined(reason.clone())]),
            PaymentState::Succeeded => self.publish_succeeded().map(|event| vec![event]),
            PaymentState::Closing { .. } => Some(Vec::new()), // the outcome follows
            PaymentState::Cancelling | PaymentState::Refunding | PaymentState::Refunded => None,
        }
    }

    fn answered(&mut self, call: GatewayCall, key: &str, answer: GatewayAnswer, now: Timestamp) -> Option<Vec<PaymentEffect>> {
        match call {
            GatewayCall::Create => self.create_answered(key, answer, now),
            GatewayCall::Confirm | GatewayCall::Retrieve | GatewayCall::Cancel => self.intent_answered(call, key, answer, now),
            GatewayCall::Refund | GatewayCall::LookUpRefund => self.refund_answered(call, key, answer, now),
        }
    }

    fn create_answered(&mut self, key: &str, answer: GatewayAnswer, now: Timestamp) -> Option<Vec<PaymentEffect>> {
        match (&self.state, answer) {
            (PaymentState::Creating, GatewayAnswer::Created { intent }) => {
                self.intent = Some(intent);
                self.enter(PaymentState::Confirming);
                Some(vec![self.call_anew(GatewayCall::Confirm, now)])
            }
            (PaymentState::Cancelled, GatewayAnswer::Created { intent }) if self.intent.is_none() => {
                self.intent = Some(intent);
                Some(vec![self.call_anew(GatewayCall::Cancel, now)])
            }
            (PaymentState::Creating, GatewayAnswer::Refused { reason } | GatewayAnswer::Declined { reason }) => {
                Some(vec![self.become_declined(reason)])
            }
            (PaymentState::Creating, GatewayAnswer::ServerError) if self.is_current(GatewayCall::Create, key) => {
                Some(vec![self.call_anew_later(GatewayCall::Create, now)])
            }
            (PaymentState::Creating, GatewayAnswer::NoAnswer) if self.is_current(GatewayCall::Create, key) => {
                Some(vec![self.call_again_later(GatewayCall::Create, now)])
            }
            _ => None,
        }
    }

    fn new(order_id: OrderId, attempt: u32, charge: Option<Charge>, state: PaymentState) -> Self {
        Self { order_id, attempt, charge, state, intent: None, keys: BTreeMap::new(), tries: 0, ignored: 0 }
    }
}
