//! An order's whole story: how it stands, every decision about it, the attempts to pay it, its tickets, and what could not
//! be handled about it.

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use http::{HeaderMap, Request, StatusCode, header};
use messaging::http::{Path, Problem};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{Admin, letters};

const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How many pages of history or tickets are put together at most.
const PAGES_MAX: usize = 100;

/// The whole story of an order.
#[utoipa::path(get, path = "/orders/{id}", params(("id" = String, Path)), responses(
    (status = 200, body = Value, description = "`{id, order, history: {history}, payments: {payments}, tickets: {tickets}, dead_letters}`, as the services show them"),
    (status = 404), (status = 503)
))]
pub(super) async fn tell(State(admin): State<Admin>, Path(id): Path<uuid::Uuid>, headers: HeaderMap) -> Result<Json<Value>, Problem> {
    let Some(order) = ask(&admin, &headers, &format!("/api/ordering/orders/{id}")).await? else {
        return Err(Problem::not_found(format!("ordering knows no order `{id}`")));
    };
    let history = all_pages(&admin, &headers, &format!("/api/ordering/orders/{id}/history"), "history").await?;
    let payments = ask(&admin, &headers, &format!("/api/payment/orders/{id}/payments")).await?;
    let tickets = all_pages(&admin, &headers, &format!("/api/box-office/orders/{id}/tickets"), "tickets").await?;
    let payments = payments.unwrap_or_else(|| json!({ "payments": [] }));
    let dead_letters = letters::about(&admin, &id.to_string()).await?;
    Ok(Json(json!({
        "id": id,
        "order": order,
        "history": { "history": history },
        "payments": payments,
        "tickets": { "tickets": tickets },
        "dead_letters": dead_letters,
    })))
}

/// What the pages' `member` lists, put together; nothing where the service knows nothing of it.
async fn all_pages(admin: &Admin, headers: &HeaderMap, path: &str, member: &str) -> Result<Vec<Value>, Problem> {
    let mut found = Vec::new();
    let mut query = String::new();
    for _ in 0..PAGES_MAX {
        let Some(mut page) = ask(admin, headers, &format!("{path}{query}")).await? else { break };
        if let Value::Array(rows) = page[member].take() {
            found.extend(rows);
        }
        match page["next"].as_str() {
            Some(next) => query = format!("?after={next}"),
            None => break,
        }
    }
    Ok(found)
}

/// What a service answers to the same caller; nothing for 404.
async fn ask(admin: &Admin, headers: &HeaderMap, path: &str) -> Result<Option<Value>, Problem> {
    let mut request = Request::get(path);
    if let Some(key) = headers.get(header::AUTHORIZATION) {
        request = request.header(header::AUTHORIZATION, key);
    }
    let request = request.body(Body::empty()).map_err(|error| Problem::bad_request(error.to_string()))?;
    let answer = match admin.services.clone().oneshot(request).await {
        Ok(answer) => answer,
        Err(never) => match never {},
    };
    let unavailable = |why: &str| Problem::unavailable("service-unavailable", 1, format!("`{path}` {why}; try again"));
    match answer.status() {
        StatusCode::OK => {}
        StatusCode::NOT_FOUND => return Ok(None),
        status => return Err(unavailable(&format!("answered {status}"))),
    }
    let bytes = to_bytes(answer.into_body(), ANSWER_BYTES_MAX).await.map_err(|_| unavailable("broke off its answer"))?;
    serde_json::from_slice(&bytes).map(Some).map_err(|_| unavailable("answered what is no JSON"))
}
