//! Looking without touching: messages in a queue, and how many there are.

use crate::core::Core;
use crate::message::{Message, Place, Row, Sequence, Source};
use crate::queue::Queue;
use crate::refusal::NoEntity;

/// How a message that is looked at stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageState {
    /// It can be received.
    Ready,
    /// A receiver has it.
    Locked,
    /// It is not due yet.
    Scheduled,
}

/// A message that is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Browsed {
    /// It.
    pub row: Row,
    /// How it stands.
    pub state: MessageState,
}

/// How much is in a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Messages enqueued, locked ones included.
    pub active: u64,
    /// Messages out under a lock.
    pub locked: u64,
    /// Messages not due yet.
    pub scheduled: u64,
    /// Messages in the dead-letter queue, locked ones included.
    pub dead_letters: u64,
    /// Bytes of all these.
    pub bytes: u64,
    /// Message ids remembered for detecting duplicates.
    pub remembered_ids: u64,
}

impl Core {
    /// Up to `max` messages from sequence number `from` on, in order; of a queue, active and scheduled ones together. Expired ones show
    /// until they are put away.
    ///
    /// # Errors
    /// [`NoEntity`]: there is no such queue.
    pub fn browse(&self, source: &Source, from: Sequence, max: usize) -> Result<Vec<Browsed>, NoEntity> {
        let queue = self.queue(source.queue())?;
        let (place, id) = (source.place(), queue.id);
        let lane = queue.lane(place).from(from).take(max).map(|(sequence, message)| Browsed {
            row: message.row(id, place, sequence),
            state: if message.locked { MessageState::Locked } else { MessageState::Ready },
        });
        let mut found: Vec<Browsed> = lane.collect();
        if place == Place::Active {
            let scheduled = queue.scheduled.range(from..).take(max);
            found.extend(scheduled.map(|(sequence, message): (&Sequence, &Message)| Browsed {
                row: message.row(id, Place::Scheduled, *sequence),
                state: MessageState::Scheduled,
            }));
            found.sort_by_key(|browsed| browsed.row.sequence);
            found.truncate(max);
        }
        Ok(found)
    }

    /// How much is in a queue.
    ///
    /// # Errors
    /// [`NoEntity`]: there is no such queue.
    pub fn counts(&self, queue: &str) -> Result<Counts, NoEntity> {
        let queue = self.queue(queue)?;
        Ok(Counts {
            active: queue.active.len() as u64,
            locked: (queue.active.locked() + queue.dead.locked()) as u64,
            scheduled: queue.scheduled.len() as u64,
            dead_letters: queue.dead.len() as u64,
            bytes: queue.bytes,
            remembered_ids: queue.duplicates.len() as u64,
        })
    }

    /// The names of all queues, in order.
    pub fn queue_names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().filter(|(_, id)| self.queues.contains_key(id)).map(|(name, _)| name.as_str())
    }

    fn queue(&self, name: &str) -> Result<&Queue, NoEntity> {
        self.names.get(name).and_then(|id| self.queues.get(id)).ok_or_else(|| NoEntity::queue(name))
    }
}
