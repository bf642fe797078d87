//! What there is to send to and receive from: queues, topics, subscriptions; their settings and limits.

use std::time::Duration;

/// The longest name of an entity, in characters.
pub const NAME_CHARS_MAX: usize = 260;

/// The longest duration a setting may have, in microseconds: about 146,000 years, so that sums stay in range.
pub const MICROS_MAX: u64 = i64::MAX as u64 / 2;

/// The number of a queue or topic, unique in its broker and never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntityId(pub u32);

/// How a queue behaves. Settled at its creation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueSettings {
    /// How long a delivery stays locked unless renewed; 1 ms to 5 min.
    pub lock: Duration,
    /// After that many deliveries a message that comes back is dead-lettered; at least 1.
    pub max_delivery_count: u16,
    /// The longest life of a message, whatever its sender says; none: for ever.
    pub time_to_live: Option<Duration>,
    /// Whether an expired message is dead-lettered rather than dropped.
    pub dead_letter_expired: bool,
    /// For how long message ids are remembered, so that a second one is accepted and dropped; none: not at all.
    pub duplicate_window: Option<Duration>,
    /// The largest message, in bytes as stored.
    pub message_bytes_max: u32,
    /// The most bytes of messages in the queue: active, scheduled and dead.
    pub bytes_max: u64,
}

impl Default for QueueSettings {
    fn default() -> Self {
        Self {
            lock: Duration::from_secs(60),
            max_delivery_count: 10,
            time_to_live: None,
            dead_letter_expired: false,
            duplicate_window: None,
            message_bytes_max: 256 * 1024,
            bytes_max: 1024 * 1024 * 1024,
        }
    }
}

/// How a topic behaves. Settled at its creation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicSettings {
    /// The longest life of a message, whatever its sender says; none: for ever.
    pub time_to_live: Option<Duration>,
    /// For how long message ids are remembered; none: not at all.
    pub duplicate_window: Option<Duration>,
    /// The largest message, in bytes as stored.
    pub message_bytes_max: u32,
    /// The most bytes of scheduled messages that wait in the topic.
    pub bytes_max: u64,
}

impl Default for TopicSettings {
    fn default() -> Self {
        Self { time_to_live: None, duplicate_window: None, message_bytes_max: 256 * 1024, bytes_max: 1024 * 1024 * 1024 }
    }
}

/// Which of a topic's messages a subscription takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Every message.
    True,
}

impl Rule {
    /// Whether a message passes.
    #[must_use]
    pub const fn takes_message(self) -> bool {
        match self {
            Self::True => true,
        }
    }
}

/// Something that shall exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Declaration {
    /// A queue.
    Queue {
        /// Its name, shared with no other queue or topic.
        name: String,
        /// How it behaves.
        settings: QueueSettings,
    },
    /// A topic.
    Topic {
        /// Its name, shared with no other queue or topic.
        name: String,
        /// How it behaves.
        settings: TopicSettings,
    },
    /// A subscription.
    Subscription {
        /// The topic's name; it must exist.
        topic: String,
        /// Its name, unique in the topic.
        name: String,
        /// The queue that gets the copies; it must exist.
        forward_to: String,
    },
}

/// A queue as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueRow {
    /// Its number.
    pub id: EntityId,
    /// Its name.
    pub name: String,
    /// How it behaves.
    pub settings: QueueSettings,
    /// The next sequence number it gives.
    pub next_sequence: u64,
}

/// A topic as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicRow {
    /// Its number.
    pub id: EntityId,
    /// Its name.
    pub name: String,
    /// How it behaves.
    pub settings: TopicSettings,
    /// The next sequence number it gives.
    pub next_sequence: u64,
}

/// A subscription as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionRow {
    /// The topic.
    pub topic: EntityId,
    /// Its name.
    pub name: String,
    /// The queue that gets the copies.
    pub forward_to: EntityId,
    /// Which messages it takes.
    pub rule: Rule,
}

/// Why `name` cannot name an entity; nothing if it can.
pub(crate) fn name_fault(name: &str) -> Option<&'static str> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/');
    if name.is_empty() {
        Some("it is empty")
    } else if name.chars().count() > NAME_CHARS_MAX {
        Some("it is longer than 260 characters")
    } else if !name.chars().all(allowed) {
        Some("only letters, digits, `.`, `-`, `_` and `/` may be in it")
    } else if name.starts_with('/') || name.ends_with('/') {
        Some("it begins or ends with `/`")
    } else {
        None
    }
}

/// What is out of range in `settings`; nothing if all is well.
pub(crate) fn queue_fault(settings: &QueueSettings) -> Option<&'static str> {
    let lock = settings.lock;
    if lock < Duration::from_millis(1) || lock > Duration::from_secs(300) {
        Some("lock is not between 1 ms and 5 min")
    } else if settings.max_delivery_count == 0 {
        Some("max_delivery_count is 0")
    } else {
        durations_fault(settings.time_to_live, settings.duplicate_window)
    }
}

/// What is out of range in `settings`; nothing if all is well.
pub(crate) fn topic_fault(settings: &TopicSettings) -> Option<&'static str> {
    durations_fault(settings.time_to_live, settings.duplicate_window)
}

fn durations_fault(time_to_live: Option<Duration>, duplicate_window: Option<Duration>) -> Option<&'static str> {
    let fits =
        |duration: Option<Duration>| duration.is_none_or(|duration| !duration.is_zero() && duration.as_micros() <= u128::from(MICROS_MAX));
    if !fits(time_to_live) {
        Some("time_to_live is zero or too long")
    } else if !fits(duplicate_window) {
        Some("duplicate_window is zero or too long")
    } else {
        None
    }
}

/// What differs between settings that are there and settings that are wanted, one line each.
pub(crate) fn queue_differences(there: &QueueSettings, wanted: &QueueSettings) -> Vec<String> {
    let mut lines = Vec::new();
    differ(&mut lines, "lock", &there.lock, &wanted.lock);
    differ(&mut lines, "max_delivery_count", &there.max_delivery_count, &wanted.max_delivery_count);
    differ(&mut lines, "time_to_live", &there.time_to_live, &wanted.time_to_live);
    differ(&mut lines, "dead_letter_expired", &there.dead_letter_expired, &wanted.dead_letter_expired);
    differ(&mut lines, "duplicate_window", &there.duplicate_window, &wanted.duplicate_window);
    differ(&mut lines, "message_bytes_max", &there.message_bytes_max, &wanted.message_bytes_max);
    differ(&mut lines, "bytes_max", &there.bytes_max, &wanted.bytes_max);
    lines
}

/// What differs between settings that are there and settings that are wanted, one line each.
pub(crate) fn topic_differences(there: &TopicSettings, wanted: &TopicSettings) -> Vec<String> {
    let mut lines = Vec::new();
    differ(&mut lines, "time_to_live", &there.time_to_live, &wanted.time_to_live);
    differ(&mut lines, "duplicate_window", &there.duplicate_window, &wanted.duplicate_window);
    differ(&mut lines, "message_bytes_max", &there.message_bytes_max, &wanted.message_bytes_max);
    differ(&mut lines, "bytes_max", &there.bytes_max, &wanted.bytes_max);
    lines
}

fn differ<T: PartialEq + std::fmt::Debug>(lines: &mut Vec<String>, what: &str, there: &T, wanted: &T) {
    if there != wanted {
        lines.push(format!("{what} is {there:?}, wanted {wanted:?}"));
    }
}
