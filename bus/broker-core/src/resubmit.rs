//! Sending a dead letter again: back into its queue, in one step.

use crate::change::Change;
use crate::core::Core;
use crate::message::{Place, Sequence};
use crate::refusal::ResubmitRefusal;
use crate::send::end_of_life;
use crate::time::Now;

/// A dead letter that is to be sent again, and what it is to carry then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resubmission {
    /// Its number among the dead letters.
    pub sequence: Sequence,
    /// Its new size as stored, in bytes.
    pub bytes: u32,
    /// The caller's name for its new content; comes back in [`Change::Resubmitted`](crate::Change::Resubmitted).
    pub content: u64,
}

impl Core {
    /// Moves a dead letter back into its queue, behind all that is there: under a new sequence number, which is answered,
    /// as if never delivered, and with a whole life before it as the queue gives it. It is in one of the two places at any
    /// moment, never in both or neither. It was accepted once, so no limit of size and no duplicate detection holds it up.
    ///
    /// # Errors
    /// [`ResubmitRefusal`]: no such queue; no dead letter of that number, or no longer; one that a receiver holds.
    pub fn resubmit(&mut self, now: Now, queue: &str, again: &Resubmission) -> Result<Sequence, ResubmitRefusal> {
        let id = self.queue_id(queue)?;
        let wall = self.wall(now);
        let not_there = ResubmitRefusal::NotThere { sequence: again.sequence.0 };
        let Some(queue) = self.queues.get_mut(&id) else { return Err(not_there) };
        if queue.dead.get(again.sequence).is_some_and(|letter| letter.locked) {
            return Err(ResubmitRefusal::Locked { sequence: again.sequence.0 });
        }
        let Some(mut message) = queue.remove(Place::DeadLetter, again.sequence) else { return Err(not_there) };
        message.enqueued = wall;
        message.expires = end_of_life(wall, queue.settings.time_to_live);
        message.delivery_count = 0;
        message.bytes = again.bytes;
        let sequence = queue.take_sequence();
        queue.insert(Place::Active, sequence, message);
        self.sequences_moved.insert(id);
        self.expiry.insert(message.expires, id, sequence);
        self.changes.push(Change::Resubmitted { row: message.row(id, Place::Active, sequence), content: again.content });
        Ok(sequence)
    }
}
