//! What the box office is asked and what it says: holds of places, the places of an order, tickets.

use hosting::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{BasketId, EventId, HoldId, OrderId, TicketTypeId};

/// Hold this many places for a basket's line. The quantity is absolute: a higher revision replaces a lower one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HoldTickets {
    pub hold_id: HoldId,
    /// Starts at 1 and grows with each change of the line.
    pub revision: u32,
    pub basket_id: BasketId,
    pub event_id: EventId,
    pub ticket_type_id: TicketTypeId,
    /// Places, at least one.
    pub quantity: u32,
}

/// The buyer does not want these places any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReleaseHold {
    pub hold_id: HoldId,
    /// The revision of the line when it was removed.
    pub revision: u32,
    pub basket_id: BasketId,
}

/// To itself: the hold's time may be over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExpireHold {
    pub hold_id: HoldId,
}

/// To itself: release the open holds of a cancelled event, a bounded number at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReleaseHoldsOfEvent {
    pub event_id: EventId,
    /// Holds up to and including this one are done; nothing at the first step.
    #[serde(default)]
    pub after: Option<HoldId>,
}

/// One line of an order, as the box office needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SecureLine {
    pub hold_id: HoldId,
    pub event_id: EventId,
    pub ticket_type_id: TicketTypeId,
    pub quantity: u32,
}

/// Keep the places of all lines for this order until it is paid or given up: all or none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SecureTickets {
    pub order_id: OrderId,
    /// Which securing of this order: 1, then 2 when secured again.
    pub securing: u32,
    pub lines: Vec<SecureLine>,
}

/// The order does not need its places any more, or its tickets are void.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReleaseOrder {
    pub order_id: OrderId,
    pub securing: u32,
    /// All holds of the order.
    pub hold_ids: Vec<HoldId>,
}

/// The order is paid: make its tickets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IssueTickets {
    pub order_id: OrderId,
    pub securing: u32,
    /// All holds of the order.
    pub hold_ids: Vec<HoldId>,
}

/// Why places could not be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HoldRefusal {
    /// Fewer places are left than were asked for.
    SoldOut,
    /// Outside the sale window.
    NotOnSale,
    /// No place, or more than one hold may ask for.
    QuantityLimit,
    /// The event does not take place.
    EventCancelled,
}

/// The places are held for the basket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TicketsHeld {
    pub hold_id: HoldId,
    pub revision: u32,
    pub basket_id: BasketId,
    pub quantity: u32,
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
}

/// The places asked for cannot be held; what was held before still is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HoldRejected {
    pub hold_id: HoldId,
    pub revision: u32,
    pub basket_id: BasketId,
    pub reason: HoldRefusal,
    /// Places left beside those still held; none where the event or its sale is over.
    pub left: u32,
    /// Places still held under this hold.
    pub held: u32,
    /// Until when those are held; nothing where none are.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
}

/// The hold's time is over; its places went back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HoldExpired {
    pub hold_id: HoldId,
    pub revision: u32,
    pub basket_id: BasketId,
}

/// All places of the order are kept for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TicketsSecured {
    pub order_id: OrderId,
    pub securing: u32,
    /// The end of the payment window.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
}

/// Why an order's places could not be secured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unavailable {
    /// The event of a line does not take place.
    EventCancelled,
    /// The hold had expired and its places are gone.
    SoldOut,
    /// There is no such hold, it was refused or released, or it is another order's.
    NotHeld,
}

/// Not all places of the order can be had; none is kept for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TicketsUnavailable {
    pub order_id: OrderId,
    pub securing: u32,
    /// The holds of the lines that cannot be had.
    pub hold_ids: Vec<HoldId>,
    pub reason: Unavailable,
}

/// The order's tickets exist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TicketsIssued {
    pub order_id: OrderId,
    pub securing: u32,
    /// How many tickets there are.
    pub quantity: u32,
}

/// The order's tickets let nobody in any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TicketsVoided {
    pub order_id: OrderId,
    pub securing: u32,
    /// How many tickets are void.
    pub quantity: u32,
}

/// A ticket type has another number of places left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AvailabilityChanged {
    pub ticket_type_id: TicketTypeId,
    pub event_id: EventId,
    /// Grows with each change of the counter.
    pub version: u32,
    pub available: u32,
}

message!(command "globoticket.box-office.hold-tickets" v 1 to "box-office": HoldTickets, about hold_id);
message!(command "globoticket.box-office.release-hold" v 1 to "box-office": ReleaseHold, about hold_id);
message!(command "globoticket.box-office.expire-hold" v 1 to "box-office": ExpireHold, about hold_id);
message!(command "globoticket.box-office.release-holds-of-event" v 1 to "box-office": ReleaseHoldsOfEvent, about event_id);
message!(command "globoticket.box-office.secure-tickets" v 1 to "box-office": SecureTickets, about order_id);
message!(command "globoticket.box-office.release-order" v 1 to "box-office": ReleaseOrder, about order_id);
message!(command "globoticket.box-office.issue-tickets" v 1 to "box-office": IssueTickets, about order_id);
message!(event "globoticket.box-office.tickets-held" v 1: TicketsHeld, about hold_id);
message!(event "globoticket.box-office.hold-rejected" v 1: HoldRejected, about hold_id);
message!(event "globoticket.box-office.hold-expired" v 1: HoldExpired, about hold_id);
message!(event "globoticket.box-office.tickets-secured" v 1: TicketsSecured, about order_id);
message!(event "globoticket.box-office.tickets-unavailable" v 1: TicketsUnavailable, about order_id);
message!(event "globoticket.box-office.tickets-issued" v 1: TicketsIssued, about order_id);
message!(event "globoticket.box-office.tickets-voided" v 1: TicketsVoided, about order_id);
message!(event "globoticket.box-office.availability-changed" v 1: AvailabilityChanged, about ticket_type_id);
