//! What follows from a decision about a payment; a handler carries each out one to one.

use contracts::payment::{
    CallGateway, PaymentCancelled, PaymentDeclined, PaymentNeedsAction, PaymentRefunded, PaymentSucceeded, RefundFailed,
};
use hosting::Timestamp;

use super::{Payment, PaymentState};

/// One thing to do after a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentEffect {
    /// Make that call, due then; at its time, only if the payment still wants it (`Payment::wants`).
    Call(CallGateway, Timestamp),
    PublishSucceeded(PaymentSucceeded),
    PublishDeclined(PaymentDeclined),
    PublishCancelled(PaymentCancelled),
    PublishNeedsAction(PaymentNeedsAction),
    PublishRefunded(PaymentRefunded),
    PublishRefundFailed(RefundFailed),
}

impl Payment {
    /// Goes to the state, in which nothing was asked yet.
    pub(super) fn enter(&mut self, state: PaymentState) {
        self.state = state;
        self.tries = 0;
    }

    pub(super) fn become_cancelled(&mut self) -> PaymentEffect {
        self.enter(PaymentState::Cancelled);
        self.publish_cancelled()
    }

    pub(super) fn become_declined(&mut self, reason: String) -> PaymentEffect {
        self.enter(PaymentState::Declined { reason: reason.clone() });
        self.publish_declined(reason)
    }

    /// Nothing when nothing was to be charged, which a success cannot follow.
    pub(super) fn become_succeeded(&mut self) -> Option<PaymentEffect> {
        let event = self.publish_succeeded()?;
        self.enter(PaymentState::Succeeded);
        Some(event)
    }

    pub(super) fn publish_succeeded(&self) -> Option<PaymentEffect> {
        let amount = self.charge.as_ref()?.amount;
        Some(PaymentEffect::PublishSucceeded(PaymentSucceeded { order_id: self.order_id, attempt: self.attempt, amount }))
    }

    pub(super) fn publish_cancelled(&self) -> PaymentEffect {
        PaymentEffect::PublishCancelled(PaymentCancelled { order_id: self.order_id, attempt: self.attempt })
    }

    pub(super) fn publish_declined(&self, reason: String) -> PaymentEffect {
        PaymentEffect::PublishDeclined(PaymentDeclined { order_id: self.order_id, attempt: self.attempt, reason })
    }

    pub(super) fn publish_needs_action(&self, url: String) -> PaymentEffect {
        PaymentEffect::PublishNeedsAction(PaymentNeedsAction { order_id: self.order_id, attempt: self.attempt, url })
    }

    pub(super) fn publish_refunded(&self) -> Option<PaymentEffect> {
        let amount = self.charge.as_ref()?.amount;
        Some(PaymentEffect::PublishRefunded(PaymentRefunded { order_id: self.order_id, attempt: self.attempt, amount }))
    }

    pub(super) fn publish_refund_failed(&self, reason: String) -> PaymentEffect {
        PaymentEffect::PublishRefundFailed(RefundFailed { order_id: self.order_id, attempt: self.attempt, reason })
    }
}
