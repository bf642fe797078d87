//! How the parts of a process are, in words that an operator can act on.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

/// How one part is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "condition", rename_all = "snake_case")]
pub enum Condition {
    /// Not ready yet.
    Starting,
    /// As it should be.
    Ready,
    /// Works, but not as it should; the reason says why.
    Degraded {
        /// What is wrong, for an operator.
        reason: String,
    },
    /// Has ended and will not work again by itself.
    Stopped {
        /// Why.
        reason: String,
    },
}

/// The parts of a process by name. Cheap to clone; all clones are one.
#[derive(Debug, Clone, Default)]
pub struct Health {
    parts: Arc<Mutex<BTreeMap<String, Condition>>>,
}

/// All parts at one moment.
#[derive(Debug, Clone, Serialize)]
pub struct HealthReport {
    /// Every part is [`Condition::Ready`] or [`Condition::Degraded`].
    pub ready: bool,
    /// Each part's condition by its name.
    pub parts: BTreeMap<String, Condition>,
}

/// One part's place in the [`Health`].
#[derive(Debug, Clone)]
pub struct Component {
    name: String,
    health: Health,
}

impl Health {
    /// A place for the part `name`, which is [`Condition::Starting`] until it says otherwise.
    #[must_use]
    pub fn component(&self, name: &str) -> Component {
        let component = Component { name: name.to_owned(), health: self.clone() };
        component.set(Condition::Starting);
        component
    }

    /// How everything is now.
    #[must_use]
    pub fn report(&self) -> HealthReport {
        let parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let ready = parts.values().all(|condition| matches!(condition, Condition::Ready | Condition::Degraded { .. }));
        HealthReport { ready, parts }
    }
}

impl Component {
    /// Records how the part is from now on.
    pub fn set(&self, condition: Condition) {
        self.health.parts.lock().unwrap_or_else(PoisonError::into_inner).insert(self.name.clone(), condition);
    }

    /// The part is as it should be.
    pub fn ready(&self) {
        self.set(Condition::Ready);
    }

    /// The part works, but not as it should.
    pub fn degraded(&self, reason: impl Into<String>) {
        self.set(Condition::Degraded { reason: reason.into() });
    }

    /// The part has ended.
    pub fn stopped(&self, reason: impl Into<String>) {
        self.set(Condition::Stopped { reason: reason.into() });
    }
}
