//! What is wrong with an endpoint at this moment, by the part of it that suffers. Together they are its health: what one
//! part finds mended does not hide what another still suffers from.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use hosting::Component;

/// A part that can be in trouble, in the order in which health tells it. Each is told by one place in the code alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// The bus takes nothing (rule R13).
    Sending,
    /// The bus gives nothing.
    Receiving,
    /// The receiver's steps cannot be written (rule R6).
    Steps,
    /// The outbox cannot be read, or not be written by the dispatcher.
    Outbox,
    /// Destinations take nothing (rule R11).
    Destinations,
    /// Calls cannot be begun or recorded.
    Calls,
    /// What is called outside does not answer.
    Outside,
    /// Operations cannot be written.
    Operations,
    /// The service's own reads fail.
    Reads,
    /// What is out of retention cannot be deleted.
    Cleaning,
    /// One failure after the other (rule R18).
    Handlers,
    /// A feed of this name, of another service, cannot be read on.
    Feed(&'static str),
    /// The wall clock went back (rule R19).
    Clock,
}

/// The endpoint's place in the process's health.
pub(crate) struct Troubles {
    endpoint: &'static str,
    component: Component,
    known: Mutex<BTreeMap<Part, String>>,
}

impl Troubles {
    /// None so far.
    pub(crate) fn new(endpoint: &'static str, component: Component) -> Self {
        component.ready();
        Self { endpoint, component, known: Mutex::default() }
    }

    /// Something is wrong there, from now on. Logged when it begins, not while it lasts.
    pub(crate) fn set(&self, part: Part, reason: String) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.contains_key(&part) {
            tracing::warn!(endpoint = self.endpoint, ?part, reason, "in trouble");
        }
        if known.get(&part) != Some(&reason) {
            known.insert(part, reason);
            self.tell(&known);
        }
    }

    /// All is well there.
    pub(crate) fn clear(&self, part: Part) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.remove(&part).is_some() {
            tracing::info!(endpoint = self.endpoint, ?part, "out of trouble");
            self.tell(&known);
        }
    }

    fn tell(&self, known: &BTreeMap<Part, String>) {
        if known.is_empty() {
            return self.component.ready();
        }
        self.component.degraded(known.values().map(String::as_str).collect::<Vec<_>>().join("; "));
    }
}
