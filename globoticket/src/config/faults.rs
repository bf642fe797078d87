//! All that is wrong with the settings, collected so that it can be told at once.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use crate::failure::Failure;

/// What is wrong so far.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    found: Vec<String>,
    /// Where options were set, if not on the command line.
    places: BTreeMap<String, String>,
}

impl Faults {
    pub(crate) fn add(&mut self, fault: impl Into<String>) {
        self.found.push(fault.into());
    }

    /// The option's text as a number within `range`; otherwise a fault is noted and the least is answered.
    pub(crate) fn number<T: FromStr + PartialOrd + Display + Copy>(&mut self, option: &str, text: &str, range: RangeInclusive<T>) -> T {
        match text.trim().parse::<T>() {
            Ok(number) if range.contains(&number) => number,
            _ => {
                self.wrong(option, text, &format!("it must be a whole number from {} to {}", range.start(), range.end()));
                *range.start()
            }
        }
    }

    /// The option's text as a `T`, if it is one; otherwise a fault is noted that says `must`.
    pub(crate) fn parsed<T: FromStr>(&mut self, option: &str, text: &str, must: &str) -> Option<T> {
        let parsed = text.trim().parse().ok();
        if parsed.is_none() {
            self.wrong(option, text, must);
        }
        parsed
    }

    pub(crate) fn wrong(&mut self, option: &str, text: &str, must: &str) {
        self.add(format!("{} is `{text}`: {must}", self.place(option)));
    }

    /// Where the option was set, in words: the first of a sentence.
    pub(crate) fn place(&self, option: &str) -> String {
        self.places.get(option).cloned().unwrap_or_else(|| format!("--{option}"))
    }

    /// Whether the option is known to have been set elsewhere than on the command line.
    pub(crate) fn is_set_elsewhere(&self, option: &str) -> bool {
        self.places.contains_key(option)
    }

    /// From now on the option is known to have been set in `place`.
    pub(crate) fn set_in(&mut self, option: &str, place: String) {
        self.places.insert(option.to_owned(), place);
    }

    /// # Errors
    /// All faults, if there are any.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        match self.found.as_slice() {
            [] => Ok(()),
            [fault] => Err(Failure::usage(fault.clone())),
            faults => Err(Failure::usage(format!("{} settings are wrong:\n  - {}", faults.len(), faults.join("\n  - ")))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Faults;

    #[test]
    fn all_faults_are_told_at_once() {
        let mut faults = Faults::default();
        faults.number("port", "abc", 0..=65_535_u32);
        faults.number("buyers", "0", 1..=10_u32);
        let text = faults.finish().unwrap_err().text;
        assert!(text.contains("2 settings") && text.contains("`abc`") && text.contains("--buyers is `0`"), "{text}");
    }

    #[test]
    fn a_right_number_is_no_fault() {
        let mut faults = Faults::default();
        assert_eq!(faults.number("port", "5000", 0..=65_535_u32), 5_000);
        assert!(faults.finish().is_ok());
    }
}
