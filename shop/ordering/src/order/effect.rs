//! What follows from a decision about an order; a handler carries each out one to one.

use contracts::box_office::{IssueTickets, ReleaseOrder, SecureTickets};
use contracts::ordering::{OrderCancelled, OrderPaid, OrderPlaced, OrderRefunded};
use contracts::payment::{CancelPayment, RefundPayment, RequestPayment};
use hosting::Timestamp;

/// A deadline that an order sets for itself. An order has at most one at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deadline {
    /// Due as `SecuringDeadline`.
    Securing,
    /// Due as `PaymentDeadline`.
    Payment,
    /// Due as `GiveUp` of that attempt.
    GiveUp { attempt: u32 },
}

/// One thing to do after a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderEffect {
    PublishPlaced(OrderPlaced),
    PublishPaid(OrderPaid),
    PublishCancelled(OrderCancelled),
    PublishRefunded(OrderRefunded),
    SecureTickets(SecureTickets),
    ReleaseOrder(ReleaseOrder),
    IssueTickets(IssueTickets),
    RequestPayment(RequestPayment),
    CancelPayment(CancelPayment),
    RefundPayment(RefundPayment),
    /// Send the deadline's command to this endpoint, due then.
    Set(Deadline, Timestamp),
    /// Take the deadline's command back; it may have been handled already.
    Cancel(Deadline),
}
