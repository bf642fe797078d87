//! What a payment does with a safeguard switched off, in simulations alone: they show what the safeguard is for.

use contracts::payment::GatewayCall;

use super::{Payment, PaymentEffect, PaymentState};

impl Payment {
    /// Instead of looking up an intent whose confirm brought no answer, makes a second one, as if the first had failed.
    #[must_use]
    pub fn without_look_up(&mut self, effects: Vec<PaymentEffect>) -> Vec<PaymentEffect> {
        let second = self.keys.get(&GatewayCall::Create).is_some_and(|keys| *keys > 1);
        if second || self.state != PaymentState::Unknown || !effects.iter().any(looks_up) {
            return effects;
        }
        self.intent = None;
        self.state = PaymentState::Creating;
        self.renew_key(GatewayCall::Create);
        effects.into_iter().map(|effect| self.create_instead(effect)).collect()
    }

    fn create_instead(&self, effect: PaymentEffect) -> PaymentEffect {
        match effect {
            PaymentEffect::Call(call, due) if call.call == GatewayCall::Retrieve => self.call(GatewayCall::Create, due),
            other => other,
        }
    }
}

fn looks_up(effect: &PaymentEffect) -> bool {
    matches!(effect, PaymentEffect::Call(call, _) if call.call == GatewayCall::Retrieve)
}
