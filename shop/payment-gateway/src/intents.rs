//! Payment intents and their charges: what may become of them. An intent captures once, however often it is confirmed,
//! and never after it was cancelled. Pure: no SQL, no HTTP.

use std::collections::BTreeMap;

use hosting::Timestamp;
use serde_json::{Value, json};

use crate::cards::{Behaviour, Card, Decline};
use crate::error::ApiError;

/// The largest amount of an intent, in minor units: eight digits, as Stripe has it.
pub(crate) const AMOUNT_MAX: i64 = 99_999_999;
/// Why an intent may be cancelled.
pub(crate) const CANCELLATION_REASONS: [&str; 4] = ["duplicate", "fraudulent", "requested_by_customer", "abandoned"];

/// A card that was entered.
#[derive(Debug, Clone)]
pub(crate) struct PaymentMethod {
    pub(crate) id: String,
    pub(crate) card: Card,
    pub(crate) exp_month: i64,
    pub(crate) exp_year: i64,
    pub(crate) created: Timestamp,
}

/// Where an intent stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    RequiresPaymentMethod,
    RequiresConfirmation,
    Succeeded,
    Canceled,
}

/// Somebody means to pay an amount.
#[derive(Debug, Clone)]
pub(crate) struct Intent {
    pub(crate) id: String,
    /// In minor units.
    pub(crate) amount: i64,
    /// ISO 4217, lower case.
    pub(crate) currency: String,
    pub(crate) status: Status,
    pub(crate) payment_method: Option<String>,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) latest_charge: Option<String>,
    /// Why the latest charge failed, if it did.
    pub(crate) last_decline: Option<Decline>,
    pub(crate) cancellation_reason: Option<String>,
    pub(crate) created: Timestamp,
    pub(crate) canceled_at: Option<Timestamp>,
}

/// One attempt to take the money.
#[derive(Debug, Clone)]
pub(crate) struct Charge {
    pub(crate) id: String,
    pub(crate) payment_intent: String,
    pub(crate) amount: i64,
    pub(crate) amount_refunded: i64,
    pub(crate) currency: String,
    /// The money was taken.
    pub(crate) captured: bool,
    pub(crate) decline: Option<Decline>,
    pub(crate) created: Timestamp,
}

impl Status {
    const ALL: [Self; 4] = [Self::RequiresPaymentMethod, Self::RequiresConfirmation, Self::Succeeded, Self::Canceled];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::RequiresPaymentMethod => "requires_payment_method",
            Self::RequiresConfirmation => "requires_confirmation",
            Self::Succeeded => "succeeded",
            Self::Canceled => "canceled",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

impl Intent {
    /// Which payment method a confirm uses: the one it names, else the intent's.
    ///
    /// # Errors
    /// There is none, or the intent is over. The error carries the intent.
    pub(crate) fn method_to_confirm(&self, named: Option<&str>) -> Result<String, ApiError> {
        match self.status {
            Status::Succeeded | Status::Canceled => Err(self.unexpected_state("confirm")),
            Status::RequiresPaymentMethod | Status::RequiresConfirmation => {
                named.or(self.payment_method.as_deref()).map(str::to_owned).ok_or_else(|| self.without_method())
            }
        }
    }

    /// Charges `method`: the intent succeeds, or asks for another payment method. To be called only after
    /// [`Self::method_to_confirm`] has allowed it.
    pub(crate) fn charge(&mut self, method: &PaymentMethod, charge_id: String, now: Timestamp) -> Charge {
        let decline = match method.card.behaviour {
            Behaviour::Declines(decline) => Some(decline),
            Behaviour::Succeeds | Behaviour::AnswersLate | Behaviour::DropsConnection | Behaviour::AnswersError => None,
        };
        self.latest_charge = Some(charge_id.clone());
        self.last_decline = decline;
        (self.status, self.payment_method) = match decline {
            Some(_) => (Status::RequiresPaymentMethod, None),
            None => (Status::Succeeded, Some(method.id.clone())),
        };
        Charge {
            id: charge_id,
            payment_intent: self.id.clone(),
            amount: self.amount,
            amount_refunded: 0,
            currency: self.currency.clone(),
            captured: decline.is_none(),
            decline,
            created: now,
        }
    }

    /// Ends the intent: it will never capture.
    ///
    /// # Errors
    /// It is over already. The error carries the intent.
    pub(crate) fn cancel(&mut self, reason: Option<String>, now: Timestamp) -> Result<(), ApiError> {
        match self.status {
            Status::Succeeded | Status::Canceled => Err(self.unexpected_state("cancel")),
            Status::RequiresPaymentMethod | Status::RequiresConfirmation => {
                self.status = Status::Canceled;
                self.cancellation_reason = reason;
                self.canceled_at = Some(now);
                Ok(())
            }
        }
    }

    /// The charge that took the money, if one did.
    pub(crate) fn captured_charge(&self) -> Option<String> {
        if self.status == Status::Succeeded { self.latest_charge.clone() } else { None }
    }

    /// The card error for a charge that was declined, with the intent as it is now.
    pub(crate) fn declined(&self, decline: Decline) -> ApiError {
        let error = decline.error().payment_intent(self.object());
        match &self.latest_charge {
            Some(charge) => error.charge(charge),
            None => error,
        }
    }

    /// The intent as callers see it.
    pub(crate) fn object(&self) -> Value {
        let received = if self.status == Status::Succeeded { self.amount } else { 0 };
        let last_error = self.last_decline.map(|decline| match &self.latest_charge {
            Some(charge) => decline.error().charge(charge),
            None => decline.error(),
        });
        json!({
            "id": self.id,
            "object": "payment_intent",
            "amount": self.amount,
            "amount_received": received,
            "canceled_at": self.canceled_at.map(seconds),
            "cancellation_reason": self.cancellation_reason,
            "capture_method": "automatic",
            "confirmation_method": "automatic",
            "created": seconds(self.created),
            "currency": self.currency,
            "last_payment_error": last_error,
            "latest_charge": self.latest_charge,
            "livemode": false,
            "metadata": self.metadata,
            "next_action": null,
            "payment_method": self.payment_method,
            "payment_method_types": ["card"],
            "status": self.status.name(),
        })
    }

    fn unexpected_state(&self, verb: &str) -> ApiError {
        let status = self.status.name();
        let message = format!(
            "You cannot {verb} this PaymentIntent because it has a status of {status}. Only a PaymentIntent with one of the following \
             statuses may be used for this: requires_payment_method, requires_confirmation."
        );
        ApiError::invalid(message).code("payment_intent_unexpected_state").payment_intent(self.object())
    }

    fn without_method(&self) -> ApiError {
        let message = "You cannot confirm this PaymentIntent because it's missing a payment method. Confirm it again with one.";
        ApiError::invalid(message).code("payment_intent_unexpected_state").payment_intent(self.object())
    }
}

impl PaymentMethod {
    /// The payment method as callers see it.
    pub(crate) fn object(&self) -> Value {
        json!({
            "id": self.id,
            "object": "payment_method",
            "card": {
                "brand": self.card.brand,
                "last4": self.card.last4,
                "exp_month": self.exp_month,
                "exp_year": self.exp_year,
            },
            "created": seconds(self.created),
            "livemode": false,
            "type": "card",
        })
    }
}

/// Seconds since 1970, as Stripe writes instants.
pub(crate) fn seconds(instant: Timestamp) -> i64 {
    instant.as_micros().div_euclid(1_000_000)
}
