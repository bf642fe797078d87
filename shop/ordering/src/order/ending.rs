//! Decisions that end an order without tickets: the buyer, the organiser, a cancelled event, a deadline.

use contracts::ordering::{CancelReason, OrderCancelled};
use hosting::Timestamp;

use super::{ATTEMPTS_MAX, Deadline, GIVE_UP_TIME, Order, OrderEffect, OrderState};

/// Why a wish of the buyer or the organiser cannot be met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The order's state does not allow it.
    State,
    /// The payment window ended then.
    WindowOver { until: Timestamp },
    /// All payment attempts are used.
    AttemptsUsed,
}

/// A wish was refused and nothing changed; the answer tells the current state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.text())]
pub struct Refused {
    /// Where the order stands.
    pub state: OrderState,
    /// Why not.
    pub refusal: Refusal,
}

impl Refused {
    fn text(&self) -> String {
        let state = self.state.name();
        match self.refusal {
            Refusal::State => format!("the order is `{state}`, which does not allow this"),
            Refusal::WindowOver { until } => format!("the order is `{state}`, but its time to pay ended at {until}"),
            Refusal::AttemptsUsed => format!("the order is `{state}`, but all {ATTEMPTS_MAX} payment attempts are used"),
        }
    }
}

impl Order {
    /// The buyer cancels.
    ///
    /// # Errors
    /// When the order is paid, or ends already for a reason that stands.
    pub fn cancel_by_buyer(&mut self, now: Timestamp) -> Result<Vec<OrderEffect>, Refused> {
        self.wish(CancelReason::Buyer, now)
    }

    /// The organiser takes back a paid order.
    ///
    /// # Errors
    /// When the order is neither paid nor issued.
    pub fn refund_by_organiser(&mut self, now: Timestamp) -> Result<Vec<OrderEffect>, Refused> {
        self.wish(CancelReason::Organiser, now)
    }

    fn wish(&mut self, reason: CancelReason, now: Timestamp) -> Result<Vec<OrderEffect>, Refused> {
        let before = self.state.deadline();
        match self.stop(reason, now) {
            Some(effects) => Ok(self.changed(before, effects)),
            None => Err(self.refused(Refusal::State)),
        }
    }

    pub(super) fn refused(&self, refusal: Refusal) -> Refused {
        Refused { state: self.state.clone(), refusal }
    }

    /// Somebody or something wants the order to end.
    pub(super) fn stop(&mut self, reason: CancelReason, now: Timestamp) -> Option<Vec<OrderEffect>> {
        use CancelReason::{Buyer, Deadline as PaymentDeadline, EventCancelled, Organiser, SecuringDeadline};
        match (&self.state, reason) {
            (OrderState::Securing, Buyer | EventCancelled | SecuringDeadline)
            | (OrderState::AwaitingPayment { .. }, Buyer | EventCancelled | PaymentDeadline) => Some(self.end(reason)),
            (OrderState::Paying { attempt } | OrderState::AwaitingBuyer { attempt, .. }, Buyer | EventCancelled | PaymentDeadline) => {
                Some(self.stop_payment(*attempt, reason, now))
            }
            (OrderState::Stopping { attempt, reason: PaymentDeadline }, Buyer | EventCancelled) => {
                self.state = OrderState::Stopping { attempt: *attempt, reason };
                Some(Vec::new())
            }
            (OrderState::Unresolved { attempt, reason: PaymentDeadline }, Buyer | EventCancelled) => {
                self.state = OrderState::Unresolved { attempt: *attempt, reason };
                Some(Vec::new())
            }
            (OrderState::Resecuring { attempt }, EventCancelled) => Some(self.take_back(*attempt, reason)),
            (OrderState::Paid { attempt } | OrderState::Issued { attempt }, EventCancelled | Organiser) => Some(match *attempt {
                Some(attempt) => self.take_back(attempt, reason),
                None => self.end(reason),
            }),
            _ => None,
        }
    }

    /// Payment did not say in time how the attempt ended: the places go back, and the buyer is told.
    pub(super) fn give_up(&mut self, attempt: u32) -> Option<Vec<OrderEffect>> {
        match self.state {
            OrderState::Stopping { attempt: current, reason } if current == attempt => {
                self.state = OrderState::Unresolved { attempt, reason };
                Some(vec![self.release_order(), self.cancelled_event(CancelReason::PaymentUnresolved)])
            }
            _ => None,
        }
    }

    pub(super) fn cancelled_event(&self, reason: CancelReason) -> OrderEffect {
        OrderEffect::PublishCancelled(OrderCancelled {
            order_id: self.order_id,
            version: self.version + 1,
            securing: self.securing,
            email: self.email.clone(),
            name: self.name.clone(),
            reason,
        })
    }

    /// No money is there or under way.
    fn end(&mut self, reason: CancelReason) -> Vec<OrderEffect> {
        self.state = OrderState::Cancelled { reason };
        vec![self.release_order(), self.cancelled_event(reason)]
    }

    /// Money may be under way: stop it first.
    fn stop_payment(&mut self, attempt: u32, reason: CancelReason, now: Timestamp) -> Vec<OrderEffect> {
        self.state = OrderState::Stopping { attempt, reason };
        vec![self.cancel_payment(attempt), OrderEffect::Set(Deadline::GiveUp { attempt }, now.plus(GIVE_UP_TIME))]
    }

    /// Money is there: return it, and the places.
    fn take_back(&mut self, attempt: u32, reason: CancelReason) -> Vec<OrderEffect> {
        self.state = OrderState::Refunding { reason };
        vec![self.refund_payment(attempt), self.release_order()]
    }
}
