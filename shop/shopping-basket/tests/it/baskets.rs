//! Baskets, offers and lines to test with.

use contracts::box_office::{HoldExpired, HoldRefusal, HoldRejected, TicketsHeld};
use contracts::{BasketId, Currency, LineId, Money};
use hosting::Timestamp;
use shopping_basket::basket::{Basket, NewLine, Offer};
use shopping_basket::line::{Line, LineInput, LineState};

pub(crate) fn id<I: From<uuid::Uuid>>(number: u128) -> I {
    I::from(uuid::Uuid::from_u128(number))
}

pub(crate) fn minute(minutes: i64) -> Timestamp {
    Timestamp::from_micros(1_800_000_000_000_000 + minutes * 60_000_000)
}

pub(crate) fn eur(amount_minor: i64) -> Money {
    Money::new(amount_minor, Currency::EUR)
}

pub(crate) const HELD: LineState = LineState::Held { until: Timestamp::from_micros(1_800_000_600_000_000) };

/// Ticket type 2 of event 1, at 25.00 EUR, at most 8 places.
pub(crate) fn offer() -> Offer {
    Offer {
        event_id: id(1),
        event_version: 3,
        event_title: "A night of fado".into(),
        event_starts: Timestamp::from_micros(1_800_100_000_000_000),
        event_cancelled: false,
        ticket_type_id: id(2),
        ticket_type_name: "Stalls".into(),
        price: eur(2_500),
        quantity_max: 8,
    }
}

pub(crate) fn basket_id() -> BasketId {
    id(3)
}

pub(crate) fn line_id() -> LineId {
    id(4)
}

/// A basket with line 4, hold 5: two places at 25.00 EUR, in that state at revision 1.
pub(crate) fn basket(state: LineState) -> Basket {
    let mut basket = Basket::new(basket_id());
    basket.add(NewLine { line_id: line_id(), hold_id: id(5) }, &offer(), 2).unwrap();
    basket.lines[0].state = state;
    basket
}

pub(crate) fn line(state: LineState) -> Line {
    basket(state).lines.remove(0)
}

pub(crate) fn tickets_held(revision: u32, quantity: u32) -> LineInput {
    LineInput::TicketsHeld(TicketsHeld { hold_id: id(5), revision, basket_id: basket_id(), quantity, until: minute(10) })
}

pub(crate) fn hold_rejected(revision: u32, left: u32, held: u32) -> LineInput {
    LineInput::HoldRejected(HoldRejected {
        hold_id: id(5),
        revision,
        basket_id: basket_id(),
        reason: HoldRefusal::SoldOut,
        left,
        held,
        until: (held > 0).then(|| minute(10)),
    })
}

pub(crate) fn hold_expired(revision: u32) -> LineInput {
    LineInput::HoldExpired(HoldExpired { hold_id: id(5), revision, basket_id: basket_id() })
}
