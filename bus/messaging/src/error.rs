//! How handlers fail, and what each kind of failure asks of the framework.

use std::time::Duration;

use storage::{SqlClass, SqlError};

/// What a handler answers.
pub type HandlerResult = Result<(), HandlerError>;

/// What kind of failure it is (rule R14).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureClass {
    /// Trying again cannot help: dead-letter at once.
    Permanent,
    /// May go away: a few times at once, then later.
    Transient,
    /// Will go away, not before this time has passed.
    RetryAfter(Duration),
    /// Another writer was faster: again soon, not counted among the tries.
    Conflict,
    /// Trouble of ours (disk, memory, connection), never counted against a message (rule R6).
    Environment,
}

/// A failure of a handler, with what to do about it and what went wrong.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct HandlerError {
    class: FailureClass,
    text: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl HandlerError {
    fn new(class: FailureClass, text: impl Into<String>) -> Self {
        Self { class, text: text.into(), source: None }
    }

    /// A failure that no repetition can mend.
    pub fn permanent(text: impl Into<String>) -> Self {
        Self::new(FailureClass::Permanent, text)
    }

    /// A failure that may be gone the next time.
    pub fn transient(text: impl Into<String>) -> Self {
        Self::new(FailureClass::Transient, text)
    }

    /// A failure that will not be gone before `delay`.
    pub fn retry_after(delay: Duration, text: impl Into<String>) -> Self {
        Self::new(FailureClass::RetryAfter(delay), text)
    }

    /// A lost race against another writer.
    pub fn conflict(text: impl Into<String>) -> Self {
        Self::new(FailureClass::Conflict, text)
    }

    pub(crate) fn environment(text: impl Into<String>) -> Self {
        Self::new(FailureClass::Environment, text)
    }

    /// Links the error that caused this one.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What kind of failure it is.
    #[must_use]
    pub fn class(&self) -> FailureClass {
        self.class
    }

    /// This error and all that caused it, outermost first, joined by `: `.
    #[must_use]
    pub fn chain(&self) -> String {
        chain(self)
    }
}

/// An error and all that caused it, outermost first, joined by `: `.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", chain(source)),
        None => error.to_string(),
    }
}

impl From<SqlError> for HandlerError {
    fn from(error: SqlError) -> Self {
        let class = match error.class() {
            SqlClass::Environment => FailureClass::Environment,
            SqlClass::Conflict => FailureClass::Conflict,
            SqlClass::Constraint(_) | SqlClass::NoRow | SqlClass::Other => FailureClass::Transient,
        };
        Self::new(class, "a statement failed").caused_by(error)
    }
}
