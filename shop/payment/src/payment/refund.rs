//! Decisions about returning the money: the refund is asked for until it is known to be there.

use contracts::payment::GatewayCall;
use hosting::Timestamp;

use super::{GatewayAnswer, Payment, PaymentEffect, PaymentState, REFUND_AGAIN_AFTER};

impl Payment {
    pub(super) fn refund(&mut self, now: Timestamp) -> Option<Vec<PaymentEffect>> {
        if self.state != PaymentState::Succeeded {
            return None;
        }
        self.enter(PaymentState::Refunding);
        Some(vec![self.call_anew(GatewayCall::Refund, now)])
    }

    pub(super) fn refund_answered(
        &mut self,
        call: GatewayCall,
        key: &str,
        answer: GatewayAnswer,
        now: Timestamp,
    ) -> Option<Vec<PaymentEffect>> {
        if self.state != PaymentState::Refunding {
            return None;
        }
        if answer == GatewayAnswer::Refunded {
            let refunded = self.publish_refunded()?;
            self.enter(PaymentState::Refunded);
            return Some(vec![refunded]);
        }
        if !self.is_current(call, key) {
            return None;
        }
        if call == GatewayCall::LookUpRefund {
            return Some(vec![match answer {
                GatewayAnswer::NotRefunded => self.call(GatewayCall::Refund, now),
                _ => self.call_anew_later(GatewayCall::LookUpRefund, now),
            }]);
        }
        Some(match answer {
            GatewayAnswer::Refused { reason } | GatewayAnswer::Declined { reason } => {
                self.renew_key(GatewayCall::Refund);
                vec![self.publish_refund_failed(reason), self.call(GatewayCall::Refund, now.plus(REFUND_AGAIN_AFTER))]
            }
            GatewayAnswer::ServerError => {
                self.renew_key(GatewayCall::Refund);
                vec![self.call_anew_later(GatewayCall::LookUpRefund, now)]
            }
            _ => vec![self.call_anew_later(GatewayCall::LookUpRefund, now)],
        })
    }
}
