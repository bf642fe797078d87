//! Building a core from stored rows: at the start of a process, and after a store has refused a write.

use crate::core::Core;
use crate::entity::{EntityId, QueueRow, SubscriptionRow, TopicRow};
use crate::locks::Lock;
use crate::message::{Key, Message, Place, Row};
use crate::queue::Queue;
use crate::time::Time;
use crate::topic::{Subscription, Topic};

/// Takes stored rows one by one: all queues and topics first, then the rest. Rows that refer to nothing are counted
/// and left out.
#[derive(Debug)]
pub struct Restore {
    core: Core,
    orphans: u64,
}

impl Default for Restore {
    fn default() -> Self {
        Self { core: Core::new(), orphans: 0 }
    }
}

impl Restore {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A queue.
    pub fn queue(&mut self, row: QueueRow) {
        self.name(&row.name, row.id);
        self.core.queues.insert(row.id, Queue::new(row));
    }

    /// A topic.
    pub fn topic(&mut self, row: TopicRow) {
        self.name(&row.name, row.id);
        self.core.topics.insert(row.id, Topic::new(row));
    }

    /// A subscription.
    pub fn subscription(&mut self, row: SubscriptionRow) {
        match self.core.topics.get_mut(&row.topic) {
            Some(topic) if self.core.queues.contains_key(&row.forward_to) => {
                topic.subscriptions.insert(row.name, Subscription { forward_to: row.forward_to, rule: row.rule });
            }
            _ => self.orphans += 1,
        }
    }

    /// A message. Cheapest in order of key.
    pub fn message(&mut self, row: &Row) {
        let core = &mut self.core;
        core.next_key = core.next_key.max(row.key.0 + 1);
        if row.place != Place::Scheduled {
            core.wall = core.wall.max(row.enqueued);
        }
        if let Some(queue) = core.queues.get_mut(&row.entity) {
            queue.next_sequence = queue.next_sequence.max(row.sequence.0 + 1);
            queue.insert(row.place, row.sequence, Message::from_row(row));
        } else if let Some(topic) = core.topics.get_mut(&row.entity) {
            topic.next_sequence = topic.next_sequence.max(row.sequence.0 + 1);
            topic.hold(row.sequence, Message::from_row(row));
        } else {
            self.orphans += 1;
            return;
        }
        match row.place {
            Place::Scheduled => core.due.insert(row.enqueued, row.entity, row.sequence),
            Place::Active => core.expiry.insert(row.expires, row.entity, row.sequence),
            Place::DeadLetter => {}
        }
    }

    /// A message id that is remembered until then.
    pub fn remembered(&mut self, entity: EntityId, message_id: &str, until: Time) {
        if let Some(queue) = self.core.queues.get_mut(&entity) {
            queue.duplicates.remember(message_id, until);
        } else if let Some(topic) = self.core.topics.get_mut(&entity) {
            topic.duplicates.remember(message_id, until);
        } else {
            self.orphans += 1;
        }
    }

    /// The latest wall clock that was seen: the core does not go behind it.
    pub fn latest_wall(&mut self, wall: Time) {
        self.core.wall = self.core.wall.max(wall);
    }

    /// How many rows referred to nothing.
    #[must_use]
    pub const fn orphans(&self) -> u64 {
        self.orphans
    }

    /// The core. `next_key` is the smallest key it may give; `locks` are those that outlive the store's trouble, of which any
    /// whose message is not where it was is left out. A process that starts has none.
    #[must_use]
    pub fn finish(mut self, next_key: Key, locks: impl IntoIterator<Item = Lock>) -> Core {
        self.core.next_key = self.core.next_key.max(next_key.0);
        for lock in locks {
            self.keep(lock);
        }
        self.core
    }

    fn keep(&mut self, lock: Lock) {
        let Some(queue) = self.core.queues.get_mut(&lock.queue) else { return };
        let lane = queue.lane_mut(lock.place);
        if lane.get(lock.sequence).is_some_and(|message| message.key == lock.key && !message.locked) {
            lane.keep_locked(lock.sequence);
            self.core.locks.insert(lock);
        }
    }

    fn name(&mut self, name: &str, id: EntityId) {
        self.core.names.insert(name.to_owned(), id);
        self.core.next_entity = self.core.next_entity.max(id.0 + 1);
    }
}
