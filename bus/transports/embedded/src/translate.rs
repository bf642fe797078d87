//! The broker's words for the framework's, and back.

use std::time::Duration;

use broker::{ProvisionError, QueryError, ResubmitError, ResubmitRefusal, SendError, SendRefusal};
use messaging::{Browsed, Delivery, Destination, Lock, OutgoingMessage, Settlement, Source, TransportError};
use uuid::Uuid;

pub(crate) fn name(destination: &Destination) -> &str {
    match destination {
        Destination::Queue(name) | Destination::Topic(name) => name,
    }
}

/// Where the message goes, if its body is not over `bytes_max`.
pub(crate) fn checked(message: &OutgoingMessage, bytes_max: usize) -> Result<String, TransportError> {
    match message.body.len() {
        bytes if bytes > bytes_max => {
            Err(TransportError::Refused(format!("its body has {bytes} bytes, the embedded transport takes {bytes_max}")))
        }
        _ => Ok(name(&message.destination).to_owned()),
    }
}

pub(crate) fn outgoing(message: OutgoingMessage) -> broker::Outgoing {
    broker::Outgoing {
        destination: match message.destination {
            Destination::Queue(name) => broker::Destination::Queue(name),
            Destination::Topic(name) => broker::Destination::Topic(name),
        },
        message_id: message.id,
        session_id: None,
        // Expiry is the framework's, told from the envelope by every transport alike (rule R20).
        time_to_live: None,
        scheduled: None,
        headers: message.headers,
        body: message.body,
    }
}

pub(crate) fn source(source: &Source) -> broker::Source {
    match source {
        Source::Queue(name) => broker::Source::Queue(name.clone()),
        Source::DeadLetters(name) => broker::Source::DeadLetters(name.clone()),
    }
}

pub(crate) fn delivery(message: broker::Delivery, lock_duration: Duration) -> Delivery {
    Delivery {
        lock: Lock(message.lock_token.as_bytes().to_vec()),
        lock_duration,
        id: message.message_id,
        headers: message.headers,
        body: message.body,
        delivery_count: message.delivery_count,
    }
}

pub(crate) fn browsed(message: broker::Browsed) -> Browsed {
    Browsed {
        position: message.sequence_number,
        id: message.message_id,
        since: message.dead_lettered.unwrap_or(message.enqueued),
        headers: message.headers,
        body: message.body,
        dead_letter: message.dead_letter_reason.map(|reason| (reason, message.dead_letter_description.unwrap_or_default())),
    }
}

pub(crate) fn token(lock: &Lock) -> Option<Uuid> {
    Uuid::from_slice(&lock.0).ok()
}

pub(crate) fn settlement(settlement: Settlement) -> broker::Settlement {
    match settlement {
        Settlement::Complete => broker::Settlement::Complete,
        Settlement::Release => broker::Settlement::Release,
        Settlement::DeadLetter { reason, description, headers } => broker::Settlement::DeadLetter { reason, description, headers },
    }
}

pub(crate) fn provisioning(error: ProvisionError) -> TransportError {
    match error {
        ProvisionError::Refused(_) => TransportError::Differs(error.to_string()),
        other => TransportError::Disconnected(chain(&other)),
    }
}

pub(crate) fn querying(error: QueryError) -> TransportError {
    match error {
        QueryError::NoEntity(missing) => TransportError::Missing(missing.to_string()),
        other => TransportError::Disconnected(chain(&other)),
    }
}

/// What was asked for that is not there is no error of the transport, and told apart before.
pub(crate) fn resubmitting(error: ResubmitError, endpoint: &str) -> TransportError {
    match error {
        ResubmitError::Refused(ResubmitRefusal::NoEntity(_)) => TransportError::Missing(endpoint.to_owned()),
        ResubmitError::Refused(held) => TransportError::Busy { destination: endpoint.to_owned(), reason: held.to_string() },
        ResubmitError::NotStored(_) | ResubmitError::InDoubt(_) | ResubmitError::Stopped => TransportError::Disconnected(chain(&error)),
    }
}

/// What a refusal means for the one message. What is wrong with the broker is wrong for all of them: it is away.
pub(crate) fn sending(error: SendError, destination: String) -> TransportError {
    match error {
        SendError::Refused(SendRefusal::NoEntity(_)) => TransportError::Missing(destination),
        SendError::Refused(full @ SendRefusal::EntityFull { .. }) => TransportError::Busy { destination, reason: full.to_string() },
        SendError::Refused(never @ (SendRefusal::MessageTooLarge { .. } | SendRefusal::IdTooLong { .. })) => {
            TransportError::Refused(never.to_string())
        }
        SendError::NotStored(_) | SendError::InDoubt(_) | SendError::Stopped => TransportError::Disconnected(chain(&error)),
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", chain(source)),
        None => error.to_string(),
    }
}
