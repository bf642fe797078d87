//! Where an order stands.

use contracts::ordering::CancelReason;
use serde::{Deserialize, Serialize};

use super::Deadline;

/// The state of an order. `attempt` numbers its payments from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum OrderState {
    /// The box office has been asked to keep the places.
    Securing,
    /// Payment has been asked for the money.
    Paying { attempt: u32 },
    /// The buyer has to do something at the address before the attempt can succeed.
    AwaitingBuyer { attempt: u32, url: String },
    /// The last attempt brought no money; the buyer may pay again. `declined` is the gateway's reason.
    AwaitingPayment { attempt: u32, declined: Option<String> },
    /// The attempt is being stopped; how it ends decides about the order.
    Stopping { attempt: u32, reason: CancelReason },
    /// Payment did not say in time how the attempt ended; the places were given back.
    Unresolved { attempt: u32, reason: CancelReason },
    /// The money came after the places were given back: they are asked for again.
    Resecuring { attempt: u32 },
    /// Paid by that attempt, or by none where there was nothing to pay; the tickets are being made.
    Paid { attempt: Option<u32> },
    /// The buyer has the tickets.
    Issued { attempt: Option<u32> },
    /// The money is being returned.
    Refunding { reason: CancelReason },
    /// Ended without tickets and without money.
    Cancelled { reason: CancelReason },
    /// Ended without tickets, the money returned.
    Refunded { reason: CancelReason },
}

impl OrderState {
    /// Its name in snake case, as it is stored and shown.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Securing => "securing",
            Self::Paying { .. } => "paying",
            Self::AwaitingBuyer { .. } => "awaiting_buyer",
            Self::AwaitingPayment { .. } => "awaiting_payment",
            Self::Stopping { .. } => "stopping",
            Self::Unresolved { .. } => "unresolved",
            Self::Resecuring { .. } => "resecuring",
            Self::Paid { .. } => "paid",
            Self::Issued { .. } => "issued",
            Self::Refunding { .. } => "refunding",
            Self::Cancelled { .. } => "cancelled",
            Self::Refunded { .. } => "refunded",
        }
    }

    /// Why the order ends or ended without tickets.
    #[must_use]
    pub const fn reason(&self) -> Option<CancelReason> {
        match self {
            Self::Stopping { reason, .. }
            | Self::Unresolved { reason, .. }
            | Self::Refunding { reason }
            | Self::Cancelled { reason }
            | Self::Refunded { reason } => Some(*reason),
            _ => None,
        }
    }

    /// Whether the order rests here unless something late arrives.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Issued { .. } | Self::Cancelled { .. } | Self::Refunded { .. })
    }

    /// The deadline that runs in this state.
    pub(super) const fn deadline(&self) -> Option<Deadline> {
        match self {
            Self::Securing => Some(Deadline::Securing),
            Self::Paying { .. } | Self::AwaitingBuyer { .. } | Self::AwaitingPayment { .. } => Some(Deadline::Payment),
            Self::Stopping { attempt, .. } => Some(Deadline::GiveUp { attempt: *attempt }),
            _ => None,
        }
    }
}
