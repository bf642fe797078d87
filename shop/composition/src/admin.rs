//! What the organiser asks of all services together: dead letters, and the whole story of an order. Asks the services
//! through their own routes, as anyone would.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::{Json, Router};
use http::{HeaderMap, Request, StatusCode, header};
use messaging::dead_letters::{self, Confirmed, DeadLetter, RetryError};
use messaging::http::{Change, Class, Path, Problem, RouteEntry, Routes};
use messaging::{Service, Transport, TransportError};
use serde::Deserialize;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::running::Parts;

/// How many dead letters of one endpoint are shown at most.
const LETTERS_MAX: usize = 1_000;
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;

#[derive(Clone)]
struct Admin {
    transport: Arc<dyn Transport>,
    endpoints: Arc<Vec<Service>>,
    services: Router,
    inbox_retention: Duration,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Retry {
    #[serde(default)]
    confirmed: bool,
}

pub(crate) fn routes(parts: &Parts, endpoints: Vec<Service>, services: Router) -> (Router, Vec<RouteEntry>) {
    let admin = Admin {
        transport: Arc::clone(&parts.transport),
        endpoints: Arc::new(endpoints),
        services,
        inbox_retention: Duration::from_secs(parts.settings.inbox_retention_s),
    };
    Routes::new(parts.access.clone())
        .get("/dead-letters", Class::Organiser, list)
        .get("/dead-letters/{endpoint}/{position}", Class::Organiser, show)
        .post("/dead-letters/{endpoint}/{position}/retry", Class::Organiser, retry)
        .get("/orders/{id}", Class::Organiser, order_story)
        .finish(admin)
}

async fn list(State(admin): State<Admin>) -> Result<Json<Value>, Problem> {
    let mut found: Vec<DeadLetter> = Vec::new();
    for endpoint in admin.endpoints.iter() {
        found.extend(dead_letters::list(&*admin.transport, endpoint.name(), 0, LETTERS_MAX).await.map_err(|error| bus_trouble(&error))?);
    }
    Ok(Json(json!({ "dead_letters": found })))
}

async fn show(State(admin): State<Admin>, Path((endpoint, position)): Path<(String, u64)>) -> Result<Json<DeadLetter>, Problem> {
    dead_letters::show(&*admin.transport, &format!("{endpoint}/{position}")).await.map(Json).map_err(refusal)
}

async fn retry(
    State(admin): State<Admin>,
    Path((endpoint, position)): Path<(String, u64)>,
    change: Change<Option<Retry>>,
) -> Result<Json<Value>, Problem> {
    let Some(service) = admin.endpoints.iter().find(|service| service.name() == endpoint) else {
        return Err(Problem::not_found(format!("there is no endpoint `{endpoint}`")));
    };
    let confirmed = if change.body.unwrap_or_default().confirmed { Confirmed::Yes } else { Confirmed::No };
    let id = format!("{endpoint}/{position}");
    dead_letters::retry(&*admin.transport, &id, service.now(), admin.inbox_retention, confirmed).await.map_err(refusal)?;
    Ok(Json(json!({ "retried": id })))
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

/// Ordering's history, the attempts to pay, and the tickets.
async fn order_story(State(admin): State<Admin>, Path(id): Path<uuid::Uuid>, headers: HeaderMap) -> Result<Json<Value>, Problem> {
    let order = ask(&admin, &headers, &format!("/api/ordering/orders/{id}")).await?;
    let history = ask(&admin, &headers, &format!("/api/ordering/orders/{id}/history")).await?;
    let payments = ask(&admin, &headers, &format!("/api/payment/orders/{id}/payments")).await?;
    let tickets = ask(&admin, &headers, &format!("/api/box-office/orders/{id}/tickets")).await?;
    if order.0 == StatusCode::NOT_FOUND {
        return Err(Problem::not_found(format!("ordering knows no order `{id}`")));
    }
    Ok(Json(json!({ "id": id, "order": order.1, "history": history.1, "payments": payments.1, "tickets": tickets.1 })))
}

async fn ask(admin: &Admin, headers: &HeaderMap, path: &str) -> Result<(StatusCode, Value), Problem> {
    let mut request = Request::get(path);
    if let Some(key) = headers.get(header::AUTHORIZATION) {
        request = request.header(header::AUTHORIZATION, key);
    }
    let request = request.body(Body::empty()).map_err(|error| Problem::bad_request(error.to_string()))?;
    let answer = match admin.services.clone().oneshot(request).await {
        Ok(answer) => answer,
        Err(never) => match never {},
    };
    let status = answer.status();
    let unreadable = |_| Problem::unavailable("service-unavailable", 1, format!("`{path}` broke off its answer; try again"));
    let bytes = to_bytes(answer.into_body(), ANSWER_BYTES_MAX).await.map_err(unreadable)?;
    Ok((status, serde_json::from_slice(&bytes).unwrap_or(Value::Null)))
}
