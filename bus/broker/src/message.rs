//! What callers send, receive and decide.

use std::collections::BTreeMap;
use std::time::Duration;

use broker_core::{Destination, MessageState};
use bytes::Bytes;
use hosting::Timestamp;
use uuid::Uuid;

/// A message to be sent.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Where to.
    pub destination: Destination,
    /// Its id, at most 128 characters.
    pub message_id: String,
    /// The session it belongs to, at most 128 characters.
    pub session_id: Option<String>,
    /// How long it lives from the moment it is enqueued or due.
    pub time_to_live: Option<Duration>,
    /// When it shall be enqueued; now if that is past.
    pub scheduled: Option<Timestamp>,
    /// Its headers.
    pub headers: BTreeMap<String, String>,
    /// Its body.
    pub body: Bytes,
}

/// A message under a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The lock.
    pub lock_token: Uuid,
    /// When the lock ends unless it is renewed.
    pub locked_until: Timestamp,
    /// The sender's id.
    pub message_id: String,
    /// The session it belongs to.
    pub session_id: Option<String>,
    /// Its number in its queue.
    pub sequence_number: u64,
    /// How often it was delivered before this time; releases are not counted.
    pub delivery_count: u32,
    /// When it was enqueued.
    pub enqueued: Timestamp,
    /// Its headers; of a dead letter, also those that were added then.
    pub headers: BTreeMap<String, String>,
    /// Its body.
    pub body: Bytes,
    /// Of a dead letter: why, in a word.
    pub dead_letter_reason: Option<String>,
    /// Of a dead letter: why, in a sentence.
    pub dead_letter_description: Option<String>,
}

/// A message that is looked at, not received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Browsed {
    /// How it stands.
    pub state: MessageState,
    /// The sender's id.
    pub message_id: String,
    /// The session it belongs to.
    pub session_id: Option<String>,
    /// Its number in its queue.
    pub sequence_number: u64,
    /// How often it was delivered.
    pub delivery_count: u32,
    /// When it was enqueued; of a scheduled message, when it will be.
    pub enqueued: Timestamp,
    /// Of a dead letter: when it was dead-lettered.
    pub dead_lettered: Option<Timestamp>,
    /// Its headers; of a dead letter, also those that were added then.
    pub headers: BTreeMap<String, String>,
    /// Its body.
    pub body: Bytes,
    /// Of a dead letter: why, in a word.
    pub dead_letter_reason: Option<String>,
    /// Of a dead letter: why, in a sentence.
    pub dead_letter_description: Option<String>,
}

/// What a receiver decides about a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    /// It is done: the message goes.
    Complete,
    /// It failed: the message comes back, counted.
    Abandon,
    /// It was never begun: the message comes back, not counted.
    Release,
    /// It never will succeed: the message goes to the dead-letter queue. Of reason and description the first 4,096
    /// characters are kept.
    DeadLetter {
        /// Why, in a word.
        reason: String,
        /// Why, in a sentence.
        description: String,
        /// Headers to add, or to put in place of those it has.
        headers: BTreeMap<String, String>,
    },
}

/// When a settlement is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettleMode {
    /// At once; it is written with the next write, at the latest after
    /// [`BrokerSettings::settle_within`](crate::BrokerSettings). A process that dies before that delivers the message again.
    Lazy,
    /// When it is on disk.
    Synced,
}

/// What provisioning did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Provisioned {
    /// What was not there: queues and topics by name, subscriptions as `topic/name`.
    pub created: Vec<String>,
    /// What was there already, the same.
    pub present: Vec<String>,
}
