//! An event and its ticket types: what organisers may change, and how versions grow. Pure: no SQL, no HTTP, no bus.

use contracts::event_catalog::{EventState, EventStatus, TicketTypeState};
use contracts::{Currency, EventId, Money, TicketTypeId};
use hosting::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::rules;

/// The most places one hold may ask for, unless told otherwise.
pub(crate) const QUANTITY_MAX: u32 = 10;

/// An event that people go to, with its ticket types in the organiser's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub id: EventId,
    /// Grows by one with each change of the event's own row.
    pub version: u32,
    pub title: String,
    pub description: String,
    pub category: String,
    pub venue: String,
    pub city: String,
    pub starts: Timestamp,
    pub status: EventStatus,
    pub ticket_types: Vec<TicketType>,
}

/// A kind of ticket of one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketType {
    pub id: TicketTypeId,
    /// Grows by one with each change of this row.
    pub version: u32,
    pub name: String,
    pub price: Money,
    /// Places the organiser wants to sell.
    pub capacity: u32,
    /// The most places one hold may ask for.
    pub quantity_max: u32,
    pub sale_starts: Timestamp,
    pub sale_ends: Timestamp,
}

/// What an organiser enters; checked when an [`Event`] is made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    pub title: String,
    pub description: String,
    pub category: String,
    pub venue: String,
    pub city: String,
    pub starts: Timestamp,
    pub currency: Currency,
    pub ticket_types: Vec<NewTicketType>,
    /// It is entered only to say that it does not take place.
    pub cancelled: bool,
}

/// A ticket type of a [`NewEvent`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTicketType {
    pub name: String,
    /// Minor units of the event's currency.
    pub price_minor: i64,
    pub capacity: u32,
    /// 10 unless told otherwise.
    pub quantity_max: Option<u32>,
    /// At once unless told otherwise.
    pub sale_starts: Option<Timestamp>,
    /// The event's start unless told otherwise.
    pub sale_ends: Option<Timestamp>,
}

/// Why a change is not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A value is against a rule.
    #[error("`{field}` {rule}; it is `{value}`")]
    Invalid { field: &'static str, rule: String, value: String },
    /// The change was meant for an older version.
    #[error("the change was meant for version {given}, and the current one is {current}: look at it again")]
    Stale { given: u32, current: u32 },
    /// A cancelled event stays as it is.
    #[error("the event is cancelled, which is for ever: nothing of it can be changed")]
    Cancelled,
    /// No such ticket type.
    #[error("the event has no ticket type `{0}`")]
    UnknownTicketType(TicketTypeId),
    /// Which of several?
    #[error("the event has {0} ticket types: say which by `ticket_type_id`")]
    WhichTicketType(usize),
}

/// Whether tickets can be bought, as far as the catalog knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SaleStatus {
    /// At least one ticket type is within its sale window; whether places are left is another question.
    OnSale,
    /// The first sale window is still to come.
    NotYetOnSale,
    /// All sale windows are over.
    SaleEnded,
    /// The event does not take place.
    Cancelled,
}

impl Event {
    /// The event as entered at `now`, with ids from `next_id`.
    ///
    /// # Errors
    /// The first value that is against a rule.
    pub fn new(new: &NewEvent, now: Timestamp, mut next_id: impl FnMut() -> Uuid) -> Result<Self, Refusal> {
        rules::ticket_types(new.ticket_types.len())?;
        let starts = rules::starts(new.starts, now)?;
        rules::currency(new.currency)?;
        let id = EventId::new(next_id());
        let ticket_types = new.ticket_types.iter().map(|kind| TicketType::new(kind, new, now, TicketTypeId::new(next_id())));
        Ok(Self {
            id,
            version: 1,
            title: rules::name("title", &new.title)?,
            description: rules::description(&new.description)?,
            category: rules::name("category", &new.category)?,
            venue: rules::name("venue", &new.venue)?,
            city: rules::name("city", &new.city)?,
            starts,
            status: EventStatus::Published,
            ticket_types: ticket_types.collect::<Result<_, _>>()?,
        })
    }

    /// Gives it another title.
    ///
    /// # Errors
    /// If `expected` is stale, the event cancelled, or the title against the rules.
    pub fn rename(&mut self, expected: Option<u32>, title: &str) -> Result<(), Refusal> {
        self.check_open(expected)?;
        let title = rules::name("title", title)?;
        if title != self.title {
            self.title = title;
            self.version += 1;
        }
        Ok(())
    }

    /// Moves it to another time. Sales that ended with the start do so still.
    ///
    /// # Errors
    /// If `expected` is stale, the event cancelled, or a sale window would be empty.
    pub fn reschedule(&mut self, expected: Option<u32>, starts: Timestamp, now: Timestamp) -> Result<(), Refusal> {
        self.check_open(expected)?;
        let starts = rules::starts(starts, now)?;
        if starts == self.starts {
            return Ok(());
        }
        for kind in &mut self.ticket_types {
            if kind.sale_ends == self.starts || kind.sale_ends > starts {
                rules::sale_window(kind.sale_starts, starts, starts)?;
                kind.sale_ends = starts;
                kind.version += 1;
            }
        }
        self.starts = starts;
        self.version += 1;
        Ok(())
    }

    /// Says that it does not take place; saying it again changes nothing.
    ///
    /// # Errors
    /// If `expected` is stale.
    pub fn cancel(&mut self, expected: Option<u32>) -> Result<(), Refusal> {
        if self.status == EventStatus::Cancelled {
            return Ok(());
        }
        self.check_open(expected)?;
        self.status = EventStatus::Cancelled;
        self.version += 1;
        Ok(())
    }

    /// Changes the price of a ticket type, by default of the only one. `expected` is the ticket type's version.
    ///
    /// # Errors
    /// If there is no such type, `expected` is stale, the event cancelled, or the price out of range.
    pub fn set_price(&mut self, which: Option<TicketTypeId>, expected: Option<u32>, minor: i64) -> Result<(), Refusal> {
        let minor = rules::price(minor)?;
        let kind = self.ticket_type_to_change(which, expected)?;
        if kind.price.amount_minor != minor {
            kind.price.amount_minor = minor;
            kind.version += 1;
        }
        Ok(())
    }

    /// Changes how many places the organiser wants to sell; what is held or sold already stays so.
    ///
    /// # Errors
    /// As [`Event::set_price`].
    pub fn set_capacity(&mut self, which: Option<TicketTypeId>, expected: Option<u32>, places: u32) -> Result<(), Refusal> {
        let places = rules::capacity(places)?;
        let kind = self.ticket_type_to_change(which, expected)?;
        if kind.capacity != places {
            kind.capacity = places;
            kind.version += 1;
        }
        Ok(())
    }

    /// Whether its tickets can be bought at `now`.
    #[must_use]
    pub fn sale_status(&self, now: Timestamp) -> SaleStatus {
        if self.status == EventStatus::Cancelled {
            return SaleStatus::Cancelled;
        }
        if self.ticket_types.iter().any(|kind| kind.is_on_sale(now)) {
            return SaleStatus::OnSale;
        }
        if self.ticket_types.iter().any(|kind| now < kind.sale_starts) { SaleStatus::NotYetOnSale } else { SaleStatus::SaleEnded }
    }

    /// Its public row.
    #[must_use]
    pub fn state(&self) -> EventState {
        EventState {
            event_id: self.id,
            version: self.version,
            title: self.title.clone(),
            category: self.category.clone(),
            venue: self.venue.clone(),
            city: self.city.clone(),
            starts: self.starts,
            status: self.status,
        }
    }

    fn check_open(&self, expected: Option<u32>) -> Result<(), Refusal> {
        if self.status == EventStatus::Cancelled {
            return Err(Refusal::Cancelled);
        }
        check_version(expected, self.version)
    }

    fn ticket_type_to_change(&mut self, which: Option<TicketTypeId>, expected: Option<u32>) -> Result<&mut TicketType, Refusal> {
        self.check_open(None)?;
        let count = self.ticket_types.len();
        let found = match which {
            Some(id) => self.ticket_types.iter_mut().find(|kind| kind.id == id).ok_or(Refusal::UnknownTicketType(id)),
            None if count == 1 => self.ticket_types.first_mut().ok_or(Refusal::WhichTicketType(count)),
            None => Err(Refusal::WhichTicketType(count)),
        };
        let kind = found?;
        check_version(expected, kind.version)?;
        Ok(kind)
    }
}

impl TicketType {
    fn new(new: &NewTicketType, event: &NewEvent, now: Timestamp, id: TicketTypeId) -> Result<Self, Refusal> {
        let sale_starts = new.sale_starts.unwrap_or(now);
        let sale_ends = new.sale_ends.unwrap_or(event.starts);
        rules::sale_window(sale_starts, sale_ends, event.starts)?;
        Ok(Self {
            id,
            version: 1,
            name: rules::name("ticket type's name", &new.name)?,
            price: Money::new(rules::price(new.price_minor)?, event.currency),
            capacity: rules::capacity(new.capacity)?,
            quantity_max: rules::quantity_max(new.quantity_max.unwrap_or(QUANTITY_MAX))?,
            sale_starts,
            sale_ends,
        })
    }

    /// Whether `now` is within the sale window.
    #[must_use]
    pub fn is_on_sale(&self, now: Timestamp) -> bool {
        self.sale_starts <= now && now < self.sale_ends
    }

    /// Its public row.
    #[must_use]
    pub fn state(&self, event_id: EventId) -> TicketTypeState {
        TicketTypeState {
            ticket_type_id: self.id,
            event_id,
            version: self.version,
            name: self.name.clone(),
            price: self.price,
            capacity: self.capacity,
            quantity_max: self.quantity_max,
            sale_starts: self.sale_starts,
            sale_ends: self.sale_ends,
        }
    }
}

fn check_version(expected: Option<u32>, current: u32) -> Result<(), Refusal> {
    match expected {
        Some(given) if given != current => Err(Refusal::Stale { given, current }),
        _ => Ok(()),
    }
}
