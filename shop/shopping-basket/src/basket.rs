//! A basket: its lines until checkout, and the order it became. Pure; what is on offer is handed in, as the basket's own
//! copy of the catalog has it.

mod checkout;
mod refused;
mod told;

use contracts::box_office::{HoldTickets, ReleaseHold};
use contracts::{BasketId, EventId, HoldId, LineId, Money, OrderId, TicketTypeId};
use hosting::Timestamp;
use serde::{Deserialize, Serialize};

use crate::line::{Line, LineInput, LineState};

pub use checkout::{Buyer, Checkout, TOTAL_MINOR_MAX};
pub use refused::{BasketRefused, CheckoutRefused, Hindrance};
pub use told::changes;

/// How many lines a basket may have, removed ones apart.
pub const LINES_MAX: usize = 20;
/// How many lines a basket may ever have had: removed ones are kept, and every step reads them all.
pub const LINES_EVER_MAX: usize = 200;

/// What a buyer wants, as long as it is not ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basket {
    pub basket_id: BasketId,
    /// In the order in which they were added; removed ones stay, so that late messages are known as late.
    pub lines: Vec<Line>,
    pub state: BasketState,
}

/// Whether a basket can still be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum BasketState {
    /// It can.
    Open,
    /// It is frozen: it became that order.
    CheckedOut { order_id: OrderId },
}

/// A ticket type as the basket's copy of the catalog has it today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    pub event_id: EventId,
    /// The catalog's version of the event's row.
    pub event_version: u32,
    pub event_title: String,
    pub event_starts: Timestamp,
    pub event_cancelled: bool,
    pub ticket_type_id: TicketTypeId,
    pub ticket_type_name: String,
    pub price: Money,
    /// The most places one line may ask for.
    pub quantity_max: u32,
}

/// The ids of a new line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewLine {
    pub line_id: LineId,
    pub hold_id: HoldId,
}

impl Basket {
    /// An empty basket.
    #[must_use]
    pub const fn new(basket_id: BasketId) -> Self {
        Self { basket_id, lines: Vec::new(), state: BasketState::Open }
    }

    /// Adds a line at today's price.
    ///
    /// # Errors
    /// When the basket is checked out or full, the event is cancelled, the quantity is out of its limits, or the price is
    /// in another currency than the lines that are there.
    pub fn add(&mut self, new: NewLine, offer: &Offer, quantity: u32) -> Result<HoldTickets, BasketRefused> {
        self.open()?;
        if self.lines_there().count() >= LINES_MAX {
            return Err(BasketRefused::TooManyLines);
        }
        if self.lines.len() >= LINES_EVER_MAX {
            return Err(BasketRefused::UsedUp);
        }
        if offer.event_cancelled {
            return Err(BasketRefused::EventCancelled { event_id: offer.event_id });
        }
        check_quantity(offer, quantity)?;
        if let Some(other) = self.lines_there().map(|line| line.price.currency).find(|currency| *currency != offer.price.currency) {
            return Err(BasketRefused::OtherCurrency { offered: offer.price.currency, basket: other });
        }
        let line = Line {
            line_id: new.line_id,
            hold_id: new.hold_id,
            event_id: offer.event_id,
            ticket_type_id: offer.ticket_type_id,
            quantity,
            revision: 1,
            price: offer.price,
            state: LineState::Requested,
            notice: None,
        };
        let hold = line.hold_tickets(self.basket_id);
        self.lines.push(line);
        Ok(hold)
    }

    /// Asks for another number of places; the price stays as it was accepted, or falls to today's.
    ///
    /// # Errors
    /// When the basket is checked out, the line is not there, its event is cancelled, or the quantity is out of its limits.
    pub fn change(&mut self, line_id: LineId, offer: &Offer, quantity: u32) -> Result<HoldTickets, BasketRefused> {
        self.open()?;
        let basket_id = self.basket_id;
        let line = self.line_mut(line_id)?;
        if offer.event_cancelled || line.state == LineState::EventCancelled {
            return Err(BasketRefused::EventCancelled { event_id: line.event_id });
        }
        check_quantity(offer, quantity)?;
        line.apply_price(offer.price);
        line.change(basket_id, quantity).ok_or(BasketRefused::NoSuchLine { line_id })
    }

    /// Takes a line out.
    ///
    /// # Errors
    /// When the basket is checked out or the line is not there.
    pub fn remove(&mut self, line_id: LineId) -> Result<ReleaseHold, BasketRefused> {
        self.open()?;
        let basket_id = self.basket_id;
        self.line_mut(line_id)?.remove(basket_id).ok_or(BasketRefused::NoSuchLine { line_id })
    }

    /// The buyer accepts today's price. `seen` is the price that the buyer accepts: a newer one has to be shown first.
    ///
    /// # Errors
    /// When the basket is checked out, the line is not there, or today's price is above the one that was seen.
    pub fn accept_price(&mut self, line_id: LineId, seen: Money, today: Money) -> Result<(), BasketRefused> {
        self.open()?;
        let line = self.line_mut(line_id)?;
        if seen.currency != today.currency || today.amount_minor > seen.amount_minor {
            return Err(BasketRefused::PriceRaisedAgain { line_id, seen, today });
        }
        line.price = today;
        Ok(())
    }

    /// Today's price of a ticket type became known: lower prices are applied. False when nothing changed.
    pub fn price_changed(&mut self, ticket_type_id: TicketTypeId, today: Money) -> bool {
        if self.state != BasketState::Open {
            return false;
        }
        let mut changed = false;
        for line in self.lines.iter_mut().filter(|line| line.ticket_type_id == ticket_type_id && line.is_there()) {
            let before = line.price;
            line.apply_price(today);
            changed |= line.price != before;
        }
        changed
    }

    /// Takes in a message about the hold of one of its lines. False when it is late or repeated, or the basket is frozen.
    pub fn hold_changed(&mut self, hold_id: HoldId, input: &LineInput) -> bool {
        self.state == BasketState::Open && self.lines.iter_mut().any(|line| line.hold_id == hold_id && line.apply(input))
    }

    /// An event was cancelled. False when no line is about it, or the basket is frozen.
    pub fn event_cancelled(&mut self, event_id: EventId) -> bool {
        if self.state != BasketState::Open {
            return false;
        }
        let mut changed = false;
        for line in self.lines.iter_mut().filter(|line| line.event_id == event_id) {
            changed |= line.apply(&LineInput::EventCancelled);
        }
        changed
    }

    /// The lines that were not removed.
    pub fn lines_there(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| line.is_there())
    }

    /// The sum of its lines at the accepted prices; nothing for an empty basket, or when it does not fit.
    #[must_use]
    pub fn total(&self) -> Option<Money> {
        let mut prices = self.lines_there().map(|line| line.price.times(line.quantity));
        let first = prices.next()??;
        prices.try_fold(first, |sum, price| sum.plus(price?))
    }

    fn open(&self) -> Result<(), BasketRefused> {
        match self.state {
            BasketState::Open => Ok(()),
            BasketState::CheckedOut { order_id } => Err(BasketRefused::CheckedOut { order_id }),
        }
    }

    fn line_mut(&mut self, line_id: LineId) -> Result<&mut Line, BasketRefused> {
        let there = self.lines.iter_mut().find(|line| line.line_id == line_id && line.is_there());
        there.ok_or(BasketRefused::NoSuchLine { line_id })
    }
}

fn check_quantity(offer: &Offer, quantity: u32) -> Result<(), BasketRefused> {
    if quantity == 0 || quantity > offer.quantity_max {
        return Err(BasketRefused::Quantity { asked: quantity, max: offer.quantity_max });
    }
    Ok(())
}
