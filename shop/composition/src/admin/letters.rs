//! Dead letters of all endpoints: list them, look at one, have it tried again.

use axum::Json;
use axum::extract::State;
use messaging::Service;
use messaging::dead_letters::{self, Confirmed, DeadLetter, LetterError};
use messaging::http::{Change, Path, Problem, Query};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Admin;

/// How many dead letters are listed at once.
const PAGE_MAX: usize = 100;
/// How many pages of an endpoint's dead letters are looked through for one subject.
const PAGES_MAX: usize = 100;
/// How many bytes of envelopes and bodies are listed at once, unless a single letter has more.
const PAGE_BYTES_MAX: usize = 2 * 1024 * 1024;

/// What is asked of a list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Page {
    /// The `next` of the page before.
    after: Option<String>,
}

/// Some of the dead letters.
#[derive(Debug, Default, Serialize)]
pub(super) struct Letters {
    dead_letters: Vec<DeadLetter>,
    /// Ask with it as `after` for those that follow; none means that there are no more.
    next: Option<String>,
}

/// What is asked of a retry.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Retry {
    /// Also a message that is older than the inbox's retention, which may then be handled twice.
    #[serde(default)]
    confirmed: bool,
}

/// Dead letters of one endpoint after the other, oldest first, and behind those of each the messages that it could
/// never send; at most 100 at once.
#[utoipa::path(get, path = "/dead-letters", params(Page), responses((status = 200, body = Value, description =
    "`{\"dead_letters\": [{id, endpoint, message_id, kind, subject, reason, description, since, headers, body}], \"next\"}`"), (status = 404)))]
pub(super) async fn list(State(admin): State<Admin>, Query(page): Query<Page>) -> Result<Json<Letters>, Problem> {
    let mut after = page.after;
    let first = match &after {
        Some(id) => admin.endpoint(id)?.0,
        None => 0,
    };
    let (mut found, mut bytes) = (Letters::default(), 0);
    for endpoint in admin.endpoints.iter().skip(first) {
        loop {
            let some = dead_letters::list(endpoint, after.as_deref(), PAGE_MAX).await.map_err(refusal)?;
            if some.is_empty() {
                break;
            }
            for letter in some {
                bytes += size(&letter);
                if !found.dead_letters.is_empty() && (found.dead_letters.len() == PAGE_MAX || bytes > PAGE_BYTES_MAX) {
                    found.next = after;
                    return Ok(Json(found));
                }
                after = Some(letter.id.clone());
                found.dead_letters.push(letter);
            }
        }
        after = None;
    }
    Ok(Json(found))
}

/// One dead letter. Its id is `endpoint/position`.
#[utoipa::path(get, path = "/dead-letters/{endpoint}/{position}", params(("endpoint" = String, Path), ("position" = String, Path)),
    responses((status = 200, body = Value, description = "As in the list"), (status = 404)))]
pub(super) async fn show(
    State(admin): State<Admin>,
    Path((endpoint, position)): Path<(String, String)>,
) -> Result<Json<DeadLetter>, Problem> {
    let id = format!("{endpoint}/{position}");
    let (_, service) = admin.endpoint(&id)?;
    dead_letters::show(service, &id).await.map(Json).map_err(refusal)
}

/// Sends a dead letter to its endpoint again, or has a message sent that could not be.
#[utoipa::path(post, path = "/dead-letters/{endpoint}/{position}/retry", params(("endpoint" = String, Path), ("position" = String, Path)),
    request_body = Option<Retry>, responses((status = 200, body = Value, description = "`{\"retried\": id}`"), (status = 404),
    (status = 409, description = "`older-than-retention`: say `confirmed`"), (status = 503)))]
pub(super) async fn retry(
    State(admin): State<Admin>,
    Path((endpoint, position)): Path<(String, String)>,
    change: Change<Option<Retry>>,
) -> Result<Json<Value>, Problem> {
    let id = format!("{endpoint}/{position}");
    let (_, service) = admin.endpoint(&id)?;
    let confirmed = if change.body.unwrap_or_default().confirmed { Confirmed::Yes } else { Confirmed::No };
    dead_letters::retry(service, &id, confirmed).await.map_err(refusal)?;
    Ok(Json(json!({ "retried": id })))
}

/// The dead letters of all endpoints that are about `subject`, such as an order's id, oldest first at each. Of an endpoint
/// with very many, the oldest are looked through.
pub(super) async fn about(admin: &Admin, subject: &str) -> Result<Vec<DeadLetter>, Problem> {
    let mut found = Vec::new();
    for endpoint in admin.endpoints.iter() {
        let mut after: Option<String> = None;
        for _ in 0..PAGES_MAX {
            let some = dead_letters::list(endpoint, after.as_deref(), PAGE_MAX).await.map_err(refusal)?;
            let Some(last) = some.last() else { break };
            after = Some(last.id.clone());
            found.extend(some.into_iter().filter(|letter| letter.subject.as_deref() == Some(subject)));
        }
    }
    Ok(found)
}

impl Admin {
    /// The endpoint of a dead letter's id, and which one it is.
    fn endpoint(&self, id: &str) -> Result<(usize, &Service), Problem> {
        let name = id.split_once('/').map_or(id, |(name, _)| name);
        let found = self.endpoints.iter().enumerate().find(|(_, service)| service.name() == name);
        found.ok_or_else(|| {
            let names: Vec<&str> = self.endpoints.iter().map(Service::name).collect();
            Problem::not_found(format!("there is no endpoint `{name}`; there are {}", names.join(", ")))
        })
    }
}

fn size(letter: &DeadLetter) -> usize {
    letter.body.len() + letter.description.len() + letter.headers.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>()
}

fn refusal(error: LetterError) -> Problem {
    match error {
        LetterError::Unknown(_) => Problem::not_found(error.to_string()),
        LetterError::TooOld(_) => Problem::conflict("older-than-retention", error.to_string()),
        LetterError::Transport(_) => Problem::unavailable("bus-unavailable", 1, error.to_string()),
        LetterError::Database { .. } => Problem::unavailable("storage-unavailable", 1, error.to_string()),
    }
}
