//! The messages of one queue that can be received, in order; and those of them that are out under a lock.
//! Knows no time and no limits.

use std::collections::{BTreeMap, BTreeSet};

use crate::message::{Message, Sequence};

/// Messages by sequence number. Those at or after the cursor were never passed by; of those before it, the ones that can be received
/// are in `returned`. So a message costs one place in one map, and finding the next one never walks.
#[derive(Debug, Default)]
pub(crate) struct Lane {
    messages: BTreeMap<Sequence, Message>,
    cursor: u64,
    returned: BTreeSet<Sequence>,
    locked: usize,
}

impl Lane {
    pub(crate) fn len(&self) -> usize {
        self.messages.len()
    }

    pub(crate) fn locked(&self) -> usize {
        self.locked
    }

    pub(crate) fn get(&self, sequence: Sequence) -> Option<&Message> {
        self.messages.get(&sequence)
    }

    pub(crate) fn from(&self, sequence: Sequence) -> impl Iterator<Item = (Sequence, &Message)> {
        self.messages.range(sequence..).map(|(sequence, message)| (*sequence, message))
    }

    /// Adds a message that can be received.
    pub(crate) fn insert(&mut self, sequence: Sequence, message: Message) {
        self.messages.insert(sequence, message);
        if sequence.0 < self.cursor {
            self.returned.insert(sequence);
        }
    }

    /// Takes a message out, locked or not.
    pub(crate) fn remove(&mut self, sequence: Sequence) -> Option<Message> {
        let message = self.messages.remove(&sequence)?;
        self.returned.remove(&sequence);
        self.locked -= usize::from(message.locked);
        Some(message)
    }

    /// The first message that can be received.
    pub(crate) fn next(&mut self) -> Option<Sequence> {
        if let Some(first) = self.returned.first() {
            return Some(*first);
        }
        let next = self.messages.range(Sequence(self.cursor)..).find(|(_, message)| !message.locked).map(|(sequence, _)| *sequence);
        // Locked ones that were passed come back through `returned`.
        self.cursor = match next {
            Some(sequence) => sequence.0,
            None => self.messages.last_key_value().map_or(self.cursor, |(last, _)| self.cursor.max(last.0 + 1)),
        };
        next
    }

    /// Locks a message that can be received and counts the delivery; answers it as it is then.
    pub(crate) fn lock(&mut self, sequence: Sequence) -> Option<Message> {
        let message = self.messages.get_mut(&sequence)?;
        if message.locked {
            return None;
        }
        message.locked = true;
        message.delivery_count = message.delivery_count.saturating_add(1);
        self.locked += 1;
        self.returned.remove(&sequence);
        if sequence.0 == self.cursor {
            self.cursor += 1;
        }
        Some(*message)
    }

    /// Locks a message again whose delivery is counted already.
    pub(crate) fn keep_locked(&mut self, sequence: Sequence) -> Option<()> {
        let message = self.messages.get_mut(&sequence)?;
        self.locked += usize::from(!message.locked);
        message.locked = true;
        self.returned.remove(&sequence);
        Some(())
    }

    /// Ends the lock of a message, which can then be received again at its old place.
    pub(crate) fn unlock(&mut self, sequence: Sequence) -> Option<&mut Message> {
        let message = self.messages.get_mut(&sequence)?;
        if message.locked {
            message.locked = false;
            self.locked -= 1;
            if sequence.0 < self.cursor {
                self.returned.insert(sequence);
            }
        }
        Some(message)
    }
}
