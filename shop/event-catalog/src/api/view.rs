//! How events are shown, and the pages they come in.

use std::collections::BTreeMap;

use contracts::{EventId, TicketTypeId};
use hosting::Timestamp;
use serde::{Deserialize, Serialize};
use storage::{SqlError, Tx};

use crate::event::{Event, SaleStatus, TicketType};
use crate::store::{self, Filter, Position};

/// Some events, in the order of their start.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct EventPage {
    pub events: Vec<EventView>,
    /// For `after`, if there are more.
    pub next: Option<String>,
}

/// An event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct EventView {
    #[schema(value_type = String, format = "uuid")]
    pub id: EventId,
    /// Grows with each change of title, start or status; send it back to change only what you have seen.
    pub version: u32,
    pub title: String,
    pub status: SaleStatus,
    #[schema(value_type = String, format = "date-time")]
    pub starts: Timestamp,
    pub category: String,
    pub city: String,
    pub venue: String,
    /// Only where the event stands alone.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub description: Option<String>,
    pub ticket_types: Vec<TicketTypeView>,
}

/// A kind of ticket of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TicketTypeView {
    #[schema(value_type = String, format = "uuid")]
    pub id: TicketTypeId,
    /// Grows with each change of price, capacity or sale window.
    pub version: u32,
    pub name: String,
    pub price_minor: i64,
    /// ISO 4217.
    pub currency: String,
    /// Places the organiser wants to sell.
    pub capacity: u32,
    /// Places left, as the box office last said.
    pub available: u32,
    /// The most places one line of a basket may ask for.
    pub quantity_max: u32,
    #[schema(value_type = String, format = "date-time")]
    pub sale_starts: Timestamp,
    #[schema(value_type = String, format = "date-time")]
    pub sale_ends: Timestamp,
}

impl EventView {
    /// The event as one of many.
    pub(crate) fn brief(event: &Event, left: &BTreeMap<TicketTypeId, u32>, now: Timestamp) -> Self {
        Self {
            id: event.id,
            version: event.version,
            title: event.title.clone(),
            status: event.sale_status(now),
            starts: event.starts,
            category: event.category.clone(),
            city: event.city.clone(),
            venue: event.venue.clone(),
            description: None,
            ticket_types: event.ticket_types.iter().map(|kind| TicketTypeView::new(kind, left)).collect(),
        }
    }

    /// The event alone.
    pub(crate) fn detail(event: &Event, left: &BTreeMap<TicketTypeId, u32>, now: Timestamp) -> Self {
        Self { description: Some(event.description.clone()), ..Self::brief(event, left, now) }
    }
}

impl TicketTypeView {
    fn new(kind: &TicketType, left: &BTreeMap<TicketTypeId, u32>) -> Self {
        Self {
            id: kind.id,
            version: kind.version,
            name: kind.name.clone(),
            price_minor: kind.price.amount_minor,
            currency: kind.price.currency.to_string(),
            capacity: kind.capacity,
            available: left.get(&kind.id).copied().unwrap_or(kind.capacity),
            quantity_max: kind.quantity_max,
            sale_starts: kind.sale_starts,
            sale_ends: kind.sale_ends,
        }
    }
}

/// Reads one event, if there is one.
pub(crate) fn alone(tx: &mut Tx<'_>, id: EventId, now: Timestamp) -> Result<Option<EventView>, SqlError> {
    let Some(event) = store::event(tx, id)? else { return Ok(None) };
    Ok(Some(EventView::detail(&event, &store::availability(tx, id)?, now)))
}

/// Reads one page; one event more than asked for tells whether there is a next one.
pub(crate) fn page(tx: &mut Tx<'_>, filter: &Filter, now: Timestamp) -> Result<EventPage, SqlError> {
    let wider = Filter { limit: filter.limit + 1, ..filter.clone() };
    let mut found = store::page(tx, &wider)?;
    let limit = filter.limit as usize;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|event| Position { starts: event.starts, id: event.id }.to_string());
    let mut events = Vec::with_capacity(found.len());
    for event in &found {
        events.push(EventView::brief(event, &store::availability(tx, event.id)?, now));
    }
    Ok(EventPage { events, next })
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.starts.as_micros(), self.id.to_uuid().simple())
    }
}

impl Position {
    /// Reads what Display wrote.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (starts, id) = text.split_once('.')?;
        Some(Self { starts: Timestamp::from_micros(starts.parse().ok()?), id: id.parse().ok()? })
    }
}
