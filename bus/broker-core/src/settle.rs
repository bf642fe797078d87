//! Settling deliveries: complete, abandon, release, dead-letter.

use uuid::Uuid;

use crate::change::{Cause, Change};
use crate::core::Core;
use crate::locks::Lock;
use crate::message::Place;
use crate::refusal::SettleRefusal;
use crate::time::Now;

/// The longest reason and the longest description of a dead letter, in characters; the rest is cut off.
pub const REASON_CHARS_MAX: usize = 4_096;

/// What a receiver decides about a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    /// It is done: the message goes.
    Complete,
    /// It failed: the message comes back at its old place, unless this was its last permitted delivery.
    Abandon,
    /// It was never begun: the message comes back and the delivery is not counted.
    Release,
    /// It never will succeed: the message goes to the dead-letter queue. Of reason and description the first
    /// [`REASON_CHARS_MAX`] characters are kept.
    DeadLetter {
        /// Why, in a word.
        reason: String,
        /// Why, in a sentence.
        description: String,
    },
}

impl Core {
    /// Settles the delivery under `token`; answers the lock that this ended.
    ///
    /// # Errors
    /// [`SettleRefusal`]: the lock is lost, or a dead letter was to be dead-lettered (which leaves its lock).
    pub fn settle(&mut self, now: Now, token: Uuid, settlement: Settlement) -> Result<Lock, SettleRefusal> {
        self.wall(now);
        let lock = self.held(now, token)?;
        if lock.place == Place::DeadLetter && matches!(settlement, Settlement::DeadLetter { .. }) {
            return Err(SettleRefusal::DeadAlready);
        }
        self.locks.remove(token);
        match settlement {
            Settlement::Complete => self.drop_message(lock.queue, lock.place, lock.sequence),
            Settlement::Abandon => self.give_back(&lock),
            Settlement::Release => {
                self.uncount(&lock);
                self.give_back(&lock);
            }
            Settlement::DeadLetter { reason, description } => {
                let cause = Cause::Told { reason: cut(reason), description: cut(description) };
                self.bury(lock.queue, lock.sequence, cause);
            }
        }
        Ok(lock)
    }

    /// Makes a message whose lock has ended available again, or puts it away if its deliveries or its life are over.
    pub(crate) fn give_back(&mut self, lock: &Lock) {
        let Some(queue) = self.queues.get_mut(&lock.queue) else { return };
        let max = queue.settings.max_delivery_count;
        let Some(message) = queue.lane_mut(lock.place).unlock(lock.sequence).copied() else { return };
        if lock.place != Place::Active {
            return;
        }
        if message.delivery_count >= max {
            let deliveries = message.delivery_count;
            self.bury(lock.queue, lock.sequence, Cause::MaxDeliveryCountExceeded { deliveries });
        } else if message.expires <= self.wall {
            self.expire(lock.queue, lock.sequence);
        }
    }

    /// Takes the delivery off the count.
    fn uncount(&mut self, lock: &Lock) {
        let Some(queue) = self.queues.get_mut(&lock.queue) else { return };
        let Some(message) = queue.lane_mut(lock.place).unlock(lock.sequence) else { return };
        message.delivery_count = message.delivery_count.saturating_sub(1);
        self.changes.push(Change::Counted { key: message.key, delivery_count: message.delivery_count });
    }
}

fn cut(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(REASON_CHARS_MAX) {
        text.truncate(end);
    }
    text
}
