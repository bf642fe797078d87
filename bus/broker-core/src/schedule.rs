//! What happens at a moment of the wall clock: messages that fall due, and messages whose life ends.

use std::collections::BTreeSet;

use crate::entity::EntityId;
use crate::message::Sequence;
use crate::time::Time;

/// Messages by a moment. One such list for what falls due, one for what expires.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    entries: BTreeSet<(Time, EntityId, Sequence)>,
}

impl Schedule {
    pub(crate) fn insert(&mut self, at: Time, entity: EntityId, sequence: Sequence) {
        if at != Time::NEVER {
            self.entries.insert((at, entity, sequence));
        }
    }

    pub(crate) fn remove(&mut self, at: Time, entity: EntityId, sequence: Sequence) {
        if at != Time::NEVER {
            self.entries.remove(&(at, entity, sequence));
        }
    }

    /// Takes out one entry whose moment has come.
    pub(crate) fn take_due(&mut self, now: Time) -> Option<(EntityId, Sequence)> {
        let (at, entity, sequence) = *self.entries.first()?;
        if at > now {
            return None;
        }
        self.entries.pop_first();
        Some((entity, sequence))
    }

    pub(crate) fn next(&self) -> Option<Time> {
        self.entries.first().map(|(at, _, _)| *at)
    }
}
