//! The contract between the framework and whatever carries its messages. Each promise is stated at its method; the
//! conformance suite proves them. Delays, retries and duplicate detection are the framework's, the same on every
//! transport.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use hosting::{BoxFuture, Timestamp};

/// CloudEvents attributes and extensions of a message, by lower-case name.
pub type Headers = BTreeMap<String, String>;

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Destination {
    /// To the queue of one endpoint.
    Queue(String),
    /// To every endpoint that subscribes to the topic of this event type.
    Topic(String),
}

/// A message on its way out.
#[derive(Debug, Clone)]
pub struct OutgoingMessage {
    /// Where it goes.
    pub destination: Destination,
    /// Its id; the same on every repetition.
    pub id: String,
    /// Its envelope.
    pub headers: Headers,
    /// Its body, at most [`Capabilities::body_bytes_max`] bytes.
    pub body: Bytes,
}

/// Where messages come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The queue of this endpoint.
    Queue(String),
    /// The dead letters of this endpoint's queue.
    DeadLetters(String),
}

/// Names one delivery for its settlement: opaque to the framework.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lock(pub Vec<u8>);

/// A message that was received and is locked for this receiver.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// For its settlement.
    pub lock: Lock,
    /// How long the lock holds from the moment of receipt.
    pub lock_duration: Duration,
    /// The message's id.
    pub id: String,
    /// Its envelope.
    pub headers: Headers,
    /// Its body.
    pub body: Bytes,
    /// Deliveries before this one that ended without completion, dead-lettering or release.
    pub delivery_count: u32,
}

/// What becomes of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    /// Handled: gone for good.
    Complete,
    /// Given back as if never received; the delivery count stays where [`Capabilities::release_uncounted`].
    Release,
    /// To the dead letters, with everything a person needs to understand why.
    DeadLetter {
        /// A short name of the reason, such as `UnknownType`.
        reason: String,
        /// The whole story.
        description: String,
        /// Added to the message's headers.
        headers: Headers,
    },
}

/// A message looked at without receiving it.
#[derive(Debug, Clone)]
pub struct Browsed {
    /// Its place in the queue; grows.
    pub position: u64,
    /// Its id.
    pub id: String,
    /// Since when it is there: in the queue, or among its dead letters.
    pub since: Timestamp,
    /// Its envelope.
    pub headers: Headers,
    /// Its body.
    pub body: Bytes,
    /// Why it is among the dead letters: reason and description.
    pub dead_letter: Option<(String, String)>,
}

/// What is to exist before endpoints start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Topology {
    /// One queue an endpoint.
    pub queues: Vec<String>,
    /// One topic an event type.
    pub topics: Vec<String>,
    /// (topic, endpoint): the endpoint's subscription forwards to its queue.
    pub subscriptions: Vec<(String, String)>,
}

/// What a transport can do. The conformance suite asserts that each flag tells the truth.
#[derive(Debug, Clone)]
pub struct Capabilities {
    /// The largest body in bytes.
    pub body_bytes_max: usize,
    /// Confirmed messages survive a killed process.
    pub durable: bool,
    /// Several receivers share one queue.
    pub competing: bool,
    /// Whether a release leaves the delivery count as it was.
    pub release_uncounted: bool,
    /// The longest time a delivery may be held, renewals included.
    pub max_hold: Option<Duration>,
    /// Queues and dead letters can be browsed.
    pub browse: bool,
    /// A new subscription gets messages from before it.
    pub replays_to_new_subscriber: bool,
    /// Several processes can use it at once.
    pub multi_process: bool,
}

/// Why a transport did not do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TransportError {
    /// It is away; it reconnects by itself, try again.
    #[error("the bus cannot be reached: {0}")]
    Disconnected(String),
    /// The destination cannot take more for now (full, throttled); others may.
    #[error("destination `{destination}` takes no more for now: {reason}")]
    Busy {
        /// Its name.
        destination: String,
        /// Why.
        reason: String,
    },
    /// The destination does not exist (yet).
    #[error("destination `{0}` does not exist; provision it, or check the endpoint's name")]
    Missing(String),
    /// This message can never be sent.
    #[error("the message can never be sent: {0}")]
    Refused(String),
    /// What exists differs from what was declared.
    #[error("the bus is not as declared: {0}")]
    Differs(String),
}

/// One outcome an item, or one error for the whole batch.
pub type BatchResult = Result<Vec<Result<(), TransportError>>, TransportError>;

/// Carries messages. Implementations reconnect by themselves. Every future may be dropped at any point.
pub trait Transport: Send + Sync {
    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// Creates what is missing of `topology`; never changes what is there.
    fn provision<'a>(&'a self, topology: &'a Topology) -> BoxFuture<'a, Result<(), TransportError>>;

    /// Sends; `Ok` for a message only once it is durably accepted by its destination. A topic without subscriptions
    /// accepts and drops; a queue that does not exist is [`TransportError::Missing`].
    fn send(&self, batch: Vec<OutgoingMessage>) -> BoxFuture<'_, BatchResult>;

    /// Waits for at least one message, answers at most `max` (at least 1), each locked. Dropping the future loses
    /// nothing.
    fn receive<'a>(&'a self, source: &'a Source, max: usize) -> BoxFuture<'a, Result<Vec<Delivery>, TransportError>>;

    /// Settles deliveries. A lock that was lost is no error: the message comes again.
    fn settle(&self, settlements: Vec<(Lock, Settlement)>) -> BoxFuture<'_, Result<(), TransportError>>;

    /// Prolongs the locks by their duration; one that was lost is passed over.
    fn renew(&self, locks: Vec<Lock>) -> BoxFuture<'_, Result<(), TransportError>>;

    /// Looks at up to `max` messages from `position` on without receiving them.
    fn browse<'a>(&'a self, source: &'a Source, position: u64, max: usize) -> BoxFuture<'a, Result<Vec<Browsed>, TransportError>>;

    /// Moves the dead letter at `position` to the queue of its `endpoint`: the same id and body, `headers` in place of its
    /// own, no delivery counted. At any moment, also after a crash, it is in exactly one of the two places, and of several
    /// calls at once one moves it. `Ok(false)`: there is none at `position`, or no longer. One that a receiver of the dead
    /// letters holds is [`TransportError::Busy`].
    fn resubmit<'a>(&'a self, endpoint: &'a str, position: u64, headers: Headers) -> BoxFuture<'a, Result<bool, TransportError>>;

    /// Why it is not working as it should, or `None`.
    fn trouble(&self) -> Option<String>;
}
