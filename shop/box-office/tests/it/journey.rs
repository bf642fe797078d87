//! Holds and orders by real messages: rows, counters, deadlines, tickets and what is said.

use box_office::api::{self, Page, TicketView};
use contracts::box_office::{
    AvailabilityChanged, HoldExpired, HoldRefusal, HoldRejected, TicketsHeld, TicketsIssued, TicketsSecured, TicketsUnavailable,
    TicketsVoided, Unavailable,
};
use messaging::NotHandled;

use crate::holds::id;
use crate::office::{Office, hold_tickets, minutes};

#[test]
fn a_hold_takes_its_places_once_and_gives_them_back_after_ten_minutes() {
    let mut office = Office::open();
    office.hold(5, 1, 4);
    assert_eq!(office.0.redeliver_last(), Err(NotHandled::Duplicate));
    let held = office.0.published::<TicketsHeld>();
    assert_eq!((held.len(), held[0].quantity, held[0].until), (1, 4, office.0.now().plus(minutes(10))));
    assert_eq!((office.counted(), office.state(5).as_str(), office.facts().open_holds().count()), ((4, 0), "held", 1));
    office.0.advance(minutes(10));
    assert_eq!(office.0.published::<HoldExpired>().len(), 1);
    assert_eq!((office.counted(), office.state(5).as_str(), office.facts().open_holds().count()), ((0, 0), "expired", 0));
}

#[test]
fn a_late_message_about_a_hold_is_counted_and_changes_nothing() {
    let mut office = Office::open();
    office.hold(5, 2, 4);
    office.hold(5, 1, 3);
    office.release(5, 1);
    office.issue(1, &[5]);
    assert_eq!((office.state(5).as_str(), office.counted()), ("held", (4, 0)));
    assert_eq!(office.0.read(|tx| tx.query_one("SELECT ignored FROM holds", storage::params![], |row| row.get::<u32>(0))), 3);
}

#[test]
fn changing_a_hold_never_prolongs_it_and_holding_anew_does() {
    let mut office = Office::open();
    office.hold(5, 1, 1);
    office.0.advance(minutes(6));
    office.hold(5, 2, 3);
    office.0.advance(minutes(4));
    assert_eq!((office.state(5).as_str(), office.counted()), ("expired", (0, 0)));
    office.hold(5, 3, 2);
    office.0.advance(minutes(9));
    assert_eq!((office.state(5).as_str(), office.counted()), ("held", (2, 0)));
    office.0.advance(minutes(1));
    assert_eq!((office.state(5).as_str(), office.counted()), ("expired", (0, 0)));
}

#[test]
fn the_last_places_go_to_who_asks_first_and_the_next_is_told_how_many_are_left() {
    let mut office = Office::open();
    office.hold(5, 1, 7);
    office.hold(7, 1, 4);
    let rejected = office.0.published::<HoldRejected>();
    assert_eq!((rejected[0].reason, rejected[0].left, rejected[0].held), (HoldRefusal::SoldOut, 3, 0));
    office.hold(7, 2, 3);
    assert_eq!((office.counted(), office.summed()), ((10, 0), (10, 0)));
}

#[test]
fn a_change_of_the_counter_is_told_once_a_message_with_a_version_that_grows() {
    let mut office = Office::open();
    office.hold(5, 1, 2);
    office.hold(7, 1, 2);
    office.secure(1, &[(5, 2), (7, 2)]);
    office.issue(1, &[5, 7]);
    office.release_order(1, &[5, 7]);
    let told: Vec<(u32, u32)> =
        office.0.published::<AvailabilityChanged>().iter().map(|changed| (changed.version, changed.available)).collect();
    assert_eq!(told, [(2, 8), (3, 6), (5, 10)]);
}

#[test]
fn a_hold_for_a_ticket_type_that_is_not_known_yet_is_put_off_not_refused() {
    let mut office = Office::empty();
    assert!(matches!(office.try_tell(hold_tickets(5, 1, 1)), Err(NotHandled::PutOff(_))));
    assert!(office.0.published::<HoldRejected>().is_empty());
    office.tell(office.event_published());
    office.0.advance(minutes(1));
    assert_eq!(office.0.published::<TicketsHeld>().len(), 1);
}

#[test]
fn a_released_hold_gives_its_places_back_and_its_late_hold_is_ignored() {
    let mut office = Office::open();
    office.hold(5, 1, 4);
    office.release(5, 1);
    office.release(7, 1);
    office.hold(7, 1, 2);
    assert_eq!((office.state(5).as_str(), office.state(7).as_str(), office.counted()), ("released", "released", (0, 0)));
    office.0.advance(minutes(20));
    assert!(office.0.published::<HoldExpired>().is_empty());
}

#[test]
fn a_secured_order_becomes_tickets_each_with_a_code_of_its_own() {
    let mut office = Office::open();
    office.hold(5, 1, 2);
    office.hold(7, 1, 3);
    office.secure(1, &[(5, 2), (7, 3)]);
    assert_eq!(office.0.published::<TicketsSecured>()[0].until, office.0.now().plus(minutes(15)));
    office.0.advance(minutes(11));
    assert_eq!((office.state(5).as_str(), office.counted()), ("secured", (5, 0)));
    office.issue(1, &[5, 7]);
    assert_eq!((office.0.published::<TicketsIssued>()[0].quantity, office.counted(), office.summed()), (5, (0, 5), (0, 5)));
    let facts = office.facts();
    assert_eq!((facts.tickets[0].valid, facts.tickets[0].void, facts.tickets[0].codes), (5, 0, 5));
}

#[test]
fn a_ticket_code_has_27_symbols_in_groups_of_four() {
    let mut office = Office::open();
    office.hold(5, 1, 1);
    office.secure(1, &[(5, 1)]);
    office.issue(1, &[5]);
    let code = tickets(&mut office).remove(0).code;
    let groups: Vec<usize> = code.split('-').map(str::len).collect();
    assert_eq!(groups, [4, 4, 4, 4, 4, 4, 3]);
    assert!(code.chars().take(31).all(|c| c == '-' || (c.is_ascii_alphanumeric() && !"ILOU".contains(c) && !c.is_ascii_lowercase())));
}

#[test]
fn a_refunded_order_has_void_tickets_and_its_places_are_for_sale_again() {
    let mut office = Office::open();
    office.hold(5, 1, 2);
    office.secure(1, &[(5, 2)]);
    office.issue(1, &[5]);
    office.release_order(1, &[5]);
    assert_eq!(office.0.published::<TicketsVoided>()[0].quantity, 2);
    assert_eq!((office.counted(), office.state(5).as_str()), ((0, 0), "voided"));
    assert!(tickets(&mut office).iter().all(|ticket| !ticket.valid));
}

#[test]
fn an_expired_hold_is_secured_only_while_its_places_are_still_there() {
    let mut office = Office::open();
    office.hold(5, 1, 6);
    office.hold(7, 1, 4);
    office.0.advance(minutes(10));
    office.secure(1, &[(5, 6)]);
    assert_eq!((office.state(5).as_str(), office.counted()), ("secured", (6, 0)));
    office.hold(8, 1, 4);
    office.tell(contracts::box_office::SecureTickets {
        order_id: id(9),
        securing: 1,
        lines: vec![contracts::box_office::SecureLine { hold_id: id(7), event_id: id(1), ticket_type_id: id(2), quantity: 4 }],
    });
    assert_eq!(office.0.published::<TicketsUnavailable>()[0].reason, Unavailable::SoldOut);
    assert_eq!((office.counted(), office.summed()), ((10, 0), (10, 0)));
}

#[test]
fn an_order_released_by_its_first_securing_is_secured_again_by_its_second() {
    let mut office = Office::open();
    office.hold(5, 1, 2);
    office.secure(1, &[(5, 2)]);
    office.release_order(1, &[5]);
    office.secure(1, &[(5, 2)]);
    assert_eq!((office.0.published::<TicketsUnavailable>().len(), office.counted()), (1, (0, 0)));
    office.secure(2, &[(5, 2)]);
    office.issue(1, &[5]);
    assert_eq!((office.0.published::<TicketsSecured>().len(), office.counted(), office.summed()), (2, (2, 0), (2, 0)));
    office.issue(2, &[5]);
    assert_eq!((office.facts().tickets[0].valid, office.counted()), (2, (0, 2)));
}

#[test]
fn what_was_released_before_it_was_ever_held_is_never_held_or_secured() {
    let mut office = Office::open();
    office.release_order(1, &[5]);
    office.hold(5, 1, 2);
    office.secure(2, &[(5, 2)]);
    assert_eq!(office.0.published::<TicketsUnavailable>()[0].reason, Unavailable::NotHeld);
    assert_eq!((office.state(5).as_str(), office.counted()), ("released", (0, 0)));
}

#[test]
fn without_the_expiry_check_an_expired_hold_is_secured_on_places_that_others_have() {
    let mut office = Office::open_without("expiry-check");
    office.hold(5, 1, 6);
    office.0.advance(minutes(10));
    office.hold(7, 1, 8);
    office.secure(1, &[(5, 6)]);
    assert_eq!((office.state(5).as_str(), office.counted(), office.summed()), ("secured", (8, 0), (14, 0)));
}

#[test]
fn without_the_release_check_places_are_given_back_twice() {
    let mut office = Office::open_without("release-check");
    office.hold(5, 1, 3);
    office.0.advance(minutes(10));
    office.hold(7, 1, 4);
    office.release(5, 1);
    assert_eq!((office.counted(), office.summed()), ((1, 0), (4, 0)));
}

fn tickets(office: &mut Office) -> Vec<TicketView> {
    let page = Page { limit: None, after: None };
    office.0.operation(move |ctx| api::read_tickets(ctx.tx(), id(6), &page)).unwrap().tickets
}
