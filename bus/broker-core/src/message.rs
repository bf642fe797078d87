//! Messages as the core sees them: numbers, places, times and sizes; never headers or bodies.

use std::time::Duration;

use uuid::Uuid;

use crate::entity::EntityId;
use crate::time::Time;

/// The longest message id or session id, in characters.
pub const MESSAGE_ID_CHARS_MAX: usize = 128;

/// The number of a stored message, unique in its broker and never used again: the key of its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub i64);

/// A message's number in its queue or topic. Later ones are larger; a message gets a new one when it becomes due and
/// when it is dead-lettered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sequence(pub u64);

/// In which part of its queue a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// To be received.
    Active,
    /// Not due yet.
    Scheduled,
    /// In the queue's dead-letter queue.
    DeadLetter,
}

/// Where a message is sent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Destination {
    /// To a queue, by name.
    Queue(String),
    /// To a topic, by name.
    Topic(String),
}

/// Where messages are received.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// A queue, by name.
    Queue(String),
    /// The dead-letter queue of the queue with this name.
    DeadLetters(String),
}

impl Source {
    /// The queue's name.
    #[must_use]
    pub fn queue(&self) -> &str {
        match self {
            Self::Queue(name) | Self::DeadLetters(name) => name,
        }
    }

    /// The part of the queue that is meant.
    #[must_use]
    pub const fn place(&self) -> Place {
        match self {
            Self::Queue(_) => Place::Active,
            Self::DeadLetters(_) => Place::DeadLetter,
        }
    }
}

/// A message to be sent.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// The sender's id; at most [`MESSAGE_ID_CHARS_MAX`] characters.
    pub message_id: String,
    /// The session it belongs to; at most [`MESSAGE_ID_CHARS_MAX`] characters. Only carried.
    pub session_id: Option<String>,
    /// Its life from the moment it is enqueued or due; the entity's own limit applies too.
    pub time_to_live: Option<Duration>,
    /// When it shall be enqueued; a moment that is past means now.
    pub scheduled: Option<Time>,
    /// Its size as stored, in bytes.
    pub bytes: u32,
    /// The caller's name for the content; comes back in [`Content::Sent`](crate::Content::Sent).
    pub content: u64,
}

/// What became of a message that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// It is in the broker, with this sequence number in the entity it was sent to.
    Accepted(Sequence),
    /// Its id was seen within the window: accepted and dropped.
    Duplicate,
}

/// A message as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Its key.
    pub key: Key,
    /// The queue (or, while scheduled, the topic) it is in.
    pub entity: EntityId,
    /// In which part of it.
    pub place: Place,
    /// Its number there.
    pub sequence: Sequence,
    /// The first number it had; on a topic's copy, the topic's number.
    pub first_sequence: Sequence,
    /// How often it was delivered; releases are taken off again.
    pub delivery_count: u16,
    /// When it was enqueued; while scheduled, when it falls due.
    pub enqueued: Time,
    /// When its life ends; [`Time::NEVER`] if it does not.
    pub expires: Time,
    /// Its size as stored, in bytes.
    pub bytes: u32,
}

/// A message handed to a receiver under a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivered {
    /// The lock.
    pub token: Uuid,
    /// When the lock ends, on the wall clock as it was at the delivery.
    pub locked_until: Time,
    /// The message; its `delivery_count` counts this delivery too.
    pub row: Row,
}

/// A message in memory: everything of its row that its place in the core does not say already. A million of these are
/// held at a time, so every field is as narrow as it can be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Message {
    pub(crate) key: Key,
    pub(crate) first_sequence: Sequence,
    pub(crate) enqueued: Time,
    pub(crate) expires: Time,
    pub(crate) bytes: u32,
    pub(crate) delivery_count: u16,
    pub(crate) locked: bool,
}

impl Message {
    pub(crate) const fn from_row(row: &Row) -> Self {
        Self {
            key: row.key,
            first_sequence: row.first_sequence,
            enqueued: row.enqueued,
            expires: row.expires,
            bytes: row.bytes,
            delivery_count: row.delivery_count,
            locked: false,
        }
    }

    pub(crate) const fn row(&self, entity: EntityId, place: Place, sequence: Sequence) -> Row {
        Row {
            key: self.key,
            entity,
            place,
            sequence,
            first_sequence: self.first_sequence,
            delivery_count: self.delivery_count,
            enqueued: self.enqueued,
            expires: self.expires,
            bytes: self.bytes,
        }
    }
}
