//! News of events and ticket types, in any order.

use contracts::box_office::{AvailabilityChanged, HoldRefusal, HoldRejected, ReleaseHoldsOfEvent, TicketsUnavailable, Unavailable};
use contracts::event_catalog::{CapacityChanged, EventPublished};

use crate::office::{Office, hold_tickets, minutes};

#[test]
fn a_published_event_makes_its_ticket_types_known_and_tells_what_is_left() {
    let mut office = Office::empty();
    office.tell(office.event_published());
    let facts = office.facts();
    assert_eq!((facts.events[0].published, facts.events[0].cancelled, facts.ticket_types[0].wanted), (true, false, 10));
    assert_eq!(office.0.published::<AvailabilityChanged>()[0].available, 10);
}

#[test]
fn a_capacity_counts_only_if_it_is_newer_whichever_message_brought_it() {
    let mut office = Office::empty();
    office.tell(CapacityChanged { ticket_type: office.ticket_type(30, 3) });
    office.tell(CapacityChanged { ticket_type: office.ticket_type(20, 2) });
    office.tell(office.event_published());
    assert_eq!((office.facts().ticket_types[0].wanted, office.0.published::<AvailabilityChanged>().len()), (30, 1));
}

#[test]
fn a_capacity_below_what_is_held_leaves_nothing_and_takes_nothing_away() {
    let mut office = Office::open();
    office.hold(5, 1, 6);
    office.tell(CapacityChanged { ticket_type: office.ticket_type(2, 2) });
    assert_eq!((office.counted(), office.0.published::<AvailabilityChanged>()[1].available), ((6, 0), 0));
    office.hold(7, 1, 1);
    assert_eq!(office.0.published::<HoldRejected>()[0].reason, HoldRefusal::SoldOut);
}

#[test]
fn a_cancelled_event_releases_its_holds_and_keeps_what_is_secured() {
    let mut office = Office::open();
    office.hold(5, 1, 2);
    office.hold(7, 1, 3);
    office.secure(1, &[(7, 3)]);
    office.cancel_event();
    assert_eq!((office.state(5).as_str(), office.state(7).as_str(), office.counted()), ("released", "secured", (3, 0)));
    office.hold(8, 1, 1);
    assert_eq!(office.0.published::<HoldRejected>()[0].reason, HoldRefusal::EventCancelled);
    office.issue(1, &[7]);
    assert_eq!((office.counted(), office.summed()), ((0, 3), (0, 3)));
    office.0.advance(minutes(20));
    assert_eq!(office.facts().open_holds().count(), 0);
}

#[test]
fn the_holds_of_a_cancelled_event_are_released_in_bounded_steps() {
    let mut office = Office::open();
    office.tell(CapacityChanged { ticket_type: office.ticket_type(1_000, 2) });
    (0..250).for_each(|number| office.hold(1_000 + number, 1, 1));
    office.0.forget();
    office.cancel_event();
    assert_eq!((office.counted(), office.facts().open_holds().count()), ((0, 0), 0));
    assert_eq!((office.0.sent::<ReleaseHoldsOfEvent>().len(), office.0.published::<AvailabilityChanged>().len()), (3, 3));
}

#[test]
fn a_cancellation_that_arrives_before_the_publication_stays() {
    let mut office = Office::empty();
    office.cancel_event();
    office.tell(hold_tickets(5, 1, 1));
    office.tell(EventPublished { ..office.event_published() });
    office.tell(hold_tickets(7, 1, 1));
    let reasons: Vec<HoldRefusal> = office.0.published::<HoldRejected>().iter().map(|rejected| rejected.reason).collect();
    assert_eq!(reasons, [HoldRefusal::EventCancelled, HoldRefusal::EventCancelled]);
    assert_eq!((office.facts().ticket_types[0].wanted, office.facts().events[0].cancelled), (10, true));
}

#[test]
fn an_expired_hold_of_a_cancelled_event_is_not_secured() {
    let mut office = Office::open();
    office.hold(5, 1, 2);
    office.0.advance(minutes(10));
    office.cancel_event();
    office.secure(1, &[(5, 2)]);
    assert_eq!(office.0.published::<TicketsUnavailable>()[0].reason, Unavailable::EventCancelled);
}
