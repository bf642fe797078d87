//! The broker's whole state and the small steps that several verbs share. Each verb is in the file of its name.

use std::collections::{BTreeMap, BTreeSet};

use crate::change::{Cause, Change};
use crate::entity::EntityId;
use crate::locks::{Lock, Locks};
use crate::message::{Destination, Key, Place, Sequence};
use crate::queue::Queue;
use crate::refusal::NoEntity;
use crate::schedule::Schedule;
use crate::time::{Now, Time};
use crate::topic::Topic;

/// A broker without disk, network or clock.
///
/// Its methods are of four kinds:
/// - *commands* take the time and change the state: [`declare`](Self::declare), [`send`](Self::send),
///   [`receive`](Self::receive), [`settle`](Self::settle), [`renew`](Self::renew), [`resubmit`](Self::resubmit),
///   [`cancel_scheduled`](Self::cancel_scheduled);
/// - *time*: [`next_deadline`](Self::next_deadline) says when [`advance`](Self::advance) has something to do;
/// - *changes*: [`take_changes`](Self::take_changes) hands out what the commands since the last call want stored, in
///   order. What is not stored is lost with the process; a store that has refused is read again with
///   [`Restore`](crate::Restore);
/// - *questions*: [`browse`](Self::browse), [`counts`](Self::counts), [`locks`](Self::locks).
///
/// No command costs more than a few logarithms of the number of messages, whatever is queued.
#[derive(Debug, Default)]
pub struct Core {
    pub(crate) queues: BTreeMap<EntityId, Queue>,
    pub(crate) topics: BTreeMap<EntityId, Topic>,
    pub(crate) names: BTreeMap<String, EntityId>,
    pub(crate) next_entity: u32,
    pub(crate) next_key: i64,
    pub(crate) locks: Locks,
    pub(crate) due: Schedule,
    pub(crate) expiry: Schedule,
    pub(crate) wall: Time,
    pub(crate) changes: Vec<Change>,
    pub(crate) sequences_moved: BTreeSet<EntityId>,
}

impl Core {
    /// A broker with nothing in it.
    #[must_use]
    pub fn new() -> Self {
        Self { next_entity: 1, next_key: 1, ..Self::default() }
    }

    /// Whether there is something to be stored.
    #[must_use]
    pub fn has_changes(&self) -> bool {
        !self.changes.is_empty() || !self.sequences_moved.is_empty()
    }

    /// What is to be stored since the last call, in order.
    pub fn take_changes(&mut self) -> Vec<Change> {
        while let Some(entity) = self.sequences_moved.pop_first() {
            let queue = self.queues.get(&entity).map(|queue| queue.next_sequence);
            if let Some(next) = queue.or_else(|| self.topics.get(&entity).map(|topic| topic.next_sequence)) {
                self.changes.push(Change::SequenceMoved { entity, next });
            }
        }
        std::mem::take(&mut self.changes)
    }

    /// The key that the next new message gets.
    #[must_use]
    pub const fn next_key(&self) -> Key {
        Key(self.next_key)
    }

    /// The latest wall clock that was seen.
    #[must_use]
    pub const fn latest_wall(&self) -> Time {
        self.wall
    }

    /// All locks that are held, in no particular order; some may have ended since the last [`advance`](Self::advance).
    pub fn locks(&self) -> impl Iterator<Item = &Lock> {
        self.locks.iter()
    }

    /// The wall clock, which never goes back here.
    pub(crate) fn wall(&mut self, now: Now) -> Time {
        self.wall = self.wall.max(now.wall);
        self.wall
    }

    pub(crate) fn take_key(&mut self) -> Key {
        let key = Key(self.next_key);
        self.next_key += 1;
        key
    }

    pub(crate) fn queue_id(&self, name: &str) -> Result<EntityId, NoEntity> {
        let id = self.names.get(name).filter(|id| self.queues.contains_key(id));
        id.copied().ok_or_else(|| NoEntity::queue(name))
    }

    pub(crate) fn topic_id(&self, name: &str) -> Result<EntityId, NoEntity> {
        let id = self.names.get(name).filter(|id| self.topics.contains_key(id));
        id.copied().ok_or_else(|| NoEntity::topic(name))
    }

    pub(crate) fn entity_id(&self, destination: &Destination) -> Result<EntityId, NoEntity> {
        match destination {
            Destination::Queue(name) => self.queue_id(name),
            Destination::Topic(name) => self.topic_id(name),
        }
    }

    /// Removes a message for good.
    pub(crate) fn drop_message(&mut self, queue: EntityId, place: Place, sequence: Sequence) {
        let Some(message) = self.queues.get_mut(&queue).and_then(|queue| queue.remove(place, sequence)) else { return };
        if place == Place::Active {
            self.expiry.remove(message.expires, queue, sequence);
        }
        self.changes.push(Change::Removed { key: message.key, place });
    }

    /// Moves an active message to its queue's dead letters, where it neither expires nor runs out of deliveries.
    pub(crate) fn bury(&mut self, id: EntityId, sequence: Sequence, cause: Cause) {
        let Some(queue) = self.queues.get_mut(&id) else { return };
        let Some(mut message) = queue.remove(Place::Active, sequence) else { return };
        self.expiry.remove(message.expires, id, sequence);
        message.expires = Time::NEVER;
        message.locked = false;
        let sequence = queue.take_sequence();
        queue.insert(Place::DeadLetter, sequence, message);
        self.sequences_moved.insert(id);
        let row = message.row(id, Place::DeadLetter, sequence);
        self.changes.push(Change::DeadLettered { row, at: self.wall, cause });
    }

    /// Ends the life of an active message.
    pub(crate) fn expire(&mut self, id: EntityId, sequence: Sequence) {
        let Some(queue) = self.queues.get(&id) else { return };
        if queue.settings.dead_letter_expired {
            self.bury(id, sequence, Cause::Expired);
        } else {
            self.drop_message(id, Place::Active, sequence);
        }
    }
}
