//! Receiving under a lock, and prolonging locks.

use uuid::Uuid;

use crate::advance::STEPS_MAX;
use crate::change::{Cause, Change};
use crate::core::Core;
use crate::entity::EntityId;
use crate::locks::Lock;
use crate::message::{Delivered, Message, Place, Sequence, Source};
use crate::refusal::{NoEntity, SettleRefusal};
use crate::time::{Now, Time};

impl Core {
    /// Locks up to `max` messages for the caller, in order of sequence number, and counts their deliveries. `token` is asked for a
    /// fresh lock token for each. Expired messages, and those that have had all their deliveries, are put away on the way.
    ///
    /// # Errors
    /// [`NoEntity`]: there is no such queue.
    ///
    /// # Panics
    /// If `token` gives a token that is in use.
    pub fn receive(&mut self, now: Now, source: &Source, max: usize, token: &mut dyn FnMut() -> Uuid) -> Result<Vec<Delivered>, NoEntity> {
        let id = self.queue_id(source.queue())?;
        self.wall(now);
        let mut delivered = Vec::new();
        for _ in 0..max.saturating_add(STEPS_MAX) {
            if delivered.len() >= max {
                break;
            }
            let Some(sequence) = self.next_in(id, source.place()) else { break };
            if self.put_away(id, source.place(), sequence) {
                continue;
            }
            delivered.extend(self.lock(now, id, source.place(), sequence, token()));
        }
        Ok(delivered)
    }

    /// Prolongs a lock to the queue's full lock duration from now; answers its end, on the wall clock.
    ///
    /// # Errors
    /// [`SettleRefusal::LockLost`].
    pub fn renew(&mut self, now: Now, token: Uuid) -> Result<Time, SettleRefusal> {
        let wall = self.wall(now);
        let lock = self.held(now, token)?;
        let queue = self.queues.get(&lock.queue).ok_or(SettleRefusal::LockLost)?;
        self.locks.prolong(token, now.steady.plus(queue.settings.lock));
        Ok(wall.plus(queue.settings.lock))
    }

    /// The lock of that token if it has not ended.
    pub(crate) fn held(&self, now: Now, token: Uuid) -> Result<Lock, SettleRefusal> {
        self.locks.get(token).filter(|lock| lock.until > now.steady).ok_or(SettleRefusal::LockLost)
    }

    fn next_in(&mut self, id: EntityId, place: Place) -> Option<Sequence> {
        self.queues.get_mut(&id)?.lane_mut(place).next()
    }

    /// Puts a message away instead of delivering it, if its life or its deliveries are over.
    fn put_away(&mut self, id: EntityId, place: Place, sequence: Sequence) -> bool {
        if place != Place::Active {
            return false;
        }
        let Some(queue) = self.queues.get(&id) else { return false };
        let Some(message) = queue.active.get(sequence) else { return false };
        if message.delivery_count >= queue.settings.max_delivery_count {
            let deliveries = message.delivery_count;
            self.bury(id, sequence, Cause::MaxDeliveryCountExceeded { deliveries });
        } else if message.expires <= self.wall {
            self.expire(id, sequence);
        } else {
            return false;
        }
        true
    }

    fn lock(&mut self, now: Now, id: EntityId, place: Place, sequence: Sequence, token: Uuid) -> Option<Delivered> {
        assert!(!self.locks.contains(token), "a fresh lock token is in use already");
        let queue = self.queues.get_mut(&id)?;
        let message: Message = queue.lane_mut(place).lock(sequence)?;
        let duration = queue.settings.lock;
        self.locks.insert(Lock { token, key: message.key, queue: id, place, sequence, until: now.steady.plus(duration) });
        self.changes.push(Change::Counted { key: message.key, delivery_count: message.delivery_count });
        Some(Delivered { token, locked_until: self.wall.plus(duration), row: message.row(id, place, sequence) })
    }
}
