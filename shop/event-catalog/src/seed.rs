//! The events of a new shop, in several cities over the coming months. Pure: only the day they are reckoned from goes
//! in. What is on stands in `seed/programme.json`: hours are UTC, prices euro cents, all names made up.

use std::time::Duration;

use contracts::Currency;
use hosting::Timestamp;
use serde::Deserialize;

use crate::event::{NewEvent, NewTicketType};

const DAY_MICROS: i64 = 86_400_000_000;

/// An event of the programme.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    title: String,
    category: String,
    venue: String,
    city: String,
    /// Days after today.
    in_days: u64,
    /// Hour and minute.
    at: (u64, u64),
    /// Days after today; at once unless told otherwise.
    sale_opens_in_days: Option<u64>,
    /// It is called off.
    #[serde(default)]
    cancelled: bool,
    description: String,
    tickets: Vec<Ticket>,
}

/// A ticket type of an event.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ticket {
    name: String,
    cents: i64,
    /// None where it is sold out.
    places: u32,
}

/// The events of a new shop, as of `today`. The same day gives the same events, in the same order.
#[must_use]
pub fn events(today: Timestamp) -> Vec<NewEvent> {
    let midnight = Timestamp::from_micros(today.as_micros().div_euclid(DAY_MICROS) * DAY_MICROS);
    programme().into_iter().map(|entry| new_event(entry, midnight)).collect()
}

#[expect(clippy::expect_used, reason = "invariant: the file is part of the program, and tests read it")]
fn programme() -> Vec<Entry> {
    serde_json::from_str(include_str!("../seed/programme.json")).expect("the programme is a list of events")
}

fn new_event(entry: Entry, midnight: Timestamp) -> NewEvent {
    let at = |days: u64, (hours, minutes): (u64, u64)| midnight.plus(Duration::from_secs(days * 86_400 + hours * 3_600 + minutes * 60));
    let sale_starts = entry.sale_opens_in_days.map(|days| at(days, (9, 0)));
    let ticket_type = |Ticket { name, cents, places }| NewTicketType {
        name,
        price_minor: cents,
        capacity: places,
        quantity_max: None,
        sale_starts,
        sale_ends: None,
    };
    NewEvent {
        title: entry.title,
        description: entry.description,
        category: entry.category,
        venue: entry.venue,
        city: entry.city,
        starts: at(entry.in_days, entry.at),
        currency: Currency::EUR,
        ticket_types: entry.tickets.into_iter().map(ticket_type).collect(),
        cancelled: entry.cancelled,
    }
}
