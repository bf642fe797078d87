//! One queue: its active, scheduled and dead messages, its counters and its limit of bytes.

use std::collections::BTreeMap;

use crate::duplicates::Duplicates;
use crate::entity::{EntityId, QueueRow, QueueSettings};
use crate::lane::Lane;
use crate::message::{Message, Place, Sequence};

#[derive(Debug)]
pub(crate) struct Queue {
    pub(crate) id: EntityId,
    pub(crate) name: String,
    pub(crate) settings: QueueSettings,
    pub(crate) next_sequence: u64,
    pub(crate) bytes: u64,
    pub(crate) active: Lane,
    pub(crate) dead: Lane,
    pub(crate) scheduled: BTreeMap<Sequence, Message>,
    pub(crate) duplicates: Duplicates,
}

impl Queue {
    pub(crate) fn new(row: QueueRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            settings: row.settings,
            next_sequence: row.next_sequence,
            bytes: 0,
            active: Lane::default(),
            dead: Lane::default(),
            scheduled: BTreeMap::new(),
            duplicates: Duplicates::default(),
        }
    }

    pub(crate) fn take_sequence(&mut self) -> Sequence {
        let sequence = Sequence(self.next_sequence);
        self.next_sequence += 1;
        sequence
    }

    /// The part that messages are received from; scheduled ones cannot be.
    pub(crate) fn lane(&self, place: Place) -> &Lane {
        match place {
            Place::DeadLetter => &self.dead,
            Place::Active | Place::Scheduled => &self.active,
        }
    }

    pub(crate) fn lane_mut(&mut self, place: Place) -> &mut Lane {
        match place {
            Place::DeadLetter => &mut self.dead,
            Place::Active | Place::Scheduled => &mut self.active,
        }
    }

    /// Puts a message where its place says and counts its bytes.
    pub(crate) fn insert(&mut self, place: Place, sequence: Sequence, message: Message) {
        self.bytes += u64::from(message.bytes);
        match place {
            Place::Scheduled => {
                self.scheduled.insert(sequence, message);
            }
            Place::Active => self.active.insert(sequence, message),
            Place::DeadLetter => self.dead.insert(sequence, message),
        }
    }

    /// Takes a message out and no longer counts its bytes.
    pub(crate) fn remove(&mut self, place: Place, sequence: Sequence) -> Option<Message> {
        let message = match place {
            Place::Scheduled => self.scheduled.remove(&sequence),
            Place::Active => self.active.remove(sequence),
            Place::DeadLetter => self.dead.remove(sequence),
        }?;
        self.bytes -= u64::from(message.bytes);
        Some(message)
    }

    pub(crate) fn has_room(&self, bytes: u64) -> bool {
        self.bytes.saturating_add(bytes) <= self.settings.bytes_max
    }
}
