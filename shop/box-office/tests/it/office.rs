//! A box office under test: event 1 with ticket type 2 (ten places) on sale, and what buyers and orders ask of it.

use std::time::Duration;

use box_office::audit::{self, Facts, HoldFacts};
use contracts::box_office::{HoldTickets, IssueTickets, ReleaseHold, ReleaseOrder, SecureLine, SecureTickets};
use contracts::event_catalog::{EventCancelled, EventPublished, EventState, EventStatus, TicketTypeState};
use contracts::{Currency, Money};
use hosting::Protections;
use messaging::{Message, NotHandled, TestEndpoint};

use crate::holds::id;

pub(crate) struct Office(pub(crate) TestEndpoint);

pub(crate) fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}

impl Office {
    /// Knows nothing yet.
    pub(crate) fn empty() -> Self {
        Self(TestEndpoint::new(box_office::endpoint()))
    }

    /// Event 1 is on sale.
    pub(crate) fn open() -> Self {
        Self::open_with(Protections::all_on())
    }

    pub(crate) fn open_without(protection: &str) -> Self {
        Self::open_with(Protections::without(protection))
    }

    fn open_with(protections: Protections) -> Self {
        let mut office = Self(TestEndpoint::with_protections(box_office::endpoint(), protections));
        office.tell(office.event_published());
        office.0.forget();
        office
    }

    pub(crate) fn tell<M: Message>(&mut self, message: M) {
        self.0.handle(message).unwrap();
    }

    pub(crate) fn try_tell<M: Message>(&mut self, message: M) -> Result<(), NotHandled> {
        self.0.handle(message)
    }

    pub(crate) fn event(status: EventStatus, version: u32) -> EventState {
        EventState {
            event_id: id(1),
            version,
            title: "Nightjar Quartet".into(),
            category: "jazz".into(),
            venue: "Old Mill".into(),
            city: "Ghent".into(),
            starts: hosting::Timestamp::from_micros(1_900_000_000_000_000),
            status,
        }
    }

    pub(crate) fn ticket_type(&self, capacity: u32, version: u32) -> TicketTypeState {
        TicketTypeState {
            ticket_type_id: id(2),
            event_id: id(1),
            version,
            name: "Stalls".into(),
            price: Money::new(2_500, Currency::EUR),
            capacity,
            quantity_max: 8,
            sale_starts: self.0.now().minus(minutes(1)),
            sale_ends: self.0.now().plus(minutes(600)),
        }
    }

    pub(crate) fn event_published(&self) -> EventPublished {
        EventPublished { event: Self::event(EventStatus::Published, 1), ticket_types: vec![self.ticket_type(10, 1)] }
    }

    pub(crate) fn cancel_event(&mut self) {
        self.tell(EventCancelled { event: Self::event(EventStatus::Cancelled, 2) });
    }

    pub(crate) fn hold(&mut self, hold: u128, revision: u32, quantity: u32) {
        self.tell(hold_tickets(hold, revision, quantity));
    }

    pub(crate) fn release(&mut self, hold: u128, revision: u32) {
        self.tell(ReleaseHold { hold_id: id(hold), revision, basket_id: id(3) });
    }

    /// Order 6 asks for these holds, so many places each.
    pub(crate) fn secure(&mut self, securing: u32, lines: &[(u128, u32)]) {
        let line = |&(hold, quantity): &(u128, u32)| SecureLine { hold_id: id(hold), event_id: id(1), ticket_type_id: id(2), quantity };
        self.tell(SecureTickets { order_id: id(6), securing, lines: lines.iter().map(line).collect() });
    }

    pub(crate) fn release_order(&mut self, securing: u32, holds: &[u128]) {
        self.tell(ReleaseOrder { order_id: id(6), securing, hold_ids: holds.iter().map(|hold| id(*hold)).collect() });
    }

    pub(crate) fn issue(&mut self, securing: u32, holds: &[u128]) {
        self.tell(IssueTickets { order_id: id(6), securing, hold_ids: holds.iter().map(|hold| id(*hold)).collect() });
    }

    pub(crate) fn facts(&self) -> Facts {
        self.0.read(audit::read)
    }

    pub(crate) fn hold_facts(&self, hold: u128) -> HoldFacts {
        self.facts().holds.into_iter().find(|found| found.hold_id == id(hold)).unwrap()
    }

    pub(crate) fn state(&self, hold: u128) -> String {
        self.hold_facts(hold).state
    }

    /// Held and sold of ticket type 2.
    pub(crate) fn counted(&self) -> (i64, i64) {
        let facts = self.facts();
        (facts.ticket_types[0].held, facts.ticket_types[0].sold)
    }

    /// Held and sold as the sums over holds.
    pub(crate) fn summed(&self) -> (i64, i64) {
        let facts = self.facts();
        let sum = |states: &[&str]| {
            facts.holds.iter().filter(|hold| states.contains(&hold.state.as_str())).map(|hold| i64::from(hold.quantity)).sum()
        };
        (sum(&["held", "secured"]), sum(&["sold"]))
    }
}

pub(crate) fn hold_tickets(hold: u128, revision: u32, quantity: u32) -> HoldTickets {
    HoldTickets { hold_id: id(hold), revision, basket_id: id(3), event_id: id(1), ticket_type_id: id(2), quantity }
}
