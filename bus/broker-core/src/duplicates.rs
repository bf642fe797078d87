//! Duplicate detection: the message ids that one queue or topic has seen within its window.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::time::Time;

#[derive(Debug, Default)]
pub(crate) struct Duplicates {
    by_id: BTreeMap<Arc<str>, Time>,
    by_end: BTreeSet<(Time, Arc<str>)>,
}

impl Duplicates {
    /// Whether the id is remembered at `now`.
    pub(crate) fn knows(&self, message_id: &str, now: Time) -> bool {
        self.by_id.get(message_id).is_some_and(|until| *until > now)
    }

    pub(crate) fn remember(&mut self, message_id: &str, until: Time) {
        let id: Arc<str> = message_id.into();
        if let Some(earlier) = self.by_id.insert(Arc::clone(&id), until) {
            self.by_end.remove(&(earlier, Arc::clone(&id)));
        }
        self.by_end.insert((until, id));
    }

    /// Forgets all whose window has passed; answers whether there were any.
    pub(crate) fn forget(&mut self, now: Time) -> bool {
        let before = self.by_end.len();
        while self.by_end.first().is_some_and(|(until, _)| *until <= now) {
            if let Some((_, id)) = self.by_end.pop_first() {
                self.by_id.remove(&id);
            }
        }
        self.by_end.len() < before
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }
}
