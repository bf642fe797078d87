//! An order: from placed to issued, cancelled or refunded. It is a saga that never completes, so that it can answer late
//! messages in every state. Pure: it knows no SQL, no HTTP and no bus, and is told the time.

mod effect;
mod ending;
mod input;
mod payments;
mod places;
mod state;

use std::collections::BTreeSet;
use std::time::Duration;

use contracts::ordering::{CancelReason, OrderLine, OrderPlaced, PlaceOrder};
use contracts::payment::PaymentMethod;
use contracts::{BasketId, EventId, Money, OrderId};
use hosting::Timestamp;
use serde::{Deserialize, Serialize};

pub use effect::{Deadline, OrderEffect};
pub use ending::{Refusal, Refused};
pub use input::OrderInput;
pub use state::OrderState;

/// How long the box office has to answer the first securing.
pub const SECURING_TIME: Duration = Duration::from_secs(10 * 60);
/// How long payment has to say how a stopped attempt ended.
pub const GIVE_UP_TIME: Duration = Duration::from_secs(30 * 60);
/// How many payment attempts an order has.
pub const ATTEMPTS_MAX: u32 = 5;

/// An order with its lines. Stored as JSON; its history is the store's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    pub order_id: OrderId,
    pub basket_id: BasketId,
    pub email: String,
    pub name: String,
    /// How the latest attempt is paid.
    pub payment_method: PaymentMethod,
    pub lines: Vec<OrderLine>,
    pub total: Money,
    /// When the buyer checked out.
    pub placed: Timestamp,
    /// Grows by one with each change.
    pub version: u32,
    pub state: OrderState,
    /// The current securing: 1, then 2 when secured again.
    pub securing: u32,
    /// The payment window's end, once the tickets are secured.
    pub until: Option<Timestamp>,
    /// Attempts known to have taken money.
    pub captured: BTreeSet<u32>,
    /// Attempts whose money was returned.
    pub refunded: BTreeSet<u32>,
    /// How many messages were late or repeated, and changed nothing.
    pub ignored: u32,
}

impl Order {
    /// The order that a checked-out basket becomes. `cancelled_event` is an event in it that is known to be cancelled.
    #[must_use]
    pub fn place(msg: &PlaceOrder, cancelled_event: Option<EventId>, now: Timestamp) -> (Self, Vec<OrderEffect>) {
        let mut order = Self::new(msg);
        let mut effects = vec![OrderEffect::PublishPlaced(order.placed_event())];
        if cancelled_event.is_some_and(|event| order.contains(event)) {
            effects.push(order.cancelled_event(CancelReason::EventCancelled));
            effects.push(order.release_order());
            order.state = OrderState::Cancelled { reason: CancelReason::EventCancelled };
            order.version += 1;
        } else {
            effects.push(order.secure_tickets());
            effects.push(OrderEffect::Set(Deadline::Securing, now.plus(SECURING_TIME)));
        }
        (order, effects)
    }

    /// Takes in a message or a deadline. What the state does not list is late or repeated: counted, and nothing follows.
    pub fn apply(&mut self, input: OrderInput, now: Timestamp) -> Vec<OrderEffect> {
        let before = self.state.deadline();
        match self.decide(input, now) {
            Some(effects) => self.changed(before, effects),
            None => {
                self.ignored = self.ignored.saturating_add(1);
                Vec::new()
            }
        }
    }

    /// Whether that event is in the order.
    #[must_use]
    pub fn contains(&self, event: EventId) -> bool {
        self.lines.iter().any(|line| line.event_id == event)
    }

    fn decide(&mut self, input: OrderInput, now: Timestamp) -> Option<Vec<OrderEffect>> {
        match input {
            OrderInput::PlacedAgain => None,
            OrderInput::TicketsSecured { securing, until } => self.tickets_secured(securing, until),
            OrderInput::TicketsUnavailable { securing, reason } => self.tickets_unavailable(securing, reason),
            OrderInput::TicketsIssued { securing } => self.tickets_issued(securing),
            OrderInput::PaymentSucceeded { attempt } => self.payment_succeeded(attempt),
            OrderInput::PaymentDeclined { attempt, reason } => self.payment_ended(attempt, Some(reason)),
            OrderInput::PaymentCancelled { attempt } => self.payment_ended(attempt, None),
            OrderInput::PaymentNeedsAction { attempt, url } => self.payment_needs_action(attempt, url),
            OrderInput::PaymentRefunded { attempt } => self.payment_refunded(attempt),
            OrderInput::SecuringDeadline => self.stop(CancelReason::SecuringDeadline, now),
            OrderInput::PaymentDeadline => self.stop(CancelReason::Deadline, now),
            OrderInput::GiveUp { attempt } => self.give_up(attempt),
            OrderInput::EventCancelled { event_id } if self.contains(event_id) => self.stop(CancelReason::EventCancelled, now),
            OrderInput::EventCancelled { .. } => None,
        }
    }

    /// Ends a change: counts it, and takes back the deadline of the state that was left.
    fn changed(&mut self, before: Option<Deadline>, mut effects: Vec<OrderEffect>) -> Vec<OrderEffect> {
        self.version += 1;
        effects.extend(before.filter(|_| self.state.deadline() != before).map(OrderEffect::Cancel));
        effects
    }

    fn new(msg: &PlaceOrder) -> Self {
        Self {
            order_id: msg.order_id,
            basket_id: msg.basket_id,
            email: msg.email.clone(),
            name: msg.name.clone(),
            payment_method: msg.payment_method.clone(),
            lines: msg.lines.clone(),
            total: msg.total,
            placed: msg.placed,
            version: 1,
            state: OrderState::Securing,
            securing: 1,
            until: None,
            captured: BTreeSet::new(),
            refunded: BTreeSet::new(),
            ignored: 0,
        }
    }

    fn placed_event(&self) -> OrderPlaced {
        OrderPlaced {
            order_id: self.order_id,
            version: self.version,
            basket_id: self.basket_id,
            email: self.email.clone(),
            name: self.name.clone(),
            total: self.total,
            placed: self.placed,
        }
    }
}
