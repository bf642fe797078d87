//! What payment is asked and what it says about an order's attempts, and the calls it schedules for itself. The
//! gateway's own vocabulary stays in the payment service.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Money, OrderId};

/// Card numbers have at least so many digits.
const CARD_DIGITS_MIN: usize = 12;

/// What the gateway calls a card that was entered there: a token, never the card's number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct PaymentMethod(String);

impl PaymentMethod {
    /// The longest token that is accepted, in bytes.
    pub const BYTES_MAX: usize = 255;

    /// The method that a client names: one token, and never a card's number, which must not get into a message or a file.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn named(token: String) -> Result<Self, PaymentMethodError> {
        if !(1..=Self::BYTES_MAX).contains(&token.len()) || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(PaymentMethodError::Token);
        }
        let digits = token.bytes().filter(u8::is_ascii_digit).count();
        if digits >= CARD_DIGITS_MIN && token.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
            return Err(PaymentMethodError::CardNumber);
        }
        Ok(Self(token))
    }

    /// No method, for what costs nothing.
    #[must_use]
    pub const fn none() -> Self {
        Self(String::new())
    }

    /// The method with that token.
    #[must_use]
    pub fn new(token: impl Into<String>) -> Self {
        Self(token.into())
    }

    /// The token as the gateway gave it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text names no payment method. Does not repeat the text: it may be a card's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PaymentMethodError {
    #[error("must be a token as the payment gateway gives it, 1 to {} printable characters without spaces", PaymentMethod::BYTES_MAX)]
    Token,
    #[error("must be a token of the payment gateway, never a card's number: enter the card at the gateway")]
    CardNumber,
}

impl fmt::Display for PaymentMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Charge the order's total, as its attempt with that number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RequestPayment {
    pub order_id: OrderId,
    /// Starts at 1; a further attempt has the next number.
    pub attempt: u32,
    pub amount: Money,
    pub payment_method: PaymentMethod,
}

/// Stop that attempt if it has not succeeded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CancelPayment {
    pub order_id: OrderId,
    pub attempt: u32,
}

/// Return the money of that attempt, all of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RefundPayment {
    pub order_id: OrderId,
    pub attempt: u32,
    pub amount: Money,
}

/// What is to be done at the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GatewayCall {
    /// Create the payment intent; moves no money.
    Create,
    /// Confirm the intent; may move money.
    Confirm,
    /// Ask how the intent stands.
    Retrieve,
    /// Cancel the intent.
    Cancel,
    /// Return the money.
    Refund,
    /// Ask how the refund stands.
    LookUpRefund,
}

/// To itself: make a call to the gateway now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CallGateway {
    pub order_id: OrderId,
    pub attempt: u32,
    pub call: GatewayCall,
    /// The idempotency key; empty for calls that change nothing.
    pub key: String,
}

/// The money is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PaymentSucceeded {
    pub order_id: OrderId,
    pub attempt: u32,
    pub amount: Money,
}

/// No money was taken and none will be: the gateway refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PaymentDeclined {
    pub order_id: OrderId,
    pub attempt: u32,
    /// The gateway's code, such as `insufficient_funds`.
    pub reason: String,
}

/// No money was taken and none will be: the attempt was stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PaymentCancelled {
    pub order_id: OrderId,
    pub attempt: u32,
}

/// The buyer has to do something at that address before the attempt can succeed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PaymentNeedsAction {
    pub order_id: OrderId,
    pub attempt: u32,
    pub url: String,
}

/// The money of the attempt was returned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PaymentRefunded {
    pub order_id: OrderId,
    pub attempt: u32,
    pub amount: Money,
}

/// The gateway refuses to return the money; it is tried again, and a person should look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RefundFailed {
    pub order_id: OrderId,
    pub attempt: u32,
    /// The gateway's code.
    pub reason: String,
}

message!(command "globoticket.payment.request-payment" v 1 to "payment": RequestPayment, about order_id);
message!(command "globoticket.payment.cancel-payment" v 1 to "payment": CancelPayment, about order_id);
message!(command "globoticket.payment.refund-payment" v 1 to "payment": RefundPayment, about order_id);
message!(command "globoticket.payment.call-gateway" v 1 to "payment": CallGateway, about order_id);
message!(event "globoticket.payment.payment-succeeded" v 1: PaymentSucceeded, about order_id);
message!(event "globoticket.payment.payment-declined" v 1: PaymentDeclined, about order_id);
message!(event "globoticket.payment.payment-cancelled" v 1: PaymentCancelled, about order_id);
message!(event "globoticket.payment.payment-needs-action" v 1: PaymentNeedsAction, about order_id);
message!(event "globoticket.payment.payment-refunded" v 1: PaymentRefunded, about order_id);
message!(event "globoticket.payment.refund-failed" v 1: RefundFailed, about order_id);
