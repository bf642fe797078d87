//! A refusal that a program and a person can act on: `application/problem+json` (RFC 9457).

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Map, Value};
use storage::{ReadError, SqlClass, SqlError};

use crate::error::chain;
use crate::{FailureClass, HandlerError};

/// A problem document. `kind` ends up as its `type`.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{status} {kind}: {detail}")]
pub struct Problem {
    status: StatusCode,
    kind: &'static str,
    detail: String,
    retry_after_s: Option<u32>,
    members: Map<String, Value>,
    is_lost_race: bool,
}

impl Problem {
    /// A problem of `status`; `kind` is a short fixed name such as `not-found`, `detail` says what is wrong, with
    /// which value, and what to do.
    pub fn new(status: StatusCode, kind: &'static str, detail: impl Into<String>) -> Self {
        Self { status, kind, detail: detail.into(), retry_after_s: None, members: Map::new(), is_lost_race: false }
    }

    /// 400: the request cannot be understood.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-request", detail)
    }

    /// 404: there is no such thing.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", detail)
    }

    /// 409: the state does not allow it.
    pub fn conflict(kind: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, kind, detail)
    }

    /// 422: understood, and against a rule.
    pub fn unprocessable(kind: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, kind, detail)
    }

    /// 503 with `Retry-After`: not now.
    pub fn unavailable(kind: &'static str, retry_after_s: u32, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, kind, detail).retry_after(retry_after_s)
    }

    /// Says when to try again, in seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// Adds a member to the document, for programs.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }

    /// Its HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// Its sentence.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut document = self.members;
        document.insert("type".to_owned(), self.kind.into());
        document.insert("title".to_owned(), self.kind.replace('-', " ").into());
        document.insert("status".to_owned(), self.status.as_u16().into());
        document.insert("detail".to_owned(), self.detail.into());
        let mut response = (self.status, Json(Value::Object(document))).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl Problem {
    /// 503: another writer was faster, again and again.
    pub(crate) fn lost_race() -> Self {
        let detail = "others change the same thing all the time; nothing was changed, try again";
        Self { is_lost_race: true, ..Self::unavailable("try-again", 1, detail) }
    }

    /// Whether running the same once more may help.
    pub(crate) fn is_lost_race(&self) -> bool {
        self.is_lost_race
    }

    pub(crate) fn stopping() -> Self {
        Self::unavailable("stopping", 1, "the service is stopping; try again")
    }

    /// 500: a mistake of ours. What it was stands in the log and nowhere else.
    pub(crate) fn mistake(error: &dyn std::error::Error) -> Self {
        tracing::error!(error = chain(error), "a request met a mistake of the service");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal-error", "the service made a mistake; nothing was changed")
    }
}

/// A failed statement, by what it means for the request: a lost race is run again by [`crate::Service::operation`]; trouble
/// of ours is 503, which health tells and the log once; anything else is a mistake of ours.
impl From<SqlError> for Problem {
    fn from(error: SqlError) -> Self {
        match error.class() {
            SqlClass::Conflict => Self::lost_race(),
            SqlClass::Environment => {
                Self::unavailable("storage-unavailable", 1, "the service's storage is in trouble; nothing was changed, try again")
            }
            SqlClass::Constraint(_) | SqlClass::NoRow | SqlClass::Other => Self::mistake(&error),
        }
    }
}

impl From<HandlerError> for Problem {
    fn from(error: HandlerError) -> Self {
        if let Some(statement) = std::error::Error::source(&error).and_then(|source| source.downcast_ref::<SqlError>()) {
            return statement.clone().into();
        }
        let not_now = |seconds| {
            tracing::warn!(error = chain(&error), "a request could not be carried out for now");
            Self::unavailable("try-again", seconds, "the service could not carry this out for now; nothing was changed, try again")
        };
        match error.class() {
            FailureClass::Permanent => Self::mistake(&error),
            FailureClass::Conflict => Self::lost_race(),
            FailureClass::RetryAfter(delay) => not_now(u32::try_from(delay.as_secs()).unwrap_or(u32::MAX).max(1)),
            FailureClass::Transient | FailureClass::Environment => not_now(1),
        }
    }
}

impl<E: Into<Problem>> From<ReadError<E>> for Problem {
    fn from(error: ReadError<E>) -> Self {
        match error {
            ReadError::Refused(error) => error.into(),
            ReadError::Failed(error) => error.into(),
            ReadError::Closed => Self::stopping(),
        }
    }
}
