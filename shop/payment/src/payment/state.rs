//! What is known of a payment.

use serde::{Deserialize, Serialize};

/// The state of one attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum PaymentState {
    /// The intent is being created; no money can move.
    Creating,
    /// The intent is being confirmed; money may move.
    Confirming,
    /// The confirm brought no answer; the intent is looked up until it tells.
    Unknown,
    /// The buyer has to do something at the address.
    Authenticating { url: String },
    /// The gateway declined; the intent is being cancelled before that is said.
    Closing { reason: String },
    /// The intent is being cancelled because ordering wants it so.
    Cancelling,
    /// No money was taken and none will be.
    Cancelled,
    /// No money was taken and none will be: the gateway refused.
    Declined { reason: String },
    /// The money is there.
    Succeeded,
    /// The money is being returned.
    Refunding,
    /// The money was returned.
    Refunded,
}

impl PaymentState {
    /// Its name in snake case, as it is stored and shown.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::Confirming => "confirming",
            Self::Unknown => "unknown",
            Self::Authenticating { .. } => "authenticating",
            Self::Closing { .. } => "closing",
            Self::Cancelling => "cancelling",
            Self::Cancelled => "cancelled",
            Self::Declined { .. } => "declined",
            Self::Succeeded => "succeeded",
            Self::Refunding => "refunding",
            Self::Refunded => "refunded",
        }
    }

    /// Whether nothing is under way (an authentication waits for the buyer, not for us).
    #[must_use]
    pub const fn is_at_rest(&self) -> bool {
        matches!(self, Self::Authenticating { .. } | Self::Cancelled | Self::Declined { .. } | Self::Succeeded | Self::Refunded)
    }
}
