//! What a changing request asks for: its JSON body, and the key under which a repetition is recognised (rule R32).

use axum::body::to_bytes;
use axum::extract::{FromRequest, MatchedPath, Request};
use http::StatusCode;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::Problem;

/// The largest body of a change, in bytes.
const BODY_BYTES_MAX: usize = 64 * 1024;
const KEY_BYTES_MAX: usize = 128;

/// Under which key an operation is carried out at most once.
#[derive(Debug, Clone)]
pub struct OperationKey {
    /// Route and caller; keys of different scopes have nothing to do with each other.
    pub(crate) scope: String,
    /// The client's `Idempotency-Key`, if it sent one.
    pub(crate) key: Option<String>,
    /// SHA-256 over path and body.
    pub(crate) fingerprint: [u8; 32],
}

impl OperationKey {
    /// The key of an operation that did not come over HTTP: start-up, command line.
    #[must_use]
    pub fn internal(scope: &str, key: Option<String>, fingerprint: &[u8]) -> Self {
        Self { scope: format!("internal {scope}"), key, fingerprint: Sha256::digest(fingerprint).into() }
    }
}

/// Extracts a change: a body of at most 64 KiB read as JSON (an empty one as `null`), and the operation's key.
#[derive(Debug)]
pub struct Change<T> {
    /// For [`crate::Service::operation`].
    pub key: OperationKey,
    /// What is asked for.
    pub body: T,
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Change<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let route = parts.extensions.get::<MatchedPath>().map_or_else(|| parts.uri.path().to_owned(), |path| path.as_str().to_owned());
        let caller = parts.headers.get(http::header::AUTHORIZATION).map_or(&[][..], |value| value.as_bytes());
        let scope = format!("{} {route} {:x?}", parts.method, &Sha256::digest(caller)[..8]);
        let key = match parts.headers.get("idempotency-key").map(|value| value.to_str()) {
            None => None,
            Some(Ok(key)) if (1..=KEY_BYTES_MAX).contains(&key.len()) => Some(key.to_owned()),
            Some(_) => return Err(Problem::bad_request(format!("`Idempotency-Key` must have 1 to {KEY_BYTES_MAX} printable characters"))),
        };
        let bytes = to_bytes(body, BODY_BYTES_MAX).await.map_err(|_| {
            let detail = format!("the body is larger than {BODY_BYTES_MAX} bytes, or broke off");
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", detail)
        })?;
        let mut hash = Sha256::new();
        hash.update(parts.uri.path());
        hash.update([0]);
        hash.update(&bytes);
        let json: &[u8] = if bytes.is_empty() { b"null" } else { &bytes };
        let body =
            serde_json::from_slice(json).map_err(|error| Problem::bad_request(format!("the body is not what this asks for: {error}")))?;
        Ok(Self { key: OperationKey { scope, key, fingerprint: hash.finalize().into() }, body })
    }
}
