//! What could not be handled, for people: list it, look at it, try it again (rule R17).

use std::time::Duration;

use hosting::Timestamp;
use serde::Serialize;

use storage::{ReadError, SqlError};

use crate::{Browsed, Headers, Service, Source, Transport, TransportError};
use crate::{envelope, outbox};

/// A message that its endpoint could not handle.
#[derive(Debug, Clone, Serialize)]
pub struct DeadLetter {
    /// Names it for `show` and `retry`: `endpoint/position`.
    pub id: String,
    /// The endpoint that could not handle it.
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
    /// When it came among the dead letters.
    pub since: Timestamp,
    /// Its envelope, with what was noted at its end.
    pub headers: Headers,
    /// Its body, where it is text.
    pub body: String,
}

/// Why a dead letter was not tried again.
#[derive(Debug, thiserror::Error)]
pub enum RetryError {
    /// There is none of that id.
    #[error("there is no dead letter `{0}`; list them to see which there are")]
    Unknown(String),
    /// The endpoint may have forgotten that it handled it.
    #[error("dead letter `{0}` is older than the inbox's retention, which no longer keeps it from being handled twice; confirm with --yes")]
    TooOld(String),
    /// The bus said no.
    #[error("the bus did not take it")]
    Transport(#[from] TransportError),
}

/// Up to `max` dead letters of an endpoint, from `position` on.
///
/// # Errors
/// Those of the transport.
pub async fn list(transport: &dyn Transport, endpoint: &str, position: u64, max: usize) -> Result<Vec<DeadLetter>, TransportError> {
    let found = transport.browse(&Source::DeadLetters(endpoint.to_owned()), position, max).await?;
    Ok(found.into_iter().map(|browsed| describe(endpoint, browsed)).collect())
}

/// Up to `max` messages that an endpoint committed and that can never be sent (rule R11): they stay in its own table.
/// They have no id to retry them by; what was wrong must be mended first.
///
/// # Errors
/// Those of the endpoint's database.
pub async fn unsendable(service: &Service, max: usize) -> Result<Vec<DeadLetter>, ReadError<SqlError>> {
    let found = service.read(move |tx| outbox::failed(tx, max)).await?;
    Ok(found.into_iter().map(|(row, failure)| describe_unsendable(service.name(), row, failure)).collect())
}

fn describe_unsendable(endpoint: &str, row: outbox::ReadyRow, failure: String) -> DeadLetter {
    let header = |name: &str| row.message.headers.get(name).cloned();
    DeadLetter {
        id: format!("{endpoint}/unsendable-{}", row.row),
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

/// The dead letter of this id.
///
/// # Errors
/// If there is none, and those of the transport.
pub async fn show(transport: &dyn Transport, id: &str) -> Result<DeadLetter, RetryError> {
    let (endpoint, position) = parse(id)?;
    let found = list(transport, endpoint, position, 1).await?;
    found.into_iter().find(|letter| letter.id == id).ok_or_else(|| RetryError::Unknown(id.to_owned()))
}

/// Sends a dead letter to its endpoint again, under the same message id and with the next round. One that is older
/// than `retention` (the inbox's) only where `confirmed`: it may then be handled twice.
///
/// # Errors
/// If there is none of that id, if it is too old, and those of the transport.
pub async fn retry(
    transport: &dyn Transport,
    id: &str,
    now: Timestamp,
    retention: Duration,
    confirmed: Confirmed,
) -> Result<(), RetryError> {
    let letter = show(transport, id).await?;
    if confirmed == Confirmed::No && letter.since.plus(retention) < now {
        return Err(RetryError::TooOld(id.to_owned()));
    }
    let (endpoint, position) = parse(id)?;
    let mut headers = letter.headers;
    let round = envelope::round(&headers) + 1;
    headers.insert(envelope::RETRY_ROUND.to_owned(), round.to_string());
    match transport.resubmit(endpoint, position, headers).await? {
        true => Ok(()),
        false => Err(RetryError::Unknown(id.to_owned())),
    }
}

/// Whether a person has confirmed that a message may be handled twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmed {
    /// Asked and answered.
    Yes,
    /// Not asked.
    No,
}

fn parse(id: &str) -> Result<(&str, u64), RetryError> {
    let unknown = || RetryError::Unknown(id.to_owned());
    let (endpoint, position) = id.rsplit_once('/').ok_or_else(unknown)?;
    Ok((endpoint, position.parse().map_err(|_| unknown())?))
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
        since: browsed.headers.get(envelope::DEAD_SINCE).and_then(|time| time.parse().ok()).unwrap_or(browsed.enqueued),
        body: String::from_utf8_lossy(&browsed.body).into_owned(),
        headers: browsed.headers,
    }
}
