//! What a payment is told. The gateway's dialect is put into these words by the client that makes the calls.

use contracts::payment::GatewayCall;

/// What reaches a payment that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentInput {
    /// `RequestPayment` again, or after its cancel.
    Request,
    /// `CancelPayment`.
    Cancel,
    /// `RefundPayment`.
    Refund,
    /// A webhook says that something happened; what it says is not believed, but looked up.
    Hint,
    /// A call was answered, or given up without an answer. `key` is the call's own.
    Answered { call: GatewayCall, key: String, answer: GatewayAnswer },
}

/// How a call ended. A refusal *because* the intent has already succeeded or is cancelled counts as that answer, and a
/// refund refused because the charge is already refunded counts as refunded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GatewayAnswer {
    /// The intent exists under that id.
    Created { intent: String },
    /// The intent has succeeded: the money is there.
    Succeeded,
    /// The intent waits for the buyer at that address.
    NeedsAction { url: String },
    /// The intent is cancelled for ever.
    Cancelled,
    /// The intent is still to be confirmed.
    ToConfirm,
    /// The gateway declined the card.
    Declined { reason: String },
    /// The money was returned.
    Refunded,
    /// The look-up found no refund.
    NotRefunded,
    /// A 4xx that is not about the intent's state.
    Refused { reason: String },
    /// A 5xx: the gateway keeps this answer under the call's key, so asking again needs a new one.
    ServerError,
    /// No answer, or one that decides nothing yet (processing, 409 for a key in use, 429): the same key may be used again.
    NoAnswer,
}

impl GatewayAnswer {
    /// Its name in snake case, as histories show it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Created { .. } => "created",
            Self::Succeeded => "succeeded",
            Self::NeedsAction { .. } => "needs_action",
            Self::Cancelled => "cancelled",
            Self::ToConfirm => "to_confirm",
            Self::Declined { .. } => "declined",
            Self::Refunded => "refunded",
            Self::NotRefunded => "not_refunded",
            Self::Refused { .. } => "refused",
            Self::ServerError => "server_error",
            Self::NoAnswer => "no_answer",
        }
    }
}
