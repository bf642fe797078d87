//! What ordering is asked, what it says about orders, and the deadlines it sets for itself.

use hosting::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::payment::PaymentMethod;
use crate::{BasketId, EventId, HoldId, LineId, Money, OrderId, TicketTypeId};

/// A line of an order: the event as the buyer saw it, and the price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OrderLine {
    pub line_id: LineId,
    pub hold_id: HoldId,
    /// The hold's revision at checkout.
    pub revision: u32,
    pub event_id: EventId,
    /// The version of the event's row that the buyer saw; 0 where version 1 of the message did not say.
    #[serde(default)]
    pub event_version: u32,
    pub event_title: String,
    /// When the event started as the buyer saw it; nothing where version 1 of the message did not say.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub event_starts: Option<Timestamp>,
    pub ticket_type_id: TicketTypeId,
    pub ticket_type_name: String,
    pub quantity: u32,
    /// The price of one place.
    pub unit_price: Money,
}

/// A basket was checked out: sell it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlaceOrder {
    pub order_id: OrderId,
    pub basket_id: BasketId,
    pub email: String,
    pub name: String,
    /// How the buyer pays; empty where there is nothing to pay.
    pub payment_method: PaymentMethod,
    pub lines: Vec<OrderLine>,
    /// The sum of the lines.
    pub total: Money,
    /// When the buyer checked out.
    #[schema(value_type = String, format = DateTime)]
    pub placed: Timestamp,
}

/// To itself: the box office has had its time to answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SecuringDeadline {
    pub order_id: OrderId,
}

/// To itself: the payment window is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PaymentDeadline {
    pub order_id: OrderId,
}

/// To itself: payment has had its time to say how the attempt ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GiveUp {
    pub order_id: OrderId,
    pub attempt: u32,
}

/// To itself: cancel the orders of a cancelled event, a bounded number at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CancelOrdersOfEvent {
    pub event_id: EventId,
    /// Orders up to and including this one are done; nothing at the first step.
    #[serde(default)]
    pub after: Option<OrderId>,
}

/// To itself: an event of this order is cancelled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CancelOrderOfEvent {
    pub order_id: OrderId,
    pub event_id: EventId,
}

/// Why an order ended without tickets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CancelReason {
    /// The buyer wanted it so.
    Buyer,
    /// The organiser wanted it so.
    Organiser,
    /// An event in it does not take place.
    EventCancelled,
    /// The payment window passed.
    Deadline,
    /// The box office did not answer in time.
    SecuringDeadline,
    /// The places were gone.
    SoldOut,
    /// The places were not held for this order.
    NotHeld,
    /// Nobody knows how the payment ended; money that turns up later is returned.
    PaymentUnresolved,
}

/// An order exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OrderPlaced {
    pub order_id: OrderId,
    /// Grows by one with each change of the order.
    pub version: u32,
    pub basket_id: BasketId,
    pub email: String,
    pub name: String,
    pub total: Money,
    #[schema(value_type = String, format = DateTime)]
    pub placed: Timestamp,
}

/// Places of one ticket type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Places {
    pub event_id: EventId,
    pub ticket_type_id: TicketTypeId,
    pub quantity: u32,
}

/// The order's money is there, or none was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OrderPaid {
    pub order_id: OrderId,
    pub version: u32,
    pub basket_id: BasketId,
    pub total: Money,
    pub places: Vec<Places>,
}

/// The order ended without tickets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OrderCancelled {
    pub order_id: OrderId,
    pub version: u32,
    /// The order's current securing: ranks what was said about it.
    pub securing: u32,
    pub email: String,
    pub name: String,
    pub reason: CancelReason,
}

/// All money of the order was returned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OrderRefunded {
    pub order_id: OrderId,
    pub version: u32,
    /// The order's current securing: ranks what was said about it.
    pub securing: u32,
    pub email: String,
    pub name: String,
    pub total: Money,
    pub reason: CancelReason,
}

message!(command "globoticket.ordering.place-order" v 2 to "ordering": PlaceOrder, about order_id);
message!(command "globoticket.ordering.securing-deadline" v 1 to "ordering": SecuringDeadline, about order_id);
message!(command "globoticket.ordering.payment-deadline" v 1 to "ordering": PaymentDeadline, about order_id);
message!(command "globoticket.ordering.give-up" v 1 to "ordering": GiveUp, about order_id);
message!(command "globoticket.ordering.cancel-orders-of-event" v 1 to "ordering": CancelOrdersOfEvent, about event_id);
message!(command "globoticket.ordering.cancel-order-of-event" v 1 to "ordering": CancelOrderOfEvent, about order_id);
message!(event "globoticket.ordering.order-placed" v 1: OrderPlaced, about order_id);
message!(event "globoticket.ordering.order-paid" v 1: OrderPaid, about order_id);
message!(event "globoticket.ordering.order-cancelled" v 1: OrderCancelled, about order_id);
message!(event "globoticket.ordering.order-refunded" v 1: OrderRefunded, about order_id);
