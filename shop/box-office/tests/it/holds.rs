//! A hold in a state, what reaches it, and what follows, in words short enough to read as a row of the table.

use box_office::counter::{Counter, EventStanding, TicketType};
use box_office::hold::{Decision, Hold, HoldEffect, HoldState, Place, Release, Subject};
use contracts::HoldId;
use contracts::box_office::{HoldTickets, ReleaseHold};
use hosting::Timestamp;

pub(crate) fn id<I: From<uuid::Uuid>>(number: u128) -> I {
    I::from(uuid::Uuid::from_u128(number))
}

pub(crate) fn minute(minutes: i64) -> Timestamp {
    Timestamp::from_micros(1_800_000_000_000_000 + minutes * 60_000_000)
}

/// Two places, held until minute 10.
pub(crate) const HELD: HoldState = HoldState::Held { quantity: 2, until: Timestamp::from_micros(1_800_000_600_000_000) };

pub(crate) fn secured(order: u128, securing: u32) -> HoldState {
    HoldState::Secured { order_id: id(order), securing, quantity: 2, until: minute(15) }
}

pub(crate) fn sold(order: u128, securing: u32) -> HoldState {
    HoldState::Sold { order_id: id(order), securing, quantity: 2 }
}

pub(crate) fn released(order: u128, securing: u32) -> HoldState {
    HoldState::Released { by: Release::Order { order_id: id(order), securing } }
}

pub(crate) const BY_BASKET: HoldState = HoldState::Released { by: Release::Basket };
pub(crate) const BY_EVENT: HoldState = HoldState::Released { by: Release::Event };

/// Hold 5 at revision 1, of basket 3, event 1 and ticket type 2.
pub(crate) fn hold(state: HoldState) -> Hold {
    hold_numbered(5, 2, state)
}

pub(crate) fn hold_numbered(number: u128, ticket_type: u128, state: HoldState) -> Hold {
    let subject = Subject { basket_id: id(3), event_id: id(1), ticket_type_id: id(ticket_type) };
    Hold { hold_id: id(number), revision: 1, subject: Some(subject), state }
}

pub(crate) fn hold_tickets(revision: u32, quantity: u32) -> HoldTickets {
    HoldTickets { hold_id: id(5), revision, basket_id: id(3), event_id: id(1), ticket_type_id: id(2), quantity }
}

pub(crate) fn release_hold(revision: u32) -> ReleaseHold {
    ReleaseHold { hold_id: id(5), revision, basket_id: id(3) }
}

/// An event on sale until minute 60, at most 8 places a hold, with that many places left and two held.
pub(crate) fn on_sale(left: u32) -> Place {
    let counter = Counter { wanted: left + 2, held: 2, sold: 0 };
    let ticket_type = TicketType { counter, quantity_max: 8, sale_starts: minute(-60), sale_ends: minute(60) };
    Place { event: EventStanding::Open, ticket_type: Some(ticket_type) }
}

pub(crate) fn said(effects: &[HoldEffect]) -> Vec<String> {
    effects.iter().map(say).collect()
}

fn number(id: impl Into<HoldId>) -> u128 {
    id.into().to_uuid().as_u128()
}

fn minutes(at: Timestamp) -> i64 {
    (at.as_micros() - minute(0).as_micros()) / 60_000_000
}

fn say(effect: &HoldEffect) -> String {
    match effect {
        HoldEffect::Count(change) if change.sold == 0 => format!("held {:+}", change.held),
        HoldEffect::Count(change) if change.held == 0 => format!("sold {:+}", change.sold),
        HoldEffect::Count(change) => format!("held {:+} sold {:+}", change.held, change.sold),
        HoldEffect::PublishHeld(event) => {
            format!("TicketsHeld({}, {} until {})", event.revision, event.quantity, minutes(event.until))
        }
        HoldEffect::PublishRejected(event) => {
            let until = event.until.map_or(String::new(), |until| format!(" until {}", minutes(until)));
            format!("HoldRejected({}, {:?}, left {}, held {}{until})", event.revision, event.reason, event.left, event.held)
        }
        HoldEffect::PublishExpired(event) => format!("HoldExpired({})", event.revision),
        HoldEffect::PublishSecured(event) => format!("TicketsSecured({} until {})", event.securing, minutes(event.until)),
        HoldEffect::PublishUnavailable(event) => {
            let holds: Vec<_> = event.hold_ids.iter().map(|id| number(*id)).collect();
            format!("TicketsUnavailable({}, {:?}, {holds:?})", event.securing, event.reason)
        }
        HoldEffect::PublishIssued(event) => format!("TicketsIssued({}, {})", event.securing, event.quantity),
        HoldEffect::PublishVoided(event) => format!("TicketsVoided({}, {})", event.securing, event.quantity),
        HoldEffect::SetExpiry(_, at) => format!("set ExpireHold at {}", minutes(*at)),
        HoldEffect::CancelExpiry(_) => "cancel ExpireHold".into(),
        HoldEffect::MakeTickets { quantity, .. } => format!("make {quantity} tickets"),
        HoldEffect::VoidTickets { .. } => "void tickets".into(),
    }
}

/// The decision about one hold brings it to `next` at that revision, and that follows.
#[track_caller]
pub(crate) fn check(decision: Option<Decision>, next: HoldState, revision: u32, expected: &[&str]) -> Hold {
    let decision = decision.unwrap();
    assert_eq!(said(&decision.effects), expected);
    let [hold]: [Hold; 1] = decision.holds.try_into().unwrap();
    assert_eq!((hold.state, hold.revision), (next, revision));
    let stored = serde_json::to_string(&hold).unwrap();
    assert_eq!(serde_json::from_str::<Hold>(&stored).unwrap(), hold, "stored and loaded");
    hold
}
