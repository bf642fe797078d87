//! A hold: places kept for a basket's line for a while, then for its order, then sold. A hold whose time is over is
//! first expired, whatever reaches it, and then judged as expired. Pure: it is told the counters and the time.

mod basket;
mod effect;
mod order;

use std::time::Duration;

use contracts::{BasketId, EventId, HoldId, OrderId, TicketTypeId};
use hosting::Timestamp;
use serde::{Deserialize, Serialize};

pub use basket::{NotKnownYet, Place};
pub use effect::{Decision, HoldEffect};
pub use order::{LineToSecure, Office, issue_tickets, release_order, secure_tickets};

/// How long a basket's places are held.
pub const HOLD_TIME: Duration = Duration::from_secs(10 * 60);
/// How long an order's places are secured for its payment.
pub const PAYMENT_WINDOW: Duration = Duration::from_secs(15 * 60);

/// A hold, from its first message on; it is never deleted, so that late messages are known as late.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    pub hold_id: HoldId,
    /// The highest revision that was handled.
    pub revision: u32,
    /// What it is about; nothing when it was released before it was ever asked for.
    pub subject: Option<Subject>,
    pub state: HoldState,
}

/// Whose hold it is, and of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    pub basket_id: BasketId,
    pub event_id: EventId,
    pub ticket_type_id: TicketTypeId,
}

/// The state of a hold. Where it has a quantity, those places are counted under it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum HoldState {
    /// Kept for a basket until then.
    Held { quantity: u32, until: Timestamp },
    /// Its time was over.
    Expired,
    /// It could not be had.
    Rejected,
    /// Given back for good, or until its order secures again.
    Released { by: Release },
    /// Kept for an order.
    Secured { order_id: OrderId, securing: u32, quantity: u32, until: Timestamp },
    /// Tickets exist.
    Sold { order_id: OrderId, securing: u32, quantity: u32 },
    /// Tickets existed and are void.
    Voided { order_id: OrderId, securing: u32 },
}

/// What released a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum Release {
    /// The buyer removed the line.
    Basket,
    /// The event was cancelled.
    Event,
    /// The order's securing with that number was refused or given back.
    Order { order_id: OrderId, securing: u32 },
}

impl HoldState {
    /// Its name in snake case, as it is stored and shown.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Held { .. } => "held",
            Self::Expired => "expired",
            Self::Rejected => "rejected",
            Self::Released { .. } => "released",
            Self::Secured { .. } => "secured",
            Self::Sold { .. } => "sold",
            Self::Voided { .. } => "voided",
        }
    }

    /// Places counted as held under it.
    #[must_use]
    pub const fn held(&self) -> u32 {
        match self {
            Self::Held { quantity, .. } | Self::Secured { quantity, .. } => *quantity,
            _ => 0,
        }
    }

    /// Places counted as sold under it.
    #[must_use]
    pub const fn sold(&self) -> u32 {
        match self {
            Self::Sold { quantity, .. } => *quantity,
            _ => 0,
        }
    }
}

impl Hold {
    /// A hold that was released before it was ever asked for.
    fn tombstone(hold_id: HoldId, revision: u32, by: Release) -> Self {
        Self { hold_id, revision, subject: None, state: HoldState::Released { by } }
    }

    /// Goes to the state; the counter follows by as much as the places under the hold change.
    fn enter(&mut self, state: HoldState, effects: &mut Vec<HoldEffect>) {
        if let Some(subject) = self.subject {
            let held = i64::from(state.held()) - i64::from(self.state.held());
            let sold = i64::from(state.sold()) - i64::from(self.state.sold());
            effects.extend(HoldEffect::count(subject.ticket_type_id, held, sold));
        }
        if matches!(self.state, HoldState::Held { .. }) && !matches!(state, HoldState::Held { .. } | HoldState::Expired) {
            effects.push(HoldEffect::CancelExpiry(self.hold_id));
        }
        self.state = state;
    }

    /// Expires the hold if its time is over.
    fn expire_if_due(&mut self, now: Timestamp, effects: &mut Vec<HoldEffect>) {
        if matches!(self.state, HoldState::Held { until, .. } if now >= until) {
            self.enter(HoldState::Expired, effects);
            effects.extend(self.subject.map(|subject| HoldEffect::expired(self, subject)));
        }
    }
}
