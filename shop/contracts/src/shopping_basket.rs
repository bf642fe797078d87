//! What the shopping basket sends itself, and what it tells through its feed.

use messaging::FeedEntry;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::box_office::HoldRefusal;
use crate::{BasketId, EventId, LineId, OrderId, TicketTypeId};

/// To itself: mark the lines of a cancelled event, a bounded number at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CancelLinesOfEvent {
    pub event_id: EventId,
    /// Lines up to and including this one are done; nothing at the first step.
    #[serde(default)]
    pub after: Option<LineId>,
}

message!(command "globoticket.shopping-basket.cancel-lines-of-event" v 1 to "shopping-basket": CancelLinesOfEvent, about event_id);

/// An entry of the feed `basket-events`: what happened in a basket, and nothing about whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BasketEvent {
    pub basket_id: BasketId,
    pub change: BasketChange,
}

impl FeedEntry for BasketEvent {
    const FEED: &'static str = "basket-events";
    const ENDPOINT: &'static str = "shopping-basket";
    const VERSION: u16 = 1;
}

/// What happened in a basket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum BasketChange {
    LineAdded {
        line_id: LineId,
        event_id: EventId,
        ticket_type_id: TicketTypeId,
        quantity: u32,
    },
    /// The buyer asked for another number of places.
    QuantityChanged {
        line_id: LineId,
        quantity: u32,
    },
    LineRemoved {
        line_id: LineId,
    },
    /// The box office holds that many places.
    PlacesHeld {
        line_id: LineId,
        quantity: u32,
    },
    HoldRefused {
        line_id: LineId,
        reason: HoldRefusal,
    },
    HoldExpired {
        line_id: LineId,
    },
    /// The line's event does not take place.
    EventCancelled {
        line_id: LineId,
    },
    CheckedOut {
        order_id: OrderId,
    },
}

impl BasketChange {
    /// Its name on the wire.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::LineAdded { .. } => "line_added",
            Self::QuantityChanged { .. } => "quantity_changed",
            Self::LineRemoved { .. } => "line_removed",
            Self::PlacesHeld { .. } => "places_held",
            Self::HoldRefused { .. } => "hold_refused",
            Self::HoldExpired { .. } => "hold_expired",
            Self::EventCancelled { .. } => "event_cancelled",
            Self::CheckedOut { .. } => "checked_out",
        }
    }
}
