//! Stripe's error object and the statuses that go with it: what a caller did wrong, and what to do instead.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};

use crate::answer::Answer;

/// The kinds of errors that Stripe tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) enum Kind {
    #[serde(rename = "api_error")]
    Api,
    #[serde(rename = "card_error")]
    Card,
    #[serde(rename = "idempotency_error")]
    Idempotency,
    #[serde(rename = "invalid_request_error")]
    InvalidRequest,
}

/// An answer that says no.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ApiError {
    #[serde(skip)]
    pub(crate) status: StatusCode,
    #[serde(rename = "type")]
    kind: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) decline_code: Option<&'static str>,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    param: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) charge: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) payment_intent: Option<Box<Value>>,
}

impl ApiError {
    fn new(status: StatusCode, kind: Kind, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { status, kind, code: None, decline_code: None, message, param: None, charge: None, payment_intent: None }
    }

    /// 400: the request makes no sense as it is.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Kind::InvalidRequest, message)
    }

    /// 402: the card is the reason.
    pub(crate) fn card(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYMENT_REQUIRED, Kind::Card, message).code(code)
    }

    /// 404: the address names an object that is not there.
    pub(crate) fn missing(object: &str, id: &str) -> Self {
        let mut error = Self::names_missing(object, id).param("id");
        error.status = StatusCode::NOT_FOUND;
        error
    }

    /// 400: a parameter names an object that is not there. The caller adds which parameter.
    pub(crate) fn names_missing(object: &str, id: &str) -> Self {
        Self::invalid(format!("No such {object}: '{}'", shortened(id))).code("resource_missing")
    }

    pub(crate) fn no_key() -> Self {
        let message = "You did not provide an API key. Send it as a bearer token: 'Authorization: Bearer YOUR_KEY'.";
        Self::new(StatusCode::UNAUTHORIZED, Kind::InvalidRequest, message)
    }

    pub(crate) fn wrong_key() -> Self {
        let message = "Invalid API key provided. Use one of this account's keys.";
        Self::new(StatusCode::UNAUTHORIZED, Kind::InvalidRequest, message)
    }

    pub(crate) fn secret_key_required() -> Self {
        let message = "This API call cannot be made with a publishable API key. Use a secret API key.";
        Self::new(StatusCode::UNAUTHORIZED, Kind::InvalidRequest, message).code("secret_key_required")
    }

    pub(crate) fn other_parameters() -> Self {
        let message = "Keys for idempotent requests can only be used with the same route and parameters that they were first used with. \
                       Use another idempotency key.";
        Self::new(StatusCode::BAD_REQUEST, Kind::Idempotency, message)
    }

    pub(crate) fn in_progress() -> Self {
        let message = "There is currently another in-progress request using this idempotency key. Try again in a moment.";
        Self::new(StatusCode::CONFLICT, Kind::Idempotency, message).code("idempotency_key_in_use")
    }

    /// 500: it may or may not have happened.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, Kind::Api, message)
    }

    /// 503: it has not happened.
    pub(crate) fn unavailable() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, Kind::Api, "Nothing was changed; try again later.")
    }

    pub(crate) fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    pub(crate) fn code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    pub(crate) fn decline_code(mut self, code: &'static str) -> Self {
        self.decline_code = Some(code);
        self
    }

    pub(crate) fn param(mut self, name: impl AsRef<str>) -> Self {
        self.param = Some(shortened(name.as_ref()));
        self
    }

    pub(crate) fn charge(mut self, id: &str) -> Self {
        self.charge = Some(id.to_owned());
        self
    }

    pub(crate) fn payment_intent(mut self, object: Value) -> Self {
        self.payment_intent = Some(Box::new(object));
        self
    }

    /// As an answer that can be kept and repeated.
    pub(crate) fn answer(&self) -> Answer {
        Answer::new(self.status, &json!({ "error": self }))
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let unauthorized = self.status == StatusCode::UNAUTHORIZED;
        let mut response = self.answer().response();
        if unauthorized {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"payment gateway\""));
        }
        response
    }
}

/// What a caller sent, short enough to be sent back.
pub(crate) fn shortened(text: &str) -> String {
    const CHARS_MAX: usize = 80;
    match text.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
