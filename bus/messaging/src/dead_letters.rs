//! What could not be handled, for people: list it, look at it, try it again (rule R17). Also what an endpoint committed
//! and could never send (rule R11), and calls that were given up and kept (rule R31): they lie in the endpoint's own tables.

use std::time::Duration;

use hosting::Timestamp;
use serde::Serialize;
use storage::{ReadError, SqlError, WriteError};

use crate::{Browsed, Headers, Service, Source, TransportError};
use crate::{calls, envelope, function, outbox};

/// How the place of a message begins that never left its endpoint.
const UNSENDABLE: &str = "unsendable-";
/// How the place of a call begins that was given up.
const GIVEN_UP: &str = "call-";

/// A message that its endpoint could not handle, or not send.
#[derive(Debug, Clone, Serialize)]
pub struct DeadLetter {
    /// Names it for `show` and `retry`: `endpoint/position`, or `endpoint/unsendable-row` of one that was never sent, or
    /// `endpoint/call-row` of a call.
    pub id: String,
    /// The endpoint that could not handle it, or not send it.
    pub endpoint: String,
    /// The message's id.
    pub message_id: String,
    /// The message's type.
    pub kind: String,
    /// What it is about, such as an order's id.
    pub subject: Option<String>,
    /// Why, in a word.
    pub reason: String,
    /// Why, with everything known.
    pub description: String,
    /// When it came among the dead letters; of one that was never sent, when it was written.
    pub since: Timestamp,
    /// Its envelope, with what was noted at its end.
    pub headers: Headers,
    /// Its body, where it is text.
    pub body: String,
}

/// Why dead letters were not shown, or one not tried again.
#[derive(Debug, thiserror::Error)]
pub enum LetterError {
    /// There is none of that id, or no longer.
    #[error("there is no dead letter `{0}`, or no longer: it may have been tried again; list them to see which there are")]
    Unknown(String),
    /// The endpoint may have forgotten that it handled it.
    #[error("dead letter `{0}` is older than the inbox's retention, which no longer keeps it from being handled twice; confirm with --yes")]
    TooOld(String),
    /// The bus said no.
    #[error("the bus did not do it: {0}")]
    Transport(#[from] TransportError),
    /// The endpoint's database said no.
    #[error("the database of `{endpoint}` is in trouble: {why}")]
    Database {
        /// Whose.
        endpoint: &'static str,
        /// Why.
        why: String,
    },
}

/// Whether a person has confirmed that a message may be handled twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmed {
    /// Asked and answered.
    Yes,
    /// Not asked.
    No,
}

/// Where a dead letter lies.
enum Place {
    /// Among the dead letters of the endpoint's queue.
    Queue { position: u64 },
    /// In the endpoint's outbox.
    Outbox { row: i64 },
    /// Among its calls.
    Calls { row: i64 },
}

/// Up to `max` dead letters of an endpoint, those of its queue first, those of its outbox next, each oldest first; of more, those that come behind the
/// one with the id `after`. There may be fewer though more follow; none means that none follows.
///
/// # Errors
/// If `after` can be no id, and those of transport and database.
pub async fn list(service: &Service, after: Option<&str>, max: usize) -> Result<Vec<DeadLetter>, LetterError> {
    let (position, row, call) = match after.map(|id| parse(service, id)).transpose()? {
        None => (Some(0), Some(0), 0),
        Some(Place::Queue { position }) => (position.checked_add(1), Some(0), 0),
        Some(Place::Outbox { row }) => (None, Some(row), 0),
        Some(Place::Calls { row }) => (None, None, row),
    };
    if let Some(position) = position {
        let queued = queued(service, position, max).await?;
        if !queued.is_empty() {
            return Ok(queued);
        }
    }
    if let Some(row) = row {
        let unsendable = unsendable(service, row, max).await?;
        if !unsendable.is_empty() {
            return Ok(unsendable);
        }
    }
    given_up(service, call, max).await
}

/// The dead letter of this id.
///
/// # Errors
/// If there is none, and those of transport and database.
pub async fn show(service: &Service, id: &str) -> Result<DeadLetter, LetterError> {
    let found = match parse(service, id)? {
        Place::Queue { position } => queued(service, position, 1).await?,
        Place::Outbox { row } => unsendable(service, row.saturating_sub(1), 1).await?,
        Place::Calls { row } => given_up(service, row.saturating_sub(1), 1).await?,
    };
    found.into_iter().find(|letter| letter.id == id).ok_or_else(|| LetterError::Unknown(id.to_owned()))
}

/// Tries a dead letter again: one from the queue goes to its endpoint under the same message id and with the next round, and if
/// it is older than the inbox's retention only where `confirmed`, since it may then be handled twice; one that could
/// never be sent is sent again, which harms at no age, since nobody has seen it; a call is made again under its key.
///
/// # Errors
/// If there is none of that id, if it is too old, and those of transport and database.
pub async fn retry(service: &Service, id: &str, confirmed: Confirmed) -> Result<(), LetterError> {
    let again = match parse(service, id)? {
        Place::Outbox { row } => {
            let written = service.inner.db.write(move |tx| outbox::clear_failure(tx, row)).await;
            let there = written.map_err(|error: WriteError<SqlError>| in_trouble(service, error.to_string()))?;
            service.committed(u64::from(there), Vec::new());
            there
        }
        Place::Calls { row } => {
            let now = service.now();
            let written = service.inner.db.write(move |tx| calls::revive(tx, row, now)).await;
            let there = written.map_err(|error: WriteError<SqlError>| in_trouble(service, error.to_string()))?;
            service.committed(0, Vec::new());
            there
        }
        Place::Queue { position } => {
            let DeadLetter { since, mut headers, .. } = show(service, id).await?;
            let retention = Duration::from_secs(service.inner.settings.inbox_retention_s);
            if confirmed == Confirmed::No && since.plus(retention) < service.now() {
                return Err(LetterError::TooOld(id.to_owned()));
            }
            if let Some(attempts) = headers.get(envelope::DEAD_ATTEMPTS).cloned() {
                headers.insert(envelope::RETRY_ATTEMPTS.to_owned(), attempts);
            }
            headers.insert(envelope::RETRY_ROUND.to_owned(), (envelope::round(&headers) + 1).to_string());
            service.inner.transport.resubmit(service.name(), position, headers).await?
        }
    };
    if again { Ok(()) } else { Err(LetterError::Unknown(id.to_owned())) }
}

fn parse(service: &Service, id: &str) -> Result<Place, LetterError> {
    let place = id.strip_prefix(service.name()).and_then(|rest| rest.strip_prefix('/'));
    let found = place.and_then(|place| match (place.strip_prefix(UNSENDABLE), place.strip_prefix(GIVEN_UP)) {
        (Some(row), _) => row.parse().ok().map(|row| Place::Outbox { row }),
        (None, Some(row)) => row.parse().ok().map(|row| Place::Calls { row }),
        (None, None) => place.parse().ok().map(|position| Place::Queue { position }),
    });
    found.ok_or_else(|| LetterError::Unknown(id.to_owned()))
}

async fn queued(service: &Service, position: u64, max: usize) -> Result<Vec<DeadLetter>, LetterError> {
    let source = Source::DeadLetters(service.name().to_owned());
    let found = service.inner.transport.browse(&source, position, max).await?;
    Ok(found.into_iter().map(|browsed| describe(service.name(), browsed)).collect())
}

async fn unsendable(service: &Service, after: i64, max: usize) -> Result<Vec<DeadLetter>, LetterError> {
    let found = service.read(move |tx| outbox::failed(tx, after, max)).await;
    let found = found.map_err(|error: ReadError<SqlError>| in_trouble(service, error.to_string()))?;
    Ok(found.into_iter().map(|(row, failure)| describe_unsendable(service.name(), row, failure)).collect())
}

async fn given_up(service: &Service, after: i64, max: usize) -> Result<Vec<DeadLetter>, LetterError> {
    let found = service.read(move |tx| calls::kept(tx, after, max)).await;
    let found = found.map_err(|error: ReadError<SqlError>| in_trouble(service, error.to_string()))?;
    Ok(found.into_iter().map(|call| describe_call(service.name(), call)).collect())
}

fn in_trouble(service: &Service, why: String) -> LetterError {
    LetterError::Database { endpoint: service.name(), why }
}

fn describe(endpoint: &str, browsed: Browsed) -> DeadLetter {
    let (reason, description) = browsed.dead_letter.unwrap_or_default();
    DeadLetter {
        id: format!("{endpoint}/{}", browsed.position),
        endpoint: endpoint.to_owned(),
        message_id: browsed.id,
        kind: browsed.headers.get(envelope::TYPE).cloned().unwrap_or_default(),
        subject: browsed.headers.get(envelope::SUBJECT).cloned(),
        reason,
        description,
        since: browsed.since,
        body: String::from_utf8_lossy(&browsed.body).into_owned(),
        headers: browsed.headers,
    }
}

fn describe_unsendable(endpoint: &str, row: outbox::ReadyRow, failure: String) -> DeadLetter {
    let header = |name: &str| row.message.headers.get(name).cloned();
    DeadLetter {
        id: format!("{endpoint}/{UNSENDABLE}{}", row.row),
        endpoint: endpoint.to_owned(),
        message_id: row.message.id.clone(),
        kind: header(envelope::TYPE).unwrap_or_default(),
        subject: header(envelope::SUBJECT),
        reason: "Unsendable".to_owned(),
        description: failure,
        since: header(envelope::TIME).and_then(|time| time.parse().ok()).unwrap_or_default(),
        body: String::from_utf8_lossy(&row.message.body).into_owned(),
        headers: row.message.headers,
    }
}

/// A function's call is shown as the message that it is made for.
fn describe_call(endpoint: &str, call: calls::KeptCall) -> DeadLetter {
    let (headers, body) = function::message_of(&call.name, &call.request).unwrap_or_else(|| (Headers::new(), call.request));
    DeadLetter {
        id: format!("{endpoint}/{GIVEN_UP}{}", call.row),
        endpoint: endpoint.to_owned(),
        message_id: headers.get(envelope::ID).unwrap_or(&call.key).clone(),
        kind: headers.get(envelope::TYPE).unwrap_or(&call.name).clone(),
        subject: headers.get(envelope::SUBJECT).cloned(),
        reason: "CallGivenUp".to_owned(),
        description: call.failure,
        since: call.since,
        headers,
        body,
    }
}
