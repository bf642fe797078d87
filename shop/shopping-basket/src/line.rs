//! A line of a basket: places of one ticket type, held at the box office or not, at the price the buyer has accepted.
//! Pure; it does not know whether its basket is frozen.

use contracts::box_office::{HoldExpired, HoldRefusal, HoldRejected, HoldTickets, ReleaseHold, TicketsHeld};
use contracts::{BasketId, EventId, HoldId, LineId, Money, TicketTypeId};
use hosting::Timestamp;
use serde::{Deserialize, Serialize};

/// A line of a basket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub line_id: LineId,
    /// Its hold at the box office, the same for all revisions.
    pub hold_id: HoldId,
    pub event_id: EventId,
    pub ticket_type_id: TicketTypeId,
    /// Places asked for, or held.
    pub quantity: u32,
    /// Starts at 1 and grows with each change of the quantity.
    pub revision: u32,
    /// The price of one place that the buyer has accepted.
    pub price: Money,
    pub state: LineState,
    /// What the buyer has to be told about the latest change, if it could not be had.
    pub notice: Option<Notice>,
}

/// The state of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum LineState {
    /// The box office has been asked.
    Requested,
    /// The places are held until then.
    Held { until: Timestamp },
    /// They could not be had; that many places were left.
    SoldOut { left: u32 },
    /// The hold's time is over.
    Expired,
    /// The event does not take place.
    EventCancelled,
    /// The buyer removed it.
    Removed,
}

/// A change that could not be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    pub reason: HoldRefusal,
    /// Places that were asked for.
    pub asked: u32,
    /// Places left beside those held.
    pub left: u32,
}

/// What reaches a line as a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineInput {
    TicketsHeld(TicketsHeld),
    HoldRejected(HoldRejected),
    HoldExpired(HoldExpired),
    EventCancelled,
}

/// The price that the buyer has accepted beside today's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PriceChange {
    Same,
    /// Applied without asking.
    Lowered,
    /// The buyer has to accept the new price first.
    Raised {
        old: Money,
        new: Money,
    },
}

impl LineState {
    /// Its name in snake case, as it is stored and shown.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Held { .. } => "held",
            Self::SoldOut { .. } => "sold_out",
            Self::Expired => "expired",
            Self::EventCancelled => "event_cancelled",
            Self::Removed => "removed",
        }
    }
}

impl Line {
    /// Whether it is still in the basket.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.state != LineState::Removed
    }

    /// Asks for another number of places; nothing when the event is cancelled or the line was removed.
    pub fn change(&mut self, basket_id: BasketId, quantity: u32) -> Option<HoldTickets> {
        if matches!(self.state, LineState::EventCancelled | LineState::Removed) {
            return None;
        }
        self.quantity = quantity;
        self.revision = self.revision.saturating_add(1);
        self.state = LineState::Requested;
        self.notice = None;
        Some(self.hold_tickets(basket_id))
    }

    /// Takes the line out of the basket; nothing when it was removed before.
    pub fn remove(&mut self, basket_id: BasketId) -> Option<ReleaseHold> {
        if !self.is_there() {
            return None;
        }
        self.state = LineState::Removed;
        Some(ReleaseHold { hold_id: self.hold_id, revision: self.revision, basket_id })
    }

    /// Takes in a message. False when it is late or repeated and changed nothing.
    pub fn apply(&mut self, input: &LineInput) -> bool {
        match (&self.state, input) {
            (LineState::Requested, LineInput::TicketsHeld(event)) if event.revision == self.revision => {
                self.quantity = event.quantity;
                self.state = LineState::Held { until: event.until };
            }
            (LineState::Requested, LineInput::HoldRejected(event)) if event.revision == self.revision => self.rejected(event),
            (LineState::Requested | LineState::Held { .. }, LineInput::HoldExpired(event)) if event.revision == self.revision => {
                self.state = LineState::Expired;
            }
            (LineState::Removed | LineState::EventCancelled, LineInput::EventCancelled) => return false,
            (_, LineInput::EventCancelled) => self.state = LineState::EventCancelled,
            _ => return false,
        }
        true
    }

    fn rejected(&mut self, event: &HoldRejected) {
        self.notice = Some(Notice { reason: event.reason, asked: self.quantity, left: event.left });
        self.state = match event.until {
            Some(until) if event.held > 0 => {
                self.quantity = event.held;
                LineState::Held { until }
            }
            _ => LineState::SoldOut { left: event.left },
        };
    }

    /// How today's price compares with the accepted one.
    #[must_use]
    pub fn price_change(&self, today: Money) -> PriceChange {
        if today == self.price {
            PriceChange::Same
        } else if today.currency == self.price.currency && today.amount_minor < self.price.amount_minor {
            PriceChange::Lowered
        } else {
            PriceChange::Raised { old: self.price, new: today }
        }
    }

    /// Applies today's price if it is lower; a raised one waits for the buyer.
    pub fn apply_price(&mut self, today: Money) -> PriceChange {
        let change = self.price_change(today);
        if change == PriceChange::Lowered {
            self.price = today;
        }
        change
    }

    pub(crate) fn hold_tickets(&self, basket_id: BasketId) -> HoldTickets {
        HoldTickets {
            hold_id: self.hold_id,
            revision: self.revision,
            basket_id,
            event_id: self.event_id,
            ticket_type_id: self.ticket_type_id,
            quantity: self.quantity,
        }
    }
}
