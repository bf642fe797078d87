//! What has to be stored: a closed list of row changes, in the order in which they happened.

use crate::entity::{EntityId, QueueRow, SubscriptionRow, TopicRow};
use crate::message::{Key, Place, Row};
use crate::time::Time;

/// Why the broker put a message into a dead-letter queue, or a receiver did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// It came back after its last permitted delivery.
    MaxDeliveryCountExceeded {
        /// How often it was delivered.
        deliveries: u16,
    },
    /// Its life ended.
    Expired,
    /// A receiver said so.
    Told {
        /// In a word.
        reason: String,
        /// In a sentence.
        description: String,
    },
}

impl Cause {
    /// The reason in a word, as Azure Service Bus spells it.
    #[must_use]
    pub fn reason(&self) -> &str {
        match self {
            Self::MaxDeliveryCountExceeded { .. } => "MaxDeliveryCountExceeded",
            Self::Expired => "TTLExpiredException",
            Self::Told { reason, .. } => reason,
        }
    }

    /// The reason in a sentence.
    #[must_use]
    pub fn description(&self) -> String {
        match self {
            Self::MaxDeliveryCountExceeded { deliveries } => {
                format!("Message could not be consumed after {deliveries} delivery attempts.")
            }
            Self::Expired => "The message expired and was dead lettered.".to_owned(),
            Self::Told { description, .. } => description.clone(),
        }
    }
}

/// Where the content of a new row comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// From the sender: the name it gave in [`Outgoing::content`](crate::Outgoing::content).
    Sent(u64),
    /// It is that of another row, which is there until a later change removes it.
    CopyOf(Key),
}

/// One change of what is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A queue is new.
    QueueAdded(QueueRow),
    /// A topic is new.
    TopicAdded(TopicRow),
    /// A subscription is new.
    SubscriptionAdded(SubscriptionRow),
    /// A message is new.
    Inserted {
        /// It.
        row: Row,
        /// Its content.
        content: Content,
    },
    /// A message was delivered or released: its delivery count is another.
    Counted {
        /// Whose.
        key: Key,
        /// The new count.
        delivery_count: u16,
    },
    /// A scheduled message fell due: it is active, with a new sequence number.
    Enqueued(Row),
    /// A message went to the dead-letter queue, with a new sequence number.
    DeadLettered {
        /// It.
        row: Row,
        /// When, on the wall clock.
        at: Time,
        /// Why.
        cause: Cause,
    },
    /// A dead letter is active again, with a new sequence number, size and content; why it was dead is no longer kept.
    Resubmitted {
        /// It.
        row: Row,
        /// The name of its content: [`Resubmission::content`](crate::Resubmission::content).
        content: u64,
    },
    /// A message is gone, with its content and whatever else is kept about it.
    Removed {
        /// Which.
        key: Key,
        /// Where it was.
        place: Place,
    },
    /// A queue or topic has given sequence numbers.
    SequenceMoved {
        /// Which.
        entity: EntityId,
        /// The next one it gives.
        next: u64,
    },
    /// A message id is remembered, for detecting duplicates.
    IdRemembered {
        /// By which queue or topic.
        entity: EntityId,
        /// The id.
        message_id: String,
        /// When it may be forgotten.
        until: Time,
    },
    /// All message ids that may be forgotten by then are.
    IdsForgotten {
        /// By which queue or topic.
        entity: EntityId,
        /// Those remembered until this moment or an earlier one.
        until: Time,
    },
}
