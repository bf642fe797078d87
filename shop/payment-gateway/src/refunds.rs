//! Refunds: money given back of a charge, in all never more than was captured. Pure: no SQL, no HTTP.

use std::collections::BTreeMap;

use hosting::Timestamp;
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::intents::{Charge, seconds};

/// Why money may be given back.
pub(crate) const REASONS: [&str; 3] = ["duplicate", "fraudulent", "requested_by_customer"];

/// Money given back.
#[derive(Debug, Clone)]
pub(crate) struct Refund {
    pub(crate) id: String,
    pub(crate) charge: String,
    pub(crate) payment_intent: String,
    /// In minor units.
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) reason: Option<String>,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) created: Timestamp,
}

impl Charge {
    /// Gives back `amount`, or all that is left; answers how much.
    ///
    /// # Errors
    /// Nothing was captured, nothing is left, or less is left than asked for.
    pub(crate) fn give_back(&mut self, amount: Option<i64>) -> Result<i64, ApiError> {
        if !self.captured {
            let message = format!("Charge {} has not been captured, so there is nothing to refund.", self.id);
            return Err(ApiError::invalid(message).param("charge"));
        }
        let left = self.amount - self.amount_refunded;
        if left == 0 {
            let message = format!("Charge {} has already been refunded.", self.id);
            return Err(ApiError::invalid(message).code("charge_already_refunded"));
        }
        let amount = amount.unwrap_or(left);
        if amount > left {
            let message = format!("Refund amount ({amount}) is greater than unrefunded amount on charge ({left}). Refund at most that.");
            return Err(ApiError::invalid(message).code("amount_too_large").param("amount"));
        }
        self.amount_refunded += amount;
        Ok(amount)
    }
}

impl Refund {
    /// The refund as callers see it.
    pub(crate) fn object(&self) -> Value {
        json!({
            "id": self.id,
            "object": "refund",
            "amount": self.amount,
            "charge": self.charge,
            "created": seconds(self.created),
            "currency": self.currency,
            "metadata": self.metadata,
            "payment_intent": self.payment_intent,
            "reason": self.reason,
            "status": "succeeded",
        })
    }
}
