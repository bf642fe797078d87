//! How a command ends when it does not end well: a sentence for a person, and an exit code.

use std::fmt::{self, Display};
use std::path::Path;

/// Something was not done, or not found as it should be.
pub(crate) const FAILED: u8 = 1;
/// Used wrongly: nothing was done.
pub(crate) const WRONG_USE: u8 = 2;

/// A command's bad end.
#[derive(Debug)]
pub(crate) struct Failure {
    /// What is wrong, with which value, and what to do. Empty where everything is said already.
    pub(crate) text: String,
    /// The process's exit code.
    pub(crate) code: u8,
}

impl Failure {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), code: FAILED }
    }

    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self { text: text.into(), code: WRONG_USE }
    }

    /// Both, each in a line of its own; one that says the same as the other is said once.
    pub(crate) fn and(mut self, other: Self) -> Self {
        if !self.text.lines().any(|line| line == other.text) {
            self.text = format!("{}\n{}", self.text, other.text);
        }
        self
    }

    /// Everything is said already.
    pub(crate) fn silent(code: u8) -> Self {
        Self { text: String::new(), code }
    }

    /// What failed, with the whole chain of reasons.
    pub(crate) fn because(what: impl Display, error: &dyn std::error::Error) -> Self {
        Self::new(format!("{what}: {}", chain(error)))
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// An error and its reasons in one line; what a reason already says is not said twice.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(reason) = source {
        let said = reason.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        source = reason.source();
    }
    text
}

/// What is wrong with a database, and with which one.
pub(crate) fn about_database(path: &Path, what: &str) -> String {
    let shown = path.display().to_string();
    if what.contains(&shown) { what.to_owned() } else { format!("{what} (database {shown})") }
}
