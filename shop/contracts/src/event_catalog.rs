//! What the event catalog says: each event carries the whole public row that changed, so that a copy needs only the
//! newest version, whichever kind of event brought it.

use hosting::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{EventId, Money, TicketTypeId};

/// Whether an event takes place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventStatus {
    /// It takes place.
    Published,
    /// It does not, for ever.
    Cancelled,
}

/// The public row of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventState {
    pub event_id: EventId,
    /// Grows by one with each change of this row; says nothing about its ticket types.
    pub version: u32,
    pub title: String,
    pub category: String,
    pub venue: String,
    pub city: String,
    #[schema(value_type = String, format = DateTime)]
    pub starts: Timestamp,
    pub status: EventStatus,
}

/// The public row of a ticket type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TicketTypeState {
    pub ticket_type_id: TicketTypeId,
    pub event_id: EventId,
    /// Grows by one with each change of this row.
    pub version: u32,
    pub name: String,
    pub price: Money,
    /// How many places the organiser wants to sell.
    pub capacity: u32,
    /// The most places one hold may ask for.
    pub quantity_max: u32,
    /// On sale from this instant on.
    #[schema(value_type = String, format = DateTime)]
    pub sale_starts: Timestamp,
    /// On sale before this instant.
    #[schema(value_type = String, format = DateTime)]
    pub sale_ends: Timestamp,
}

/// An event can be seen and sold from now on; also sent when it gets new ticket types.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventPublished {
    pub event: EventState,
    pub ticket_types: Vec<TicketTypeState>,
}

/// The event has another title.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventRenamed {
    pub event: EventState,
}

/// The event starts at another time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventRescheduled {
    pub event: EventState,
}

/// The event does not take place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventCancelled {
    pub event: EventState,
}

/// A ticket type has another price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TicketPriceChanged {
    pub ticket_type: TicketTypeState,
}

/// The organiser wants to sell another number of places.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CapacityChanged {
    pub ticket_type: TicketTypeState,
}

message!(event "globoticket.event-catalog.event-published" v 1: EventPublished, about event.event_id);
message!(event "globoticket.event-catalog.event-renamed" v 1: EventRenamed, about event.event_id);
message!(event "globoticket.event-catalog.event-rescheduled" v 1: EventRescheduled, about event.event_id);
message!(event "globoticket.event-catalog.event-cancelled" v 1: EventCancelled, about event.event_id);
message!(event "globoticket.event-catalog.ticket-price-changed" v 1: TicketPriceChanged, about ticket_type.event_id);
message!(event "globoticket.event-catalog.capacity-changed" v 1: CapacityChanged, about ticket_type.event_id);
