//! What people type on the page, and in words what is wrong with it. Nothing typed is ever part of those words.

use hosting::Timestamp;

use crate::cards::Card;

/// A card that can be kept.
#[derive(Debug)]
pub(super) struct Typed {
    pub(super) card: Card,
    pub(super) exp_month: i64,
    pub(super) exp_year: i64,
}

/// Something that is wrong, and with which field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wrong {
    /// The field's name and id.
    pub(super) field: &'static str,
    pub(super) words: &'static str,
}

impl Wrong {
    /// The request is no form, or too large.
    pub(super) const UNREADABLE: Self = Self { field: "number", words: "What was sent could not be read. Type the card again." };
    /// The store did not take it.
    pub(super) const NOT_KEPT: Self =
        Self { field: "number", words: "We cannot take cards right now. Nothing was charged. Type the card again in a minute." };
}

/// Reads the four fields.
///
/// # Errors
/// What is wrong, in the order of the fields.
pub(super) fn read(pairs: &[(String, String)], now: Timestamp) -> Result<Typed, Vec<Wrong>> {
    let field = |name: &str| pairs.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.trim());
    let number = number(field("number"));
    let month = month(field("exp_month"));
    let year = year(field("exp_year"));
    let cvc = cvc(field("cvc"));
    let has_passed = match (month, year) {
        (Ok(month), Ok(year)) if (year, month) < this_month(now) => {
            Some(Wrong { field: "exp_month", words: "This card has expired. Check the date, or use another card." })
        }
        _ => None,
    };
    match (number, month, year, has_passed, cvc) {
        (Ok(card), Ok(exp_month), Ok(exp_year), None, Ok(())) => Ok(Typed { card, exp_month, exp_year }),
        (number, month, year, has_passed, cvc) => {
            let wrong = [number.err(), month.err(), year.err(), has_passed, cvc.err()];
            Err(wrong.into_iter().flatten().collect())
        }
    }
}

fn number(text: &str) -> Result<Card, Wrong> {
    let wrong = |words| Wrong { field: "number", words };
    if text.is_empty() {
        return Err(wrong("Type the card number."));
    }
    Card::read(text).map_err(|_| wrong("This card number is not right. Check its digits, or use one of the test cards below."))
}

fn month(text: &str) -> Result<i64, Wrong> {
    let wrong = Wrong { field: "exp_month", words: "Type the month in which the card expires, from 01 to 12." };
    digits(text, 1..=2).filter(|month| (1..=12).contains(month)).ok_or(wrong)
}

fn year(text: &str) -> Result<i64, Wrong> {
    let wrong = Wrong { field: "exp_year", words: "Type the year in which the card expires, such as 29 or 2029." };
    match (text.len(), digits(text, 2..=4)) {
        (2, Some(year)) => Ok(2000 + year),
        (4, Some(year)) => Ok(year),
        _ => Err(wrong),
    }
}

fn cvc(text: &str) -> Result<(), Wrong> {
    let words = "Type the security code: the three or four digits on the back of the card.";
    digits(text, 3..=4).map(|_| ()).ok_or(Wrong { field: "cvc", words })
}

fn digits(text: &str, how_many: std::ops::RangeInclusive<usize>) -> Option<i64> {
    let are_digits = how_many.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if are_digits { text.parse().ok() } else { None }
}

/// Year and month, in UTC. A card is good until the end of its month.
fn this_month(now: Timestamp) -> (i64, i64) {
    let today = now.to_string();
    let mut parts = today.splitn(3, '-').map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}
