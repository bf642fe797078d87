//! Dead letters of all endpoints: list them, look at one, have it tried again.

use axum::Json;
use axum::extract::State;
use messaging::dead_letters::{self, Confirmed, DeadLetter, RetryError};
use messaging::http::{Change, Path, Problem};
use messaging::{Service, TransportError};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Admin;

/// How many dead letters of one endpoint are shown at most.
const LETTERS_MAX: usize = 1_000;
/// How the place of a message begins that never left its endpoint.
const UNSENDABLE: &str = "unsendable-";

/// What is asked of a retry.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Retry {
    /// Also a message that is older than the inbox's retention, which may then be handled twice.
    #[serde(default)]
    confirmed: bool,
}

/// All dead letters, at most 1,000 of each endpoint, oldest first; after them those that never left it.
#[utoipa::path(get, path = "/dead-letters", responses((status = 200, body = Value, description =
    "`{\"dead_letters\": [{id, endpoint, message_id, kind, subject, reason, description, since, headers, body}]}`")))]
pub(super) async fn list(State(admin): State<Admin>) -> Result<Json<Value>, Problem> {
    let mut found: Vec<DeadLetter> = Vec::new();
    for endpoint in admin.endpoints.iter() {
        let queued = dead_letters::list(&*admin.transport, endpoint.name(), 0, LETTERS_MAX).await;
        found.extend(queued.map_err(|error| bus_trouble(&error))?);
        found.extend(dead_letters::unsendable(endpoint, LETTERS_MAX).await?);
    }
    Ok(Json(json!({ "dead_letters": found })))
}

/// One dead letter. Its id is `endpoint/position`.
#[utoipa::path(get, path = "/dead-letters/{endpoint}/{position}", params(("endpoint" = String, Path), ("position" = String, Path)),
    responses((status = 200, body = Value, description = "As in the list"), (status = 404)))]
pub(super) async fn show(
    State(admin): State<Admin>,
    Path((endpoint, position)): Path<(String, String)>,
) -> Result<Json<DeadLetter>, Problem> {
    let service = admin.endpoint(&endpoint)?;
    let id = format!("{endpoint}/{position}");
    if position.starts_with(UNSENDABLE) {
        let found = dead_letters::unsendable(service, LETTERS_MAX).await?.into_iter().find(|letter| letter.id == id);
        return found.map(Json).ok_or_else(|| refusal(RetryError::Unknown(id)));
    }
    dead_letters::show(&*admin.transport, &id).await.map(Json).map_err(refusal)
}

/// Sends a dead letter to its endpoint again.
#[utoipa::path(post, path = "/dead-letters/{endpoint}/{position}/retry", params(("endpoint" = String, Path), ("position" = String, Path)),
    request_body = Option<Retry>, responses((status = 200, body = Value, description = "`{\"retried\": id}`"), (status = 404),
    (status = 409, description = "`older-than-retention`: say `confirmed`; `unsendable`: it never left its endpoint")))]
pub(super) async fn retry(
    State(admin): State<Admin>,
    Path((endpoint, position)): Path<(String, String)>,
    change: Change<Option<Retry>>,
) -> Result<Json<Value>, Problem> {
    let service = admin.endpoint(&endpoint)?;
    let id = format!("{endpoint}/{position}");
    if position.starts_with(UNSENDABLE) {
        let known = dead_letters::unsendable(service, LETTERS_MAX).await?.iter().any(|letter| letter.id == id);
        let detail = format!("`{id}` could never be sent, and cannot be as it is; its description says why");
        return Err(if known { Problem::conflict("unsendable", detail) } else { refusal(RetryError::Unknown(id)) });
    }
    let confirmed = if change.body.unwrap_or_default().confirmed { Confirmed::Yes } else { Confirmed::No };
    dead_letters::retry(&*admin.transport, &id, service.now(), admin.inbox_retention, confirmed).await.map_err(refusal)?;
    Ok(Json(json!({ "retried": id })))
}

impl Admin {
    fn endpoint(&self, name: &str) -> Result<&Service, Problem> {
        let found = self.endpoints.iter().find(|service| service.name() == name);
        found.ok_or_else(|| Problem::not_found(format!("there is no endpoint `{name}`")))
    }
}

fn refusal(error: RetryError) -> Problem {
    match error {
        RetryError::Unknown(_) => Problem::not_found(error.to_string()),
        RetryError::TooOld(_) => Problem::conflict("older-than-retention", error.to_string()),
        RetryError::Transport(error) => bus_trouble(&error),
    }
}

fn bus_trouble(error: &TransportError) -> Problem {
    match error {
        TransportError::Missing(_) => Problem::not_found(error.to_string()),
        _ => Problem::unavailable("bus-unavailable", 1, error.to_string()),
    }
}
