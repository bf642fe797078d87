//! Why a basket refuses; nothing changes then.

use contracts::{Currency, EventId, LineId, Money, OrderId};

use crate::line::LineState;

/// A wish that a basket refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BasketRefused {
    #[error("the basket is checked out as order {order_id} and can no longer be changed")]
    CheckedOut { order_id: OrderId },
    #[error("the basket has no line {line_id}")]
    NoSuchLine { line_id: LineId },
    #[error("the basket has {} lines already, which is the most it can have", super::LINES_MAX)]
    TooManyLines,
    #[error("the basket has had {} lines, removed ones among them, which is the most it can have", super::LINES_EVER_MAX)]
    UsedUp,
    #[error("event {event_id} is cancelled")]
    EventCancelled { event_id: EventId },
    #[error("a quantity of {asked} is not between 1 and {max}")]
    Quantity { asked: u32, max: u32 },
    #[error("the price is in {offered}, but the basket is in {basket}")]
    OtherCurrency { offered: Currency, basket: Currency },
    #[error("the price of line {line_id} is {today} by now, not {seen}")]
    PriceRaisedAgain { line_id: LineId, seen: Money, today: Money },
}

/// What stands between a line and the checkout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hindrance {
    /// The line is not held.
    NotHeld { line_id: LineId, state: LineState },
    /// The buyer has not accepted the new price.
    PriceRaised { line_id: LineId, old: Money, new: Money },
    /// The event is cancelled.
    EventCancelled { line_id: LineId },
}

/// A checkout that a basket refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckoutRefused {
    #[error("the basket is empty")]
    Empty,
    /// All hindrances of all lines, in their order.
    #[error("{} of the basket's lines cannot be ordered as they are", hindrances.len())]
    Lines { hindrances: Vec<Hindrance> },
    #[error("the basket's total is above {} minor units, the most that one payment can take", super::TOTAL_MINOR_MAX)]
    TotalTooLarge,
    #[error("the basket's total is {total}, but no payment method was given")]
    NoPaymentMethod { total: Money },
}
