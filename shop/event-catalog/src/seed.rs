//! The events of a new shop, in several cities over the coming months. Pure: only the day they are reckoned from goes
//! in. Hours are UTC, prices euro cents.

use std::time::Duration;

use contracts::Currency;
use hosting::Timestamp;

use crate::event::{NewEvent, NewTicketType};

mod programme;

use programme::{Entry, Sale};

const DAY_MICROS: i64 = 86_400_000_000;

/// The events of a new shop, as of `today`. The same day gives the same events, in the same order.
#[must_use]
pub fn events(today: Timestamp) -> Vec<NewEvent> {
    let midnight = Timestamp::from_micros(today.as_micros().div_euclid(DAY_MICROS) * DAY_MICROS);
    programme::entries().map(|entry| new_event(entry, midnight)).collect()
}

fn new_event(entry: &Entry, midnight: Timestamp) -> NewEvent {
    let starts = midnight.plus(days(entry.in_days)).plus(minutes(entry.at_minutes));
    let sale_starts = match entry.sale {
        Sale::OpensIn(in_days) => Some(midnight.plus(days(in_days)).plus(minutes(9 * 60))),
        Sale::Open | Sale::Cancelled => None,
    };
    let ticket_types = entry.tickets.iter().map(|&(name, price_minor, capacity)| NewTicketType {
        name: name.to_owned(),
        price_minor,
        capacity,
        quantity_max: None,
        sale_starts,
        sale_ends: None,
    });
    NewEvent {
        title: entry.title.to_owned(),
        description: entry.description.to_owned(),
        category: entry.category.to_owned(),
        venue: entry.place.0.to_owned(),
        city: entry.place.1.to_owned(),
        starts,
        currency: Currency::EUR,
        ticket_types: ticket_types.collect(),
        cancelled: matches!(entry.sale, Sale::Cancelled),
    }
}

fn days(count: u64) -> Duration {
    Duration::from_secs(count * 86_400)
}

fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}
