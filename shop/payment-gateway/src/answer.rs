//! An answer as it is kept, and how it reaches the caller: at once, late, or never.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use hosting::Clock;
use http_body_util::{Full, Limited};
use serde_json::Value;

/// Marks a response that its caller must never see: the connection is to be closed without an answer. The body of such
/// a response fails before its first byte, so that a real connection is closed by the server itself.
#[derive(Debug, Clone, Copy)]
pub struct DropConnection;

/// How an answer reaches the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    AtOnce,
    After(Duration),
    Never,
}

/// What a caller is told.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// A JSON document.
    pub(crate) body: String,
    pub(crate) delivery: Delivery,
    /// It was kept from an earlier request with the same idempotency key.
    pub(crate) replayed: bool,
}

impl Answer {
    pub(crate) fn new(status: StatusCode, body: &Value) -> Self {
        Self { status, body: body.to_string(), delivery: Delivery::AtOnce, replayed: false }
    }

    pub(crate) fn ok(body: &Value) -> Self {
        Self::new(StatusCode::OK, body)
    }

    pub(crate) fn delivered(mut self, delivery: Delivery) -> Self {
        self.delivery = delivery;
        self
    }

    pub(crate) async fn deliver(self, clock: &dyn Clock) -> Response {
        match self.delivery {
            Delivery::AtOnce => {}
            Delivery::After(wait) => clock.sleep(wait).await,
            Delivery::Never => return dropped(),
        }
        self.response()
    }

    pub(crate) fn response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.replayed {
            headers.insert(HeaderName::from_static("idempotent-replayed"), HeaderValue::from_static("true"));
        }
        response
    }
}

/// Two bytes where one is allowed: reading this body fails before anything is sent.
fn dropped() -> Response {
    let body = Limited::new(Full::new(Bytes::from_static(b"--")), 1);
    let mut response = Response::new(Body::new(body));
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response.extensions_mut().insert(DropConnection);
    response
}
