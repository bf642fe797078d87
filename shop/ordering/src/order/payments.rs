//! Decisions about an order's payments: every attempt that took money ends in tickets or is refunded.

use contracts::ordering::{CancelReason, OrderRefunded};
use contracts::payment::{CancelPayment, PaymentMethod, RefundPayment, RequestPayment};
use hosting::Timestamp;

use super::{ATTEMPTS_MAX, Order, OrderEffect, OrderState, Refusal, Refused};

impl Order {
    /// The buyer pays again, with that method.
    ///
    /// # Errors
    /// When the order does not await a payment, its payment window is over, or all attempts are used.
    pub fn pay_again(&mut self, method: PaymentMethod, now: Timestamp) -> Result<Vec<OrderEffect>, Refused> {
        let OrderState::AwaitingPayment { attempt, .. } = self.state else {
            return Err(self.refused(Refusal::State));
        };
        if let Some(until) = self.until.filter(|until| now >= *until) {
            return Err(self.refused(Refusal::WindowOver { until }));
        }
        if attempt >= ATTEMPTS_MAX {
            return Err(self.refused(Refusal::AttemptsUsed));
        }
        let before = self.state.deadline();
        self.payment_method = method;
        self.state = OrderState::Paying { attempt: attempt + 1 };
        let effects = vec![self.request_payment(attempt + 1)];
        Ok(self.changed(before, effects))
    }

    pub(super) fn payment_succeeded(&mut self, attempt: u32) -> Option<Vec<OrderEffect>> {
        if !self.captured.insert(attempt) {
            return None;
        }
        Some(match self.state {
            OrderState::Paying { attempt: current }
            | OrderState::AwaitingBuyer { attempt: current, .. }
            | OrderState::AwaitingPayment { attempt: current, .. }
            | OrderState::Stopping { attempt: current, reason: CancelReason::Deadline }
                if current == attempt =>
            {
                self.become_paid(Some(attempt))
            }
            OrderState::Unresolved { attempt: current, reason: CancelReason::Deadline } if current == attempt => {
                self.state = OrderState::Resecuring { attempt };
                self.securing += 1;
                vec![self.secure_tickets()]
            }
            OrderState::Stopping { attempt: current, reason } if current == attempt => {
                self.state = OrderState::Refunding { reason };
                vec![self.refund_payment(attempt), self.release_order()]
            }
            OrderState::Unresolved { attempt: current, reason } if current == attempt => self.refund_late(attempt, reason),
            OrderState::Cancelled { reason } | OrderState::Refunded { reason } => self.refund_late(attempt, reason),
            _ => vec![self.refund_payment(attempt)],
        })
    }

    /// The places are given back already; only the money has to go back.
    fn refund_late(&mut self, attempt: u32, reason: CancelReason) -> Vec<OrderEffect> {
        self.state = OrderState::Refunding { reason };
        vec![self.refund_payment(attempt)]
    }

    /// The attempt took no money and will take none; `declined` is the gateway's reason if it refused.
    pub(super) fn payment_ended(&mut self, attempt: u32, declined: Option<String>) -> Option<Vec<OrderEffect>> {
        match self.state {
            OrderState::Paying { attempt: current } | OrderState::AwaitingBuyer { attempt: current, .. } if current == attempt => {
                self.state = OrderState::AwaitingPayment { attempt, declined };
                Some(Vec::new())
            }
            OrderState::Stopping { attempt: current, reason } if current == attempt => {
                self.state = OrderState::Cancelled { reason };
                Some(vec![self.release_order(), self.cancelled_event(reason)])
            }
            OrderState::Unresolved { attempt: current, reason } if current == attempt => {
                self.state = OrderState::Cancelled { reason };
                Some(Vec::new())
            }
            _ => None,
        }
    }

    pub(super) fn payment_needs_action(&mut self, attempt: u32, url: String) -> Option<Vec<OrderEffect>> {
        if self.state != (OrderState::Paying { attempt }) {
            return None;
        }
        self.state = OrderState::AwaitingBuyer { attempt, url };
        Some(Vec::new())
    }

    pub(super) fn payment_refunded(&mut self, attempt: u32) -> Option<Vec<OrderEffect>> {
        if !self.refunded.insert(attempt) {
            return None;
        }
        match self.state {
            OrderState::Refunding { reason } if self.captured.is_subset(&self.refunded) => {
                self.state = OrderState::Refunded { reason };
                Some(vec![self.refunded_event(reason)])
            }
            _ => Some(Vec::new()),
        }
    }

    pub(super) fn request_payment(&self, attempt: u32) -> OrderEffect {
        OrderEffect::RequestPayment(RequestPayment {
            order_id: self.order_id,
            attempt,
            amount: self.total,
            payment_method: self.payment_method.clone(),
        })
    }

    pub(super) fn cancel_payment(&self, attempt: u32) -> OrderEffect {
        OrderEffect::CancelPayment(CancelPayment { order_id: self.order_id, attempt })
    }

    pub(super) fn refund_payment(&self, attempt: u32) -> OrderEffect {
        OrderEffect::RefundPayment(RefundPayment { order_id: self.order_id, attempt, amount: self.total })
    }

    fn refunded_event(&self, reason: CancelReason) -> OrderEffect {
        OrderEffect::PublishRefunded(OrderRefunded {
            order_id: self.order_id,
            version: self.version + 1,
            securing: self.securing,
            email: self.email.clone(),
            name: self.name.clone(),
            total: self.total,
            reason,
        })
    }
}
