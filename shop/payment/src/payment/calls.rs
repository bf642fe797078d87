//! Keys and times of a payment's calls. A call repeated under its old key may be answered from the gateway's memory;
//! under a new key it is a new call.

use std::time::Duration;

use contracts::payment::{CallGateway, GatewayCall};
use hosting::Timestamp;

use super::{Payment, PaymentEffect, PaymentState};

/// How long to wait before asking again; the last one repeats.
pub const AGAIN_AFTER: [Duration; 4] = [Duration::from_secs(2), Duration::from_secs(10), Duration::from_secs(60), Duration::from_secs(600)];
/// How long to wait after a refused refund.
pub const REFUND_AGAIN_AFTER: Duration = Duration::from_secs(3_600);

impl Payment {
    /// Whether that call is still to be made when its time has come: it is the newest of its kind, in a state that
    /// waits for it.
    #[must_use]
    pub fn wants(&self, call: GatewayCall, key: &str) -> bool {
        let awaited = match call {
            GatewayCall::Create => self.state == PaymentState::Creating,
            GatewayCall::Confirm => self.state == PaymentState::Confirming,
            GatewayCall::Retrieve => self.intent.is_some(),
            GatewayCall::Cancel => {
                matches!(self.state, PaymentState::Closing { .. } | PaymentState::Cancelling | PaymentState::Cancelled)
            }
            GatewayCall::Refund | GatewayCall::LookUpRefund => self.state == PaymentState::Refunding,
        };
        awaited && self.is_current(call, key)
    }

    /// A call under a new key, now.
    pub(super) fn call_anew(&mut self, call: GatewayCall, now: Timestamp) -> PaymentEffect {
        self.renew_key(call);
        self.call(call, now)
    }

    /// A call under a new key, after a wait that grows with each try.
    pub(super) fn call_anew_later(&mut self, call: GatewayCall, now: Timestamp) -> PaymentEffect {
        self.renew_key(call);
        self.call_again_later(call, now)
    }

    /// A call under its current key, after a wait that grows with each try.
    pub(super) fn call_again_later(&mut self, call: GatewayCall, now: Timestamp) -> PaymentEffect {
        let index = usize::try_from(self.tries).unwrap_or(usize::MAX).min(AGAIN_AFTER.len() - 1);
        self.tries = self.tries.saturating_add(1);
        self.call(call, now.plus(AGAIN_AFTER[index]))
    }

    /// A call under its current key, due then.
    pub(super) fn call(&self, call: GatewayCall, due: Timestamp) -> PaymentEffect {
        let command = CallGateway { order_id: self.order_id, attempt: self.attempt, call, key: self.key(call) };
        PaymentEffect::Call(command, due)
    }

    /// From now on the call has a key that the gateway has not seen.
    pub(super) fn renew_key(&mut self, call: GatewayCall) {
        let number = self.keys.entry(call).or_default();
        *number = number.saturating_add(1);
    }

    pub(super) fn is_current(&self, call: GatewayCall, key: &str) -> bool {
        self.key(call) == key
    }

    /// `<order>/<attempt>/<call>`, and from the second key on its number.
    fn key(&self, call: GatewayCall) -> String {
        let word = match call {
            GatewayCall::Create => "create",
            GatewayCall::Confirm => "confirm",
            GatewayCall::Retrieve => "retrieve",
            GatewayCall::Cancel => "cancel",
            GatewayCall::Refund => "refund",
            GatewayCall::LookUpRefund => "look-up-refund",
        };
        match self.keys.get(&call) {
            None | Some(0 | 1) => format!("{}/{}/{word}", self.order_id, self.attempt),
            Some(number) => format!("{}/{}/{word}/{number}", self.order_id, self.attempt),
        }
    }
}
