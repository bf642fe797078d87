//! The decisions of a message broker with the semantics of Azure Service Bus: pure, synchronous, on handed-in time.
//! Knows no disk, no network and no message body: it holds what it decides on, and says what has to be stored.
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
pub use settle::Settlement;
pub use time::{Now, Time};
