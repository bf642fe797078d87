//! How times, amounts and states are said to people. Pure: the time comes in.

use hosting::Timestamp;
use jiff::ZonedDateTime;
use jiff::tz::TimeZone;

use crate::services::{Event, Line, TicketType};

/// Places left that are called few.
const FEW: u32 = 10;

/// An instant as the clocks of its place show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct When {
    /// `Sat 14 March 2027`.
    pub(crate) day: String,
    /// `14`.
    pub(crate) day_of_month: String,
    /// `Mar`.
    pub(crate) month: String,
    /// `Sat`.
    pub(crate) weekday: String,
    /// `20:00 CET`: the zone is named, for the reader's may be another.
    pub(crate) time: String,
    /// For programs: RFC 3339.
    pub(crate) machine: String,
}

impl When {
    /// `zone` is an IANA name; one that is not known reads as UTC.
    pub(crate) fn of(instant: Timestamp, zone: &str) -> Self {
        let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
        let at = jiff::Timestamp::from_microsecond(instant.as_micros()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let at: ZonedDateTime = at.to_zoned_datetime(zone);
        let said = |format: &str| at.strftime(format).to_string();
        Self {
            day: said("%a %-d %B %Y"),
            day_of_month: said("%-d"),
            month: said("%b"),
            weekday: said("%a"),
            time: said("%H:%M %Z"),
            machine: at.timestamp().to_string(),
        }
    }
}

/// `€28.00`; a currency without a sign of its own here stands behind: `28.00 SEK`.
pub(crate) fn money(minor: i64, currency: &str) -> String {
    let sign = if minor < 0 { "−" } else { "" };
    let digits = format!("{}.{:02}", minor.unsigned_abs() / 100, minor.unsigned_abs() % 100);
    match currency {
        "EUR" => format!("{sign}€{digits}"),
        "GBP" => format!("{sign}£{digits}"),
        "USD" => format!("{sign}${digits}"),
        other => format!("{sign}{digits} {other}"),
    }
}

/// `3 tickets`.
pub(crate) fn tickets(number: u32) -> String {
    if number == 1 { "1 ticket".to_owned() } else { format!("{number} tickets") }
}

/// How long until `until`, as people say it: whole minutes, rounded down.
pub(crate) fn left_until(until: Timestamp, now: Timestamp) -> String {
    match until.since(now).as_secs() {
        0 => "no time".to_owned(),
        1..60 => "less than a minute".to_owned(),
        60..120 => "1 minute".to_owned(),
        seconds => format!("{} minutes", seconds / 60),
    }
}

/// Something about an event that matters more than its price: words, and the class that gives them their colour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Badge {
    pub(crate) words: String,
    pub(crate) class: &'static str,
}

impl Badge {
    fn new(words: impl Into<String>, class: &'static str) -> Option<Self> {
        Some(Self { words: words.into(), class })
    }

    /// One at most.
    pub(crate) fn of(event: &Event) -> Option<Self> {
        let left: u32 = event.ticket_types.iter().map(|kind| kind.available).sum();
        match event.status.as_str() {
            "cancelled" => Self::new("Cancelled", "over"),
            "sale_ended" => Self::new("Sale has ended", "over"),
            "not_yet_on_sale" => {
                let opens = event.ticket_types.iter().map(|kind| kind.sale_starts).min()?;
                let when = When::of(opens, &event.zone);
                Self::new(format!("On sale from {} {}", when.day_of_month, when.month), "soon")
            }
            _ if left == 0 => Self::new("Sold out", "over"),
            _ if left <= FEW => Self::new(format!("Only {left} left"), "few"),
            _ => None,
        }
    }
}

/// `from €25.00`, or what it costs where all cost the same; nothing where nothing is sold.
pub(crate) fn from_price(event: &Event) -> Option<String> {
    let cheapest = event.ticket_types.iter().min_by_key(|kind| kind.price_minor)?;
    let price = if cheapest.price_minor == 0 { "Free".to_owned() } else { money(cheapest.price_minor, &cheapest.currency) };
    let same = event.ticket_types.iter().all(|kind| kind.price_minor == cheapest.price_minor);
    Some(if same { price } else { format!("from {price}") })
}

/// What a buyer has to know about a ticket type before choosing it; nothing where it is simply there.
pub(crate) fn hindrance(kind: &TicketType, zone: &str, now: Timestamp) -> Option<String> {
    if now < kind.sale_starts {
        let when = When::of(kind.sale_starts, zone);
        return Some(format!("On sale from {}, {}", when.day, when.time));
    }
    if now >= kind.sale_ends {
        return Some("Sale has ended".to_owned());
    }
    (kind.available == 0).then(|| "Sold out".to_owned())
}

/// What is left, where that is few.
pub(crate) fn few_left(kind: &TicketType) -> Option<String> {
    (1..=FEW).contains(&kind.available).then(|| format!("Only {} left", kind.available))
}

/// How a line of a basket stands: one sentence.
pub(crate) fn line_state(line: &Line, now: Timestamp) -> String {
    let left = line.left.unwrap_or_default();
    match (line.state.as_str(), line.held_until, line.refused_because.as_deref()) {
        ("requested", ..) => "Being held for you…".to_owned(),
        ("held", Some(until), Some(_)) => {
            format!("Only {} could be held, for {} more", tickets(line.quantity), left_until(until, now))
        }
        ("held", Some(until), None) => format!("Held for you for {} more", left_until(until, now)),
        ("sold_out", _, Some("not_on_sale")) => "Not on sale at the moment; nothing is held".to_owned(),
        ("sold_out", _, Some("quantity_limit")) => "More than one order may have; nothing is held. Choose fewer".to_owned(),
        ("sold_out", ..) if left > 0 => format!("Not enough left: {} can still be had. Choose fewer", tickets(left)),
        ("sold_out", ..) => "Sold out; nothing is held".to_owned(),
        ("expired", ..) => "No longer held: the time ran out. Ask for them again".to_owned(),
        ("event_cancelled", ..) => "The event was cancelled; take this out".to_owned(),
        (other, ..) => other.replace('_', " "),
    }
}

/// Why an order ended, or a payment did not go through.
pub(crate) fn reason(code: &str) -> String {
    let said = match code {
        "card_declined" | "generic_decline" => "your bank declined the card",
        "insufficient_funds" => "there is not enough money on the card",
        "expired_card" => "the card has expired",
        "incorrect_cvc" => "the card's security code is wrong",
        "processing_error" => "the bank could not process the card",
        "buyer" => "you cancelled it",
        "organiser" => "the organiser took it back",
        "event_cancelled" => "the event was cancelled",
        "deadline" => "it was not paid in time",
        "securing_deadline" => "the box office did not answer in time",
        "sold_out" | "not_held" => "the tickets were no longer held and could not be had again",
        "payment_unresolved" => "it stayed unclear whether the payment went through",
        other => return other.replace('_', " "),
    };
    said.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_said_as_the_venues_clocks_show_it() {
        let evening: Timestamp = "2027-03-14T19:00:00Z".parse().unwrap();
        let when = When::of(evening, "Europe/Warsaw");
        assert_eq!((when.day.as_str(), when.time.as_str()), ("Sun 14 March 2027", "20:00 CET"));
        assert_eq!(When::of(evening, "No/Where").time, "19:00 UTC");
    }

    #[test]
    fn an_amount_has_its_sign_before_it_or_its_code_behind() {
        assert_eq!(money(2_800, "EUR"), "€28.00");
        assert_eq!(money(-5, "SEK"), "−0.05 SEK");
    }

    #[test]
    fn what_is_left_of_a_hold_is_rounded_down() {
        let now = Timestamp::from_micros(0);
        let after = |seconds: i64| left_until(Timestamp::from_micros(seconds * 1_000_000), now);
        assert_eq!([after(0), after(59), after(60), after(599)], ["no time", "less than a minute", "1 minute", "9 minutes"]);
    }
}
