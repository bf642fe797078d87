//! What reaches an order as a message; what reaches it over HTTP is a method of its own that can be refused.

use contracts::EventId;
use contracts::box_office::{TicketsIssued, TicketsSecured, TicketsUnavailable, Unavailable};
use contracts::ordering::{CancelOrderOfEvent, GiveUp, PaymentDeadline, PlaceOrder, SecuringDeadline};
use contracts::payment::{PaymentCancelled, PaymentDeclined, PaymentNeedsAction, PaymentRefunded, PaymentSucceeded};
use hosting::Timestamp;

/// A message or deadline as an order sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderInput {
    /// `PlaceOrder` for an order that exists.
    PlacedAgain,
    TicketsSecured {
        securing: u32,
        until: Timestamp,
    },
    TicketsUnavailable {
        securing: u32,
        reason: Unavailable,
    },
    TicketsIssued {
        securing: u32,
    },
    PaymentSucceeded {
        attempt: u32,
    },
    PaymentDeclined {
        attempt: u32,
        reason: String,
    },
    PaymentCancelled {
        attempt: u32,
    },
    PaymentNeedsAction {
        attempt: u32,
        url: String,
    },
    PaymentRefunded {
        attempt: u32,
    },
    SecuringDeadline,
    PaymentDeadline,
    GiveUp {
        attempt: u32,
    },
    EventCancelled {
        event_id: EventId,
    },
}

macro_rules! from {
    ($($message:ident as $msg:ident => $input:expr;)*) => {
        $(impl From<$message> for OrderInput {
            fn from($msg: $message) -> Self {
                $input
            }
        })*
    };
}

from! {
    PlaceOrder as _msg => Self::PlacedAgain;
    TicketsSecured as msg => Self::TicketsSecured { securing: msg.securing, until: msg.until };
    TicketsUnavailable as msg => Self::TicketsUnavailable { securing: msg.securing, reason: msg.reason };
    TicketsIssued as msg => Self::TicketsIssued { securing: msg.securing };
    PaymentSucceeded as msg => Self::PaymentSucceeded { attempt: msg.attempt };
    PaymentDeclined as msg => Self::PaymentDeclined { attempt: msg.attempt, reason: msg.reason };
    PaymentCancelled as msg => Self::PaymentCancelled { attempt: msg.attempt };
    PaymentNeedsAction as msg => Self::PaymentNeedsAction { attempt: msg.attempt, url: msg.url };
    PaymentRefunded as msg => Self::PaymentRefunded { attempt: msg.attempt };
    SecuringDeadline as _msg => Self::SecuringDeadline;
    PaymentDeadline as _msg => Self::PaymentDeadline;
    GiveUp as msg => Self::GiveUp { attempt: msg.attempt };
    CancelOrderOfEvent as msg => Self::EventCancelled { event_id: msg.event_id };
}
