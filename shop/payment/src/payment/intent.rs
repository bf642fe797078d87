//! Decisions from what the gateway says about the intent. *Succeeded* is believed in every state before the refund, since
//! money moved; anything else counts only where the state waits for it, and asks again only from the newest call.

use contracts::payment::GatewayCall;
use hosting::Timestamp;

use super::{GatewayAnswer, Payment, PaymentEffect, PaymentState};

impl Payment {
    pub(super) fn intent_answered(
        &mut self,
        call: GatewayCall,
        key: &str,
        answer: GatewayAnswer,
        now: Timestamp,
    ) -> Option<Vec<PaymentEffect>> {
        let current = self.is_current(call, key);
        match (&self.state, answer) {
            (state, GatewayAnswer::Succeeded) if can_still_succeed(state) => Some(vec![self.become_succeeded()?]),
            (PaymentState::Confirming | PaymentState::Unknown | PaymentState::Authenticating { .. }, answer) => {
                self.open_intent_answered(call, current, answer, now)
            }
            (PaymentState::Closing { reason }, GatewayAnswer::Cancelled) => {
                let reason = reason.clone();
                Some(vec![self.become_declined(reason)])
            }
            (PaymentState::Cancelling, GatewayAnswer::Cancelled) => Some(vec![self.become_cancelled()]),
            (PaymentState::Closing { .. } | PaymentState::Cancelling, _) if call == GatewayCall::Cancel && current => {
                Some(vec![self.call_anew_later(GatewayCall::Cancel, now)])
            }
            _ => None,
        }
    }

    /// The intent may still succeed, and nobody wants it stopped.
    fn open_intent_answered(
        &mut self,
        call: GatewayCall,
        current: bool,
        answer: GatewayAnswer,
        now: Timestamp,
    ) -> Option<Vec<PaymentEffect>> {
        match (&self.state, answer) {
            (_, GatewayAnswer::Cancelled) => Some(vec![self.become_cancelled()]),
            (_, GatewayAnswer::Declined { reason }) => Some(vec![self.close(reason, now)]),
            (PaymentState::Confirming | PaymentState::Unknown, GatewayAnswer::NeedsAction { url }) => {
                self.enter(PaymentState::Authenticating { url: url.clone() });
                Some(vec![self.publish_needs_action(url), self.call_anew_later(GatewayCall::Retrieve, now)])
            }
            _ if !current => None,
            (PaymentState::Confirming, _) if call != GatewayCall::Confirm => None,
            (_, GatewayAnswer::Refused { reason }) => Some(vec![self.close(reason, now)]),
            (PaymentState::Unknown, GatewayAnswer::ToConfirm) if call == GatewayCall::Retrieve => {
                self.enter(PaymentState::Confirming);
                Some(vec![self.call_anew(GatewayCall::Confirm, now)])
            }
            (PaymentState::Confirming, _) => {
                self.enter(PaymentState::Unknown);
                Some(vec![self.call_anew_later(GatewayCall::Retrieve, now)])
            }
            _ if call == GatewayCall::Retrieve => Some(vec![self.call_anew_later(GatewayCall::Retrieve, now)]),
            _ => None,
        }
    }

    /// A webhook came: look the intent up now, instead of at the next time set for it.
    pub(super) fn hint(&mut self, now: Timestamp) -> Option<Vec<PaymentEffect>> {
        self.intent.as_ref()?;
        Some(vec![self.call_anew(GatewayCall::Retrieve, now)])
    }

    /// Declined, but a confirm may still be under way: it must not capture after that was said.
    fn close(&mut self, reason: String, now: Timestamp) -> PaymentEffect {
        self.enter(PaymentState::Closing { reason });
        self.call_anew(GatewayCall::Cancel, now)
    }
}

fn can_still_succeed(state: &PaymentState) -> bool {
    match state {
        PaymentState::Confirming
        | PaymentState::Unknown
        | PaymentState::Authenticating { .. }
        | PaymentState::Closing { .. }
        | PaymentState::Cancelling
        | PaymentState::Cancelled
        | PaymentState::Declined { .. } => true,
        PaymentState::Creating | PaymentState::Succeeded | PaymentState::Refunding | PaymentState::Refunded => false,
    }
}
