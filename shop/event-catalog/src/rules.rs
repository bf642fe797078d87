//! What texts, numbers and instants of an event may be. Knows nothing of where they come from.

use std::time::Duration;

use contracts::Currency;
use hosting::Timestamp;

use crate::Refusal;

/// The longest title, name of a ticket type, venue, city or category, in characters.
pub(crate) const NAME_CHARS_MAX: usize = 120;
/// The longest description, in characters.
pub(crate) const DESCRIPTION_CHARS_MAX: usize = 4_000;
/// The highest price, in minor units.
const PRICE_MINOR_MAX: i64 = 10_000_000;
/// The most places of one ticket type.
const CAPACITY_MAX: u32 = 1_000_000;
/// The most places one hold may be allowed to ask for.
const QUANTITY_MAX_MAX: u32 = 100;
/// The most ticket types of an event.
pub(crate) const TICKET_TYPES_MAX: usize = 20;
/// How far ahead an event may be.
const AHEAD_MAX: Duration = Duration::from_secs(10 * 366 * 86_400);

fn invalid(field: &'static str, rule: impl Into<String>, value: impl ToString) -> Refusal {
    let value: String = value.to_string().chars().take(80).collect();
    Refusal::Invalid { field, rule: rule.into(), value }
}

/// A text of one line with something in it, without space around it.
pub(crate) fn name(field: &'static str, text: &str) -> Result<String, Refusal> {
    let trimmed = text.trim();
    let length = trimmed.chars().count();
    if length == 0 || length > NAME_CHARS_MAX || trimmed.chars().any(char::is_control) {
        return Err(invalid(field, format!("must have 1 to {NAME_CHARS_MAX} printable characters"), text));
    }
    Ok(trimmed.to_owned())
}

/// A text of any number of lines, or none.
pub(crate) fn description(text: &str) -> Result<String, Refusal> {
    let trimmed = text.trim();
    let odd = trimmed.chars().any(|c| c.is_control() && c != '\n');
    if odd || trimmed.chars().count() > DESCRIPTION_CHARS_MAX {
        return Err(invalid("description", format!("must have at most {DESCRIPTION_CHARS_MAX} printable characters"), text));
    }
    Ok(trimmed.to_owned())
}

/// Currencies whose minor unit is not a hundredth, or that have none (ISO 4217): an amount such as `25.00` would mean
/// something else in them.
const NO_HUNDREDTHS: [&str; 24] = [
    "BHD", "BIF", "CLP", "DJF", "GNF", "IQD", "ISK", "JOD", "JPY", "KMF", "KRW", "KWD", "LYD", "OMR", "PYG", "RWF", "TND", "UGX", "UYI",
    "VND", "VUV", "XAF", "XOF", "XPF",
];

/// A currency in which prices can be given.
pub(crate) fn currency(currency: Currency) -> Result<(), Refusal> {
    if NO_HUNDREDTHS.contains(&currency.as_str()) {
        return Err(invalid("currency", "must be one that is counted in hundredths, such as EUR", currency));
    }
    Ok(())
}

/// A price in minor units.
pub(crate) fn price(minor: i64) -> Result<i64, Refusal> {
    if (0..=PRICE_MINOR_MAX).contains(&minor) {
        return Ok(minor);
    }
    Err(invalid("price_minor", format!("must be 0 to {PRICE_MINOR_MAX} minor units (cents)"), minor))
}

/// Reads an amount as people write it, such as `25.00` or `25`, into minor units.
///
/// # Errors
/// If it is no amount with at most two decimals, or out of range.
pub fn price_minor(text: &str) -> Result<i64, Refusal> {
    let wrong = || invalid("price", "must be an amount such as 25.00", text);
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.chars().all(|c| c.is_ascii_digit());
    if whole.is_empty() || whole.len() > 9 || fraction.len() > 2 || !digits(whole) || !digits(fraction) || text.ends_with('.') {
        return Err(wrong());
    }
    let minor: i64 = format!("{whole}{fraction:0<2}").parse().map_err(|_| wrong())?;
    price(minor)
}

pub(crate) fn capacity(places: u32) -> Result<u32, Refusal> {
    if places <= CAPACITY_MAX {
        return Ok(places);
    }
    Err(invalid("capacity", format!("must be at most {CAPACITY_MAX} places"), places))
}

pub(crate) fn quantity_max(places: u32) -> Result<u32, Refusal> {
    if (1..=QUANTITY_MAX_MAX).contains(&places) {
        return Ok(places);
    }
    Err(invalid("quantity_max", format!("must be 1 to {QUANTITY_MAX_MAX} places"), places))
}

pub(crate) fn starts(starts: Timestamp, now: Timestamp) -> Result<Timestamp, Refusal> {
    if starts <= now {
        return Err(invalid("starts", "must be in the future", starts));
    }
    if starts > now.plus(AHEAD_MAX) {
        return Err(invalid("starts", "must be within ten years", starts));
    }
    Ok(starts)
}

/// A window that begins before it ends, and ends by the event's start.
pub(crate) fn sale_window(sale_starts: Timestamp, sale_ends: Timestamp, starts: Timestamp) -> Result<(), Refusal> {
    if sale_ends > starts {
        return Err(invalid("sale_ends", format!("must not be after the event starts ({starts})"), sale_ends));
    }
    if sale_starts >= sale_ends {
        return Err(invalid("sale_starts", format!("must be before the sale ends ({sale_ends})"), sale_starts));
    }
    Ok(())
}

pub(crate) fn ticket_types(count: usize) -> Result<(), Refusal> {
    if (1..=TICKET_TYPES_MAX).contains(&count) {
        return Ok(());
    }
    Err(invalid("ticket_types", format!("must be 1 to {TICKET_TYPES_MAX}"), format!("{count} of them")))
}
