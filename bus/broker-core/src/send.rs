//! Sending to a queue or through a topic, now or scheduled; cancelling what is scheduled.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::change::{Change, Content};
use crate::core::Core;
use crate::entity::EntityId;
use crate::message::{Destination, Key, MESSAGE_ID_CHARS_MAX, Message, Outgoing, Place, Row, Sent, Sequence};
use crate::refusal::{CancelRefusal, NotScheduled, SendRefusal};
use crate::time::{Now, Time};

/// A message on its way into a queue.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival {
    /// The number it had in a topic.
    pub(crate) first_sequence: Option<Sequence>,
    pub(crate) enqueued: Time,
    pub(crate) expires: Time,
    pub(crate) bytes: u32,
    pub(crate) content: Content,
}

impl Core {
    /// Accepts all messages of `batch`, or none.
    ///
    /// A duplicate within the window is accepted and dropped. A topic's message is copied to the queue of every
    /// subscription at once, and is gone if there is none; a scheduled one waits in the topic. Room is
    /// needed for the whole batch, duplicates included.
    ///
    /// # Errors
    /// [`SendRefusal`]: no such entity, a message too large, no room, an id too long.
    pub fn send(&mut self, now: Now, to: &Destination, batch: &[Outgoing]) -> Result<Vec<Sent>, SendRefusal> {
        let id = self.entity_id(to)?;
        let wall = self.wall(now);
        batch.iter().try_for_each(check_ids)?;
        match to {
            Destination::Queue(_) => {
                self.check_queue(id, batch, 1)?;
                Ok(batch.iter().map(|outgoing| self.send_to_queue(wall, id, outgoing)).collect())
            }
            Destination::Topic(_) => {
                self.check_topic(id, wall, batch)?;
                Ok(batch.iter().map(|outgoing| self.send_to_topic(wall, id, outgoing)).collect())
            }
        }
    }

    /// Takes back a scheduled message, by the sequence number that sending it answered.
    ///
    /// # Errors
    /// [`CancelRefusal`]: no such entity, or nothing is scheduled under that number: it may have fallen due.
    pub fn cancel_scheduled(&mut self, to: &Destination, sequence: Sequence) -> Result<Key, CancelRefusal> {
        let id = self.entity_id(to)?;
        let message = match to {
            Destination::Queue(_) => self.queues.get_mut(&id).and_then(|queue| queue.remove(Place::Scheduled, sequence)),
            Destination::Topic(_) => self.topics.get_mut(&id).and_then(|topic| topic.take(sequence)),
        };
        let message = message.ok_or(NotScheduled { sequence: sequence.0 })?;
        self.due.remove(message.enqueued, id, sequence);
        self.changes.push(Change::Removed { key: message.key, place: Place::Scheduled });
        Ok(message.key)
    }

    /// Whether a queue takes so many copies of each message.
    fn check_queue(&self, id: EntityId, batch: &[Outgoing], copies: u64) -> Result<(), SendRefusal> {
        let Some(queue) = self.queues.get(&id) else { return Ok(()) };
        check_sizes(&queue.name, queue.settings.message_bytes_max, batch)?;
        if queue.has_room(total_bytes(batch).saturating_mul(copies)) {
            Ok(())
        } else {
            Err(SendRefusal::EntityFull { entity: queue.name.clone(), bytes_max: queue.settings.bytes_max })
        }
    }

    fn check_topic(&self, id: EntityId, wall: Time, batch: &[Outgoing]) -> Result<(), SendRefusal> {
        let Some(topic) = self.topics.get(&id) else { return Ok(()) };
        check_sizes(&topic.name, topic.settings.message_bytes_max, batch)?;
        let later = batch.iter().filter(|outgoing| due_at(outgoing, wall).is_some()).map(|outgoing| u64::from(outgoing.bytes)).sum();
        if topic.bytes.saturating_add(later) > topic.settings.bytes_max {
            return Err(SendRefusal::EntityFull { entity: topic.name.clone(), bytes_max: topic.settings.bytes_max });
        }
        let mut copies: BTreeMap<EntityId, u64> = BTreeMap::new();
        topic.takers().into_iter().for_each(|queue| *copies.entry(queue).or_default() += 1);
        copies.into_iter().try_for_each(|(queue, copies)| self.check_queue(queue, batch, copies))
    }

    fn send_to_queue(&mut self, wall: Time, id: EntityId, outgoing: &Outgoing) -> Sent {
        let Some(queue) = self.queues.get_mut(&id) else { return Sent::Duplicate };
        if let Some(window) = queue.settings.duplicate_window {
            if queue.duplicates.knows(&outgoing.message_id, wall) {
                return Sent::Duplicate;
            }
            let until = wall.plus(window);
            queue.duplicates.remember(&outgoing.message_id, until);
            self.changes.push(Change::IdRemembered { entity: id, message_id: outgoing.message_id.clone(), until });
        }
        let due = due_at(outgoing, wall);
        let enqueued = due.unwrap_or(wall);
        let arrival = Arrival {
            first_sequence: None,
            enqueued,
            expires: end_of_life(enqueued, outgoing.time_to_live),
            bytes: outgoing.bytes,
            content: Content::Sent(outgoing.content),
        };
        let place = if due.is_some() { Place::Scheduled } else { Place::Active };
        Sent::Accepted(self.place(id, place, arrival))
    }

    fn send_to_topic(&mut self, wall: Time, id: EntityId, outgoing: &Outgoing) -> Sent {
        let Some(topic) = self.topics.get_mut(&id) else { return Sent::Duplicate };
        if let Some(window) = topic.settings.duplicate_window {
            if topic.duplicates.knows(&outgoing.message_id, wall) {
                return Sent::Duplicate;
            }
            let until = wall.plus(window);
            topic.duplicates.remember(&outgoing.message_id, until);
            self.changes.push(Change::IdRemembered { entity: id, message_id: outgoing.message_id.clone(), until });
        }
        let sequence = topic.take_sequence();
        self.sequences_moved.insert(id);
        let due = due_at(outgoing, wall);
        let enqueued = due.unwrap_or(wall);
        let expires = end_of_life(enqueued, outgoing.time_to_live).min(end_of_life(enqueued, topic.settings.time_to_live));
        let content = Content::Sent(outgoing.content);
        if due.is_some() {
            self.hold_in_topic(id, sequence, Arrival { first_sequence: None, enqueued, expires, bytes: outgoing.bytes, content });
        } else {
            self.forward(id, Arrival { first_sequence: Some(sequence), enqueued, expires, bytes: outgoing.bytes, content });
        }
        Sent::Accepted(sequence)
    }

    fn hold_in_topic(&mut self, id: EntityId, sequence: Sequence, arrival: Arrival) {
        let message = new_message(self.take_key(), sequence, &arrival);
        let Some(topic) = self.topics.get_mut(&id) else { return };
        topic.hold(sequence, message);
        self.due.insert(arrival.enqueued, id, sequence);
        let row = message.row(id, Place::Scheduled, sequence);
        self.changes.push(Change::Inserted { row, content: arrival.content });
    }

    /// Copies a topic's message to the queues of the subscriptions that take it.
    pub(crate) fn forward(&mut self, topic: EntityId, arrival: Arrival) {
        let takers = self.topics.get(&topic).map(crate::topic::Topic::takers).unwrap_or_default();
        for queue in takers {
            self.place(queue, Place::Active, arrival);
        }
    }

    /// Puts a new message into a queue; answers its number there.
    fn place(&mut self, id: EntityId, place: Place, mut arrival: Arrival) -> Sequence {
        let key = self.take_key();
        let Some(queue) = self.queues.get_mut(&id) else { return Sequence(0) };
        arrival.expires = arrival.expires.min(end_of_life(arrival.enqueued, queue.settings.time_to_live));
        let sequence = queue.take_sequence();
        self.sequences_moved.insert(id);
        let message = new_message(key, arrival.first_sequence.unwrap_or(sequence), &arrival);
        queue.insert(place, sequence, message);
        if place == Place::Scheduled {
            self.due.insert(arrival.enqueued, id, sequence);
        } else {
            self.expiry.insert(arrival.expires, id, sequence);
        }
        let row: Row = message.row(id, place, sequence);
        self.changes.push(Change::Inserted { row, content: arrival.content });
        sequence
    }
}

fn new_message(key: Key, first_sequence: Sequence, arrival: &Arrival) -> Message {
    Message {
        key,
        first_sequence,
        enqueued: arrival.enqueued,
        expires: arrival.expires,
        bytes: arrival.bytes,
        delivery_count: 0,
        locked: false,
    }
}

/// When a message falls due, if that is not now.
fn due_at(outgoing: &Outgoing, wall: Time) -> Option<Time> {
    outgoing.scheduled.filter(|due| *due > wall)
}

pub(crate) fn end_of_life(from: Time, time_to_live: Option<Duration>) -> Time {
    time_to_live.map_or(Time::NEVER, |duration| from.plus(duration))
}

fn total_bytes(batch: &[Outgoing]) -> u64 {
    batch.iter().map(|outgoing| u64::from(outgoing.bytes)).sum()
}

fn check_sizes(entity: &str, bytes_max: u32, batch: &[Outgoing]) -> Result<(), SendRefusal> {
    match batch.iter().find(|outgoing| outgoing.bytes > bytes_max) {
        Some(large) => Err(SendRefusal::MessageTooLarge { entity: entity.to_owned(), bytes: large.bytes, bytes_max }),
        None => Ok(()),
    }
}

fn check_ids(outgoing: &Outgoing) -> Result<(), SendRefusal> {
    check_id("message id", &outgoing.message_id)?;
    outgoing.session_id.as_deref().map_or(Ok(()), |id| check_id("session id", id))
}

fn check_id(what: &'static str, id: &str) -> Result<(), SendRefusal> {
    if id.len() <= MESSAGE_ID_CHARS_MAX {
        return Ok(());
    }
    let chars = id.chars().count();
    if chars > MESSAGE_ID_CHARS_MAX { Err(SendRefusal::IdTooLong { what, chars }) } else { Ok(()) }
}
