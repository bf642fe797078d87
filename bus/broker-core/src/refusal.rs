//! Why the core refuses a command. A refused command has changed nothing.

/// Why messages were not accepted; none of the batch was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendRefusal {
    /// There is nothing of that name.
    #[error(transparent)]
    NoEntity(#[from] NoEntity),
    /// A message is larger than its destination takes.
    #[error("a message of {bytes} bytes is too large for `{entity}`, which takes {bytes_max}")]
    MessageTooLarge {
        /// The destination.
        entity: String,
        /// The message's size.
        bytes: u32,
        /// The largest that is taken.
        bytes_max: u32,
    },
    /// The destination, or a queue that a topic's copy goes to, has no room.
    #[error("`{entity}` is full: it holds at most {bytes_max} bytes, dead letters and scheduled messages included")]
    EntityFull {
        /// What is full.
        entity: String,
        /// Its limit.
        bytes_max: u64,
    },
    /// A message id or session id is longer than 128 characters.
    #[error("the {what} has {chars} characters, at most 128 are taken")]
    IdTooLong {
        /// `message id` or `session id`.
        what: &'static str,
        /// Its length.
        chars: usize,
    },
}

/// There is no queue or topic of that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no {kind} `{name}`")]
pub struct NoEntity {
    /// `queue` or `topic`.
    pub kind: &'static str,
    /// What was asked for.
    pub name: String,
}

impl NoEntity {
    pub(crate) fn queue(name: &str) -> Self {
        Self { kind: "queue", name: name.to_owned() }
    }

    pub(crate) fn topic(name: &str) -> Self {
        Self { kind: "topic", name: name.to_owned() }
    }
}

/// Why an entity was not created.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeclareRefusal {
    /// What it refers to is not there.
    #[error(transparent)]
    NoEntity(#[from] NoEntity),
    /// The name cannot be one.
    #[error("`{name}` cannot name a queue, topic or subscription: {fault}")]
    BadName {
        /// The name.
        name: String,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// A setting is out of range.
    #[error("`{name}`: {fault}")]
    BadSettings {
        /// The entity.
        name: String,
        /// What is out of range.
        fault: &'static str,
    },
    /// The name is taken by something of another kind.
    #[error("`{name}` exists already as a {kind}")]
    OtherKind {
        /// The name.
        name: String,
        /// What it is.
        kind: &'static str,
    },
    /// It is there with other settings, which are never changed.
    #[error("`{name}` exists already with other settings: {}", differences.join("; "))]
    Differs {
        /// The entity.
        name: String,
        /// One line for each setting.
        differences: Vec<String>,
    },
}

/// Why a delivery could not be settled or renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SettleRefusal {
    /// The lock has expired, was settled already or never was.
    #[error("the lock is lost: it expired, was settled, or never was")]
    LockLost,
    /// A dead letter cannot be dead-lettered again.
    #[error("a message in a dead-letter queue cannot be dead-lettered again")]
    DeadAlready,
}

/// Why a dead letter was not sent again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResubmitRefusal {
    /// There is no such queue.
    #[error(transparent)]
    NoEntity(#[from] NoEntity),
    /// It is none: it never was one, was completed, or was sent again by somebody else.
    #[error("there is no dead letter with sequence number {sequence}")]
    NotThere {
        /// The number that was asked for.
        sequence: u64,
    },
    /// A receiver of the dead-letter queue has it, and alone decides what becomes of it until its lock ends.
    #[error("the dead letter with sequence number {sequence} is locked by a receiver")]
    Locked {
        /// The number that was asked for.
        sequence: u64,
    },
}

/// Why a scheduled message could not be cancelled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CancelRefusal {
    /// There is nothing of that name.
    #[error(transparent)]
    NoEntity(#[from] NoEntity),
    /// No such message.
    #[error(transparent)]
    NotScheduled(#[from] NotScheduled),
}

/// No message is scheduled under that number: it was never, is due already, or was cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no message is scheduled with sequence number {sequence}")]
pub struct NotScheduled {
    /// The number that was asked for.
    pub sequence: u64,
}
