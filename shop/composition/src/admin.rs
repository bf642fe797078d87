//! What the organiser asks of all services together: dead letters, how far copies are behind, and the whole story of an
//! order. Asks the services through their own routes where they have them, as anyone would.

mod copies;
mod letters;
mod story;

use std::sync::Arc;

use axum::{Json, Router};
use messaging::Service;
use messaging::http::{Class, RouteEntry, Routes};
use utoipa::OpenApi;

use crate::running::Parts;

/// What the routes share.
#[derive(Clone)]
struct Admin {
    endpoints: Arc<Vec<Service>>,
    /// The routes of all services, below `/api`.
    services: Router,
}

pub(crate) fn routes(parts: &Parts, endpoints: Vec<Service>, services: Router) -> (Router, Vec<RouteEntry>) {
    let admin = Admin { endpoints: Arc::new(endpoints), services };
    Routes::new(parts.access.clone())
        .get("/openapi.json", Class::Public, openapi)
        .get("/dead-letters", Class::Organiser, letters::list)
        .get("/dead-letters/{endpoint}/{position}", Class::Organiser, letters::show)
        .post("/dead-letters/{endpoint}/{position}/retry", Class::Organiser, letters::retry)
        .get("/copies", Class::Organiser, copies::show)
        .get("/orders/{id}", Class::Organiser, story::tell)
        .finish(admin)
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Administration",
        description = "What the organiser asks of all services together. Refusals are `application/problem+json` (RFC 9457) and say \
                       what is wrong and what to do. All routes need the organiser's key as `Authorization: Bearer KEY`."
    ),
    servers((url = "/api/admin")),
    paths(letters::list, letters::show, letters::retry, copies::show, story::tell)
)]
struct Document;

async fn openapi() -> Json<utoipa::openapi::OpenApi> {
    Json(Document::openapi())
}
