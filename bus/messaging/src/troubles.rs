//! What is wrong with an endpoint at this moment, by where it was noticed. Together they are its health: what one part
//! finds mended does not hide what another still suffers from.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use hosting::Component;

/// Where trouble is noticed, in the order in which health tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// The transport is away (rule R13).
    Bus,
    /// The endpoint's database fails (rule R6).
    Database,
    /// The outbox cannot be read or written; noticed by the dispatcher alone.
    Outbox,
    /// A destination takes nothing (rule R11).
    Destination,
    /// One failure after the other (rule R18).
    Handlers,
    /// The wall clock went back (rule R19).
    Clock,
}

/// The endpoint's place in the process's health.
pub(crate) struct Troubles {
    component: Component,
    known: Mutex<BTreeMap<Place, String>>,
}

impl Troubles {
    /// None so far.
    pub(crate) fn new(component: Component) -> Self {
        component.ready();
        Self { component, known: Mutex::default() }
    }

    /// Something is wrong there, from now on.
    pub(crate) fn set(&self, place: Place, reason: String) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.get(&place) != Some(&reason) {
            known.insert(place, reason);
            self.tell(&known);
        }
    }

    /// All is well there.
    pub(crate) fn clear(&self, place: Place) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.remove(&place).is_some() {
            self.tell(&known);
        }
    }

    fn tell(&self, known: &BTreeMap<Place, String>) {
        if known.is_empty() {
            return self.component.ready();
        }
        self.component.degraded(known.values().map(String::as_str).collect::<Vec<_>>().join("; "));
    }
}
