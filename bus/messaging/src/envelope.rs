//! What stands on the outside of a message: CloudEvents 1.0 attributes, its documented extensions, and our two.

use hosting::Timestamp;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{Delivery, Headers, Message};

pub(crate) const ID: &str = "id";
pub(crate) const SOURCE: &str = "source";
pub(crate) const TYPE: &str = "type";
pub(crate) const DATA_SCHEMA: &str = "dataschema";
pub(crate) const TIME: &str = "time";
pub(crate) const SUBJECT: &str = "subject";
pub(crate) const CORRELATION: &str = "correlationid";
pub(crate) const CAUSATION: &str = "causationid";
pub(crate) const CONVERSATION: &str = "conversationid";
pub(crate) const TRACE_PARENT: &str = "traceparent";
pub(crate) const EXPIRY: &str = "expirytime";
pub(crate) const PARTITION_KEY: &str = "partitionkey";
/// When the message came among the dead letters, as its endpoint noted it.
pub(crate) const DEAD_SINCE: &str = "deadlettertime";
pub(crate) const RETRY_ROUND: &str = "retryround";
/// How often the message was tried in earlier rounds.
pub(crate) const RETRY_ATTEMPTS: &str = "retryattempts";
/// How often the message was tried in all, as its endpoint noted it with the dead letter.
pub(crate) const DEAD_ATTEMPTS: &str = "deadletterattempts";

/// What a step's outgoing messages inherit from what caused them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cause {
    /// The incoming message's id; none for an operation.
    pub(crate) causation: Option<String>,
    /// The whole story that it belongs to.
    pub(crate) conversation: Option<String>,
    /// What the sender of the first message knows the story by; the conversation, unless somebody said otherwise.
    pub(crate) correlation: Option<String>,
    pub(crate) trace_parent: Option<String>,
    /// Who sent the incoming message.
    pub(crate) source: Option<String>,
}

impl Cause {
    pub(crate) fn of(headers: &Headers, id: &str) -> Self {
        Self {
            causation: Some(id.to_owned()),
            conversation: headers.get(CONVERSATION).cloned().or_else(|| Some(id.to_owned())),
            correlation: headers.get(CORRELATION).cloned(),
            trace_parent: headers.get(TRACE_PARENT).cloned(),
            source: headers.get(SOURCE).cloned(),
        }
    }

    /// As stored beside a call, so that its record continues the same conversation.
    pub(crate) fn to_text(&self) -> String {
        let parts = [&self.causation, &self.conversation, &self.trace_parent, &self.correlation];
        parts.map(|part| part.as_deref().unwrap_or("")).join("\n")
    }

    pub(crate) fn from_text(text: &str) -> Self {
        let mut parts = text.split('\n').map(|part| (!part.is_empty()).then(|| part.to_owned()));
        let mut next = || parts.next().flatten();
        Self { causation: next(), conversation: next(), trace_parent: next(), correlation: next(), source: None }
    }
}

/// The headers of a fresh message, made at `times.0` and due at `times.1`.
pub(crate) fn headers<M: Message>(message: &M, id: Uuid, endpoint: &str, times: (Timestamp, Timestamp), cause: &Cause) -> Headers {
    let (now, due) = times;
    let id = id.to_string();
    let conversation = cause.conversation.clone().unwrap_or_else(|| id.clone());
    let mut headers = Headers::from([
        ("specversion".to_owned(), "1.0".to_owned()),
        ("datacontenttype".to_owned(), "application/json".to_owned()),
        (SOURCE.to_owned(), format!("/{endpoint}")),
        (TYPE.to_owned(), M::NAME.to_owned()),
        (DATA_SCHEMA.to_owned(), format!("{}/v{}", M::NAME, M::VERSION)),
        (TIME.to_owned(), now.to_string()),
        (CORRELATION.to_owned(), cause.correlation.clone().unwrap_or_else(|| conversation.clone())),
        (CONVERSATION.to_owned(), conversation),
        (ID.to_owned(), id),
    ]);
    let optional = [
        (SUBJECT, message.subject()),
        (CAUSATION, cause.causation.clone()),
        (TRACE_PARENT, cause.trace_parent.clone()),
        (EXPIRY, message.expires_after().map(|after| due.plus(after).to_string())),
        (PARTITION_KEY, message.partition_key()),
    ];
    headers.extend(optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    headers
}

/// The inbox's key: the id where it is a UUID, else the first 16 bytes of SHA-256 over source and id (rule R1).
pub(crate) fn claim_id(delivery: &Delivery) -> Uuid {
    Uuid::parse_str(&delivery.id).unwrap_or_else(|_| {
        let mut hash = Sha256::new();
        hash.update(delivery.headers.get(SOURCE).map_or("", String::as_str));
        hash.update([0]);
        hash.update(&delivery.id);
        let mut id = [0; 16];
        id.copy_from_slice(&hash.finalize()[..16]);
        Uuid::from_bytes(id)
    })
}

/// How often the message has been put off.
pub(crate) fn round(headers: &Headers) -> u32 {
    number(headers, RETRY_ROUND)
}

/// How often the message was tried in earlier rounds.
pub(crate) fn earlier_attempts(headers: &Headers) -> u32 {
    number(headers, RETRY_ATTEMPTS)
}

fn number(headers: &Headers, name: &str) -> u32 {
    headers.get(name).and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// Whether the message is too old to be handled (rule R20).
pub(crate) fn is_expired(headers: &Headers, now: Timestamp) -> bool {
    headers.get(EXPIRY).and_then(|expiry| expiry.parse::<Timestamp>().ok()).is_some_and(|expiry| expiry <= now)
}
