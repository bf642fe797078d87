//! All messages and feed entries with the shapes of their JSON, for documents that programs read. A test holds the list
//! complete.

use std::collections::BTreeMap;

use messaging::{FeedEntry, Message};
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use crate::box_office::{
    AvailabilityChanged, ExpireHold, HoldExpired, HoldRejected, HoldTickets, IssueTickets, ReleaseHold, ReleaseHoldsOfEvent, ReleaseOrder,
    SecureTickets, TicketsHeld, TicketsIssued, TicketsSecured, TicketsUnavailable, TicketsVoided,
};
use crate::event_catalog::{CapacityChanged, EventCancelled, EventPublished, EventRenamed, EventRescheduled, TicketPriceChanged};
use crate::ordering::{
    CancelOrderOfEvent, CancelOrdersOfEvent, GiveUp, OrderCancelled, OrderPaid, OrderPlaced, OrderRefunded, PaymentDeadline, PlaceOrder,
    SecuringDeadline,
};
use crate::payment::{
    CallGateway, CancelPayment, PaymentCancelled, PaymentDeclined, PaymentNeedsAction, PaymentRefunded, PaymentSucceeded, RefundFailed,
    RefundPayment, RequestPayment,
};
use crate::shopping_basket::{BasketEvent, CancelLinesOfEvent};

/// The shape of a message or of a feed's entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The message's name on the wire, or the feed's name.
    pub name: &'static str,
    /// The version of its shape.
    pub version: u16,
    /// Its schema's name.
    pub schema: String,
}

/// Everything that services say to each other.
#[derive(Clone, Default)]
pub struct Vocabulary {
    /// The messages and feed entries.
    pub words: Vec<Word>,
    /// The schemas by name: JSON Schema as OpenAPI 3.1 has it, with references below `#/components/schemas`.
    pub schemas: BTreeMap<String, RefOr<Schema>>,
}

impl Vocabulary {
    /// All of it.
    #[must_use]
    pub fn complete() -> Self {
        let mut all = Self::default();
        all.box_office();
        all.event_catalog();
        all.ordering();
        all.payment();
        all.shopping_basket();
        all
    }

    fn box_office(&mut self) {
        self.message::<HoldTickets>().message::<ReleaseHold>().message::<ExpireHold>().message::<ReleaseHoldsOfEvent>();
        self.message::<SecureTickets>().message::<ReleaseOrder>().message::<IssueTickets>();
        self.message::<TicketsHeld>().message::<HoldRejected>().message::<HoldExpired>().message::<TicketsSecured>();
        self.message::<TicketsUnavailable>().message::<TicketsIssued>().message::<TicketsVoided>().message::<AvailabilityChanged>();
    }

    fn event_catalog(&mut self) {
        self.message::<EventPublished>().message::<EventRenamed>().message::<EventRescheduled>().message::<EventCancelled>();
        self.message::<TicketPriceChanged>().message::<CapacityChanged>();
    }

    fn ordering(&mut self) {
        self.message::<PlaceOrder>().message::<SecuringDeadline>().message::<PaymentDeadline>().message::<GiveUp>();
        self.message::<CancelOrdersOfEvent>().message::<CancelOrderOfEvent>();
        self.message::<OrderPlaced>().message::<OrderPaid>().message::<OrderCancelled>().message::<OrderRefunded>();
    }

    fn payment(&mut self) {
        self.message::<RequestPayment>().message::<CancelPayment>().message::<RefundPayment>().message::<CallGateway>();
        self.message::<PaymentSucceeded>().message::<PaymentDeclined>().message::<PaymentCancelled>();
        self.message::<PaymentNeedsAction>().message::<PaymentRefunded>().message::<RefundFailed>();
    }

    fn shopping_basket(&mut self) {
        self.message::<CancelLinesOfEvent>().word::<BasketEvent>(BasketEvent::FEED, BasketEvent::VERSION);
    }

    fn message<M: Message + ToSchema>(&mut self) -> &mut Self {
        self.word::<M>(M::NAME, M::VERSION)
    }

    fn word<S: ToSchema>(&mut self, name: &'static str, version: u16) -> &mut Self {
        let mut schemas = vec![(S::name().into_owned(), S::schema())];
        S::schemas(&mut schemas);
        self.schemas.extend(schemas);
        self.words.push(Word { name, version, schema: S::name().into_owned() });
        self
    }
}
