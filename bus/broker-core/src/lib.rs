//! The decisions of a message broker with the semantics of Azure Service Bus: pure, synchronous, on handed-in time.
//! Knows no disk, no network and no message body: it holds what it decides on, and says what has to be stored.
//!
//! # Where the semantics come from
//!
//! From the pages of these titles in the documentation of Azure Service Bus:
//!
//! | here | there |
//! |---|---|
//! | [`Core::receive`], [`Core::renew`], [`Core::settle`], delivery counts | Message transfers, locks, and settlement |
//! | [`QueueSettings::time_to_live`], [`Outgoing::time_to_live`] | Message expiration (time to live) |
//! | dead letters, [`Cause`] | Overview of Service Bus dead-letter queues |
//! | [`QueueSettings::duplicate_window`] | Duplicate detection |
//! | [`Sequence`], [`Outgoing::scheduled`], [`Core::cancel_scheduled`] | Message sequencing and timestamps |
//! | [`Core::browse`] | Message browsing |
//! | topics, subscriptions that forward | Queues, topics, and subscriptions; Chaining entities with autoforwarding |
//! | limits of names, ids, sizes | Service Bus quotas |
//!
//! What is ours: [`Core::resubmit`] (there a client receives the dead letter and sends a copy in a transaction); a release that
//! is not counted (there AMQP's *released*); locks from 1 ms on. Sessions are only carried, and a subscription has the one rule
//! *true*. Duplicates are told by their message id where they are sent to: a topic's copies are not looked at again by the queues.
#![warn(missing_docs)]

mod core;
mod time;

mod entity;
mod message;

mod change;
mod refusal;

mod duplicates;
mod lane;
mod locks;
mod queue;
mod schedule;
mod topic;

mod advance;
mod browse;
mod declare;
mod receive;
mod restore;
mod resubmit;
mod send;
mod settle;

pub use advance::Deadlines;
pub use browse::{Browsed, Counts, MessageState};
pub use change::{Cause, Change, Content};
pub use core::Core;
pub use declare::Declared;
pub use entity::{
    Declaration, EntityId, MICROS_MAX, NAME_CHARS_MAX, QueueRow, QueueSettings, Rule, SubscriptionRow, TopicRow, TopicSettings,
};
pub use locks::Lock;
pub use message::{Delivered, Destination, Key, MESSAGE_ID_CHARS_MAX, Outgoing, Place, Row, Sent, Sequence, Source};
pub use refusal::{CancelRefusal, DeclareRefusal, NoEntity, NotScheduled, ResubmitRefusal, SendRefusal, SettleRefusal};
pub use restore::Restore;
pub use resubmit::Resubmission;
pub use settle::{REASON_CHARS_MAX, Settlement};
pub use time::{Now, Time};
