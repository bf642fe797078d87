//! How values are written for people.

use std::fmt::{Display, Write as _};
use std::io::Write as _;

use serde_json::Value;

/// Writes a line to standard output. A reader that has gone away is no failure.
pub(crate) fn say(line: impl Display) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Writes a line to standard error, as far as somebody reads it.
pub(crate) fn complain(line: impl Display) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// An amount with its currency, such as `25.00 EUR`.
pub(crate) fn amount(minor: i64, currency: &str) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    let minor = minor.unsigned_abs();
    format!("{sign}{}.{:02} {currency}", minor / 100, minor % 100)
}

/// How many there are, such as `1 order` or `2 orders`.
pub(crate) fn counted(count: u64, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}

/// The text of a member, or nothing.
pub(crate) fn member<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

/// Whether the text looks like the id of something.
pub(crate) fn is_id(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// Prints a value on a line of its own, for programs.
pub(crate) fn print_json(value: &Value) {
    say(value);
}

/// Prints rows below their headings, each column as wide as it needs.
pub(crate) fn print_table(headings: &[&str], rows: &[Vec<String>]) {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain(headings.get(column).map(|heading| heading.len())).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..headings.len()).map(width).collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let mut text = String::new();
        for (cell, width) in cells.zip(&widths) {
            let _ = write!(text, "{cell:width$}  ");
        }
        text.trim_end().to_owned()
    };
    say(line(&mut headings.iter().copied()));
    for row in rows {
        say(line(&mut row.iter().map(String::as_str)));
    }
}

/// The time of day and date of an instant, without its fractions.
pub(crate) fn moment(instant: &str) -> String {
    instant.get(..19).map_or_else(|| instant.to_owned(), |text| text.replace('T', " "))
}

#[cfg(test)]
mod tests {
    use super::{amount, moment};

    #[test]
    fn amounts_have_two_decimals() {
        assert_eq!(amount(2_505, "EUR"), "25.05 EUR");
        assert_eq!(amount(-5, "EUR"), "-0.05 EUR");
    }

    #[test]
    fn moments_have_no_fractions() {
        assert_eq!(moment("2027-03-14T20:00:00.000000Z"), "2027-03-14 20:00:00");
    }
}
