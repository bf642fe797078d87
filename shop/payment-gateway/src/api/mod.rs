//! The routes: one file per kind of object, and what they share.

mod payment_intents;
mod payment_methods;
mod refunds;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::StatusCode;
use axum::routing::{get, post};
use serde_json::{Value, json};

use crate::BODY_BYTES_MAX;
use crate::answer::Answer;
use crate::card_entry;
use crate::error::{ApiError, shortened};
use crate::form::Form;
use crate::gateway::Gateway;
use crate::store::Stretch;

/// How many objects a page of a list may have.
const PAGE_MAX: i64 = 100;
/// How many it has unless told otherwise.
const PAGE: i64 = 10;

pub(crate) fn router(gateway: Gateway) -> Router {
    Router::new()
        .route("/v1/payment_methods", post(payment_methods::create))
        .route("/v1/payment_methods/{id}", get(payment_methods::retrieve))
        .route("/v1/payment_intents", post(payment_intents::create).get(payment_intents::list))
        .route("/v1/payment_intents/{id}", get(payment_intents::retrieve))
        .route("/v1/payment_intents/{id}/confirm", post(payment_intents::confirm))
        .route("/v1/payment_intents/{id}/cancel", post(payment_intents::cancel))
        .route("/v1/refunds", post(refunds::create).get(refunds::list))
        .route("/v1/refunds/{id}", get(refunds::retrieve))
        .route("/card-entry", get(card_entry::show).post(card_entry::take))
        .route("/card-entry.css", get(card_entry::style))
        .fallback(unknown_route)
        .method_not_allowed_fallback(unknown_method)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(gateway)
}

async fn unknown_route(request: Request) -> ApiError {
    let (method, path) = (request.method(), shortened(request.uri().path()));
    ApiError::invalid(format!("Unrecognized request URL ({method}: {path}).")).with_status(StatusCode::NOT_FOUND)
}

async fn unknown_method(request: Request) -> ApiError {
    let (method, path) = (shortened(request.method().as_str()), shortened(request.uri().path()));
    ApiError::invalid(format!("{path} does not take {method}.")).with_status(StatusCode::METHOD_NOT_ALLOWED)
}

/// Which page of a list is asked for.
#[derive(Debug, Clone)]
struct Page {
    limit: i64,
    starting_after: Option<String>,
}

impl Page {
    fn read(form: &mut Form) -> Result<Self, ApiError> {
        Ok(Self { limit: form.integer("limit", 1..=PAGE_MAX)?.unwrap_or(PAGE), starting_after: form.text("starting_after")? })
    }

    /// One more than is shown, to see whether there are more.
    fn stretch(&self) -> Stretch {
        Stretch { after: self.starting_after.clone(), count: self.limit + 1 }
    }

    /// The page as an answer; `found` is `None` if there is nothing to start after.
    fn answer(&self, object: &str, url: &str, found: Option<Vec<Value>>) -> Answer {
        let Some(mut data) = found else {
            let id = self.starting_after.as_deref().unwrap_or_default();
            return ApiError::names_missing(object, id).param("starting_after").answer();
        };
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let has_more = data.len() > limit;
        data.truncate(limit);
        Answer::ok(&json!({ "object": "list", "data": data, "has_more": has_more, "url": url }))
    }
}
