//! The counter of a ticket type: how many places are wanted, held and sold, and whether more can be had. Pure; the store
//! applies a change in one conditional update.

use contracts::TicketTypeId;
use contracts::box_office::HoldRefusal;
use hosting::Timestamp;

/// Places of one ticket type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counter {
    /// What the catalog wants to sell; may be lowered below what is already held and sold.
    pub wanted: u32,
    /// Places of open holds and of secured orders.
    pub held: u32,
    pub sold: u32,
}

/// What a decision takes (positive) or gives back (negative).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CounterChange {
    pub ticket_type_id: TicketTypeId,
    pub held: i64,
    pub sold: i64,
}

/// A ticket type as the box office sells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TicketType {
    pub counter: Counter,
    /// The most places one hold may ask for.
    pub quantity_max: u32,
    /// On sale from this instant on.
    pub sale_starts: Timestamp,
    /// On sale before this instant.
    pub sale_ends: Timestamp,
}

/// What the box office knows of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventStanding {
    /// It is not known to be cancelled.
    Open,
    /// It is known to be cancelled.
    Cancelled,
}

impl Counter {
    /// Places that there are: never fewer than are bound.
    #[must_use]
    pub fn capacity(self) -> u32 {
        self.wanted.max(self.held.saturating_add(self.sold))
    }

    /// Places that can be had, never below zero.
    #[must_use]
    pub fn available(self) -> u32 {
        self.capacity().saturating_sub(self.held).saturating_sub(self.sold)
    }

    /// The counter after a change, or nothing when held or sold would leave their range.
    #[must_use]
    pub fn changed(self, change: CounterChange) -> Option<Self> {
        let held = u32::try_from(i64::from(self.held).checked_add(change.held)?).ok()?;
        let sold = u32::try_from(i64::from(self.sold).checked_add(change.sold)?).ok()?;
        Some(Self { held, sold, ..self })
    }
}

impl TicketType {
    /// Whether a hold may go from `already` held places to `quantity` now, and why not.
    ///
    /// # Errors
    /// The first reason that applies: event cancelled, not on sale, quantity limit, sold out.
    pub fn judge(&self, event: EventStanding, already: u32, quantity: u32, now: Timestamp) -> Result<(), HoldRefusal> {
        if event == EventStanding::Cancelled {
            return Err(HoldRefusal::EventCancelled);
        }
        if now < self.sale_starts || now >= self.sale_ends {
            return Err(HoldRefusal::NotOnSale);
        }
        if quantity == 0 || quantity > self.quantity_max {
            return Err(HoldRefusal::QuantityLimit);
        }
        if quantity.saturating_sub(already) > self.counter.available() {
            return Err(HoldRefusal::SoldOut);
        }
        Ok(())
    }
}
