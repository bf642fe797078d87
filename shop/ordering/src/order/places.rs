//! Decisions about an order's places at the box office.

use contracts::box_office::{IssueTickets, ReleaseOrder, SecureLine, SecureTickets, Unavailable};
use contracts::ordering::{CancelReason, OrderPaid, Places};
use hosting::Timestamp;

use super::{Deadline, Order, OrderEffect, OrderState};

impl Order {
    pub(super) fn tickets_secured(&mut self, securing: u32, until: Timestamp) -> Option<Vec<OrderEffect>> {
        if securing != self.securing {
            return None;
        }
        match self.state {
            OrderState::Securing if self.total.is_zero() => Some(self.become_paid(None)),
            OrderState::Securing => {
                self.until = Some(until);
                self.state = OrderState::Paying { attempt: 1 };
                Some(vec![self.request_payment(1), OrderEffect::Set(Deadline::Payment, until)])
            }
            OrderState::Resecuring { attempt } => Some(self.become_paid(Some(attempt))),
            _ => None,
        }
    }

    pub(super) fn tickets_unavailable(&mut self, securing: u32, reason: Unavailable) -> Option<Vec<OrderEffect>> {
        if securing != self.securing {
            return None;
        }
        let reason = match reason {
            Unavailable::EventCancelled => CancelReason::EventCancelled,
            Unavailable::SoldOut => CancelReason::SoldOut,
            Unavailable::NotHeld => CancelReason::NotHeld,
        };
        match self.state {
            OrderState::Securing => {
                self.state = OrderState::Cancelled { reason };
                Some(vec![self.cancelled_event(reason)])
            }
            OrderState::Resecuring { attempt } => {
                self.state = OrderState::Refunding { reason };
                Some(vec![self.refund_payment(attempt)])
            }
            _ => None,
        }
    }

    pub(super) fn tickets_issued(&mut self, securing: u32) -> Option<Vec<OrderEffect>> {
        match self.state {
            OrderState::Paid { attempt } if securing == self.securing => {
                self.state = OrderState::Issued { attempt };
                Some(Vec::new())
            }
            _ => None,
        }
    }

    /// The money is there, or none was asked for, and the places are secured.
    pub(super) fn become_paid(&mut self, attempt: Option<u32>) -> Vec<OrderEffect> {
        self.state = OrderState::Paid { attempt };
        let places =
            self.lines.iter().map(|line| Places { event_id: line.event_id, ticket_type_id: line.ticket_type_id, quantity: line.quantity });
        let paid = OrderPaid {
            order_id: self.order_id,
            version: self.version + 1,
            basket_id: self.basket_id,
            total: self.total,
            places: places.collect(),
        };
        let issue = IssueTickets { order_id: self.order_id, securing: self.securing, hold_ids: self.hold_ids() };
        vec![OrderEffect::PublishPaid(paid), OrderEffect::IssueTickets(issue)]
    }

    pub(super) fn secure_tickets(&self) -> OrderEffect {
        let lines = self.lines.iter().map(|line| SecureLine {
            hold_id: line.hold_id,
            event_id: line.event_id,
            ticket_type_id: line.ticket_type_id,
            quantity: line.quantity,
        });
        OrderEffect::SecureTickets(SecureTickets { order_id: self.order_id, securing: self.securing, lines: lines.collect() })
    }

    pub(super) fn release_order(&self) -> OrderEffect {
        OrderEffect::ReleaseOrder(ReleaseOrder { order_id: self.order_id, securing: self.securing, hold_ids: self.hold_ids() })
    }

    fn hold_ids(&self) -> Vec<contracts::HoldId> {
        self.lines.iter().map(|line| line.hold_id).collect()
    }
}
