//! What happens by itself as time passes: locks end, scheduled messages fall due, lives end, ids are forgotten.

use crate::change::{Change, Content};
use crate::core::Core;
use crate::entity::EntityId;
use crate::message::{Place, Sequence};
use crate::send::Arrival;
use crate::time::{Now, Time};

/// How many messages one step of time moves at most, of each kind. What is left over is due at once.
pub(crate) const STEPS_MAX: usize = 4_096;

/// When something will happen by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// The next moment on the wall clock: a message falls due or expires.
    pub wall: Option<Time>,
    /// The next moment on the steady clock: a lock ends.
    pub steady: Option<Time>,
}

impl Core {
    /// When [`advance`](Self::advance) next has something to do.
    #[must_use]
    pub fn next_deadline(&self) -> Deadlines {
        let wall = match (self.due.next(), self.expiry.next()) {
            (Some(due), Some(expiry)) => Some(due.min(expiry)),
            (due, expiry) => due.or(expiry),
        };
        Deadlines { wall, steady: self.locks.next_end() }
    }

    /// Lets time pass: messages whose lock has ended come back, scheduled ones that are due are enqueued, those whose
    /// life is over are dead-lettered or dropped. Moves a bounded number; [`next_deadline`](Self::next_deadline) then
    /// says that there is more.
    pub fn advance(&mut self, now: Now) {
        let wall = self.wall(now);
        for _ in 0..STEPS_MAX {
            let Some(lock) = self.locks.take_ended(now.steady) else { break };
            self.give_back(&lock);
        }
        for _ in 0..STEPS_MAX {
            let Some((entity, sequence)) = self.due.take_due(wall) else { break };
            self.enqueue_due(entity, sequence);
        }
        for _ in 0..STEPS_MAX {
            let Some((queue, sequence)) = self.expiry.take_due(wall) else { break };
            // A locked one does not expire under its receiver: it does when it comes back.
            if self.queues.get(&queue).and_then(|queue| queue.active.get(sequence)).is_some_and(|message| !message.locked) {
                self.expire(queue, sequence);
            }
        }
        self.forget_ids(wall);
    }

    fn enqueue_due(&mut self, entity: EntityId, sequence: Sequence) {
        if self.topics.contains_key(&entity) {
            return self.forward_due(entity, sequence);
        }
        let Some(queue) = self.queues.get_mut(&entity) else { return };
        let Some(message) = queue.remove(Place::Scheduled, sequence) else { return };
        let sequence = queue.take_sequence();
        queue.insert(Place::Active, sequence, message);
        self.sequences_moved.insert(entity);
        self.expiry.insert(message.expires, entity, sequence);
        self.changes.push(Change::Enqueued(message.row(entity, Place::Active, sequence)));
    }

    /// A queue's limit of bytes does not hold this up: the message was accepted.
    fn forward_due(&mut self, id: EntityId, sequence: Sequence) {
        let Some(message) = self.topics.get_mut(&id).and_then(|topic| topic.take(sequence)) else { return };
        let arrival = Arrival {
            first_sequence: Some(sequence),
            enqueued: message.enqueued,
            expires: message.expires,
            bytes: message.bytes,
            content: Content::CopyOf(message.key),
        };
        self.forward(id, arrival);
        self.changes.push(Change::Removed { key: message.key, place: Place::Scheduled });
    }

    fn forget_ids(&mut self, until: Time) {
        let queues = self.queues.iter_mut().map(|(id, queue)| (*id, &mut queue.duplicates));
        let topics = self.topics.iter_mut().map(|(id, topic)| (*id, &mut topic.duplicates));
        for (entity, duplicates) in queues.chain(topics) {
            if duplicates.forget(until) {
                self.changes.push(Change::IdsForgotten { entity, until });
            }
        }
    }
}
