//! What a changing request asks for: its JSON body, and the key under which a repetition is recognised (rule R32).

use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use http::StatusCode;
use http::request::Parts;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::extract::asked_path;
use super::misfit::read_body;
use super::{Class, Problem};

/// The largest body of a change, in bytes.
const BODY_BYTES_MAX: usize = 64 * 1024;
const KEY_BYTES_MAX: usize = 128;
/// The shortest key where nothing else tells callers apart: who guesses it is given the other's answer.
const LONE_KEY_BYTES_MIN: usize = 16;

/// Under which key an operation is carried out at most once.
#[derive(Debug, Clone)]
pub struct OperationKey {
    /// Method, path (with the secret in it) and caller; keys of different scopes have nothing to do with each other.
    pub(crate) scope: String,
    /// The client's `Idempotency-Key`, if it sent one.
    pub(crate) key: Option<String>,
    /// SHA-256 over the body.
    pub(crate) fingerprint: [u8; 32],
    /// The trace that the request belongs to, which what it sends goes on with.
    pub(crate) trace_parent: Option<String>,
}

impl OperationKey {
    /// The key of an operation that did not come over HTTP: start-up, command line.
    #[must_use]
    pub fn internal(scope: &str, key: Option<String>, fingerprint: &[u8]) -> Self {
        Self { scope: format!("internal {scope}"), key, fingerprint: Sha256::digest(fingerprint).into(), trace_parent: None }
    }
}

/// Extracts a change: a body of at most 64 KiB, which is a JSON object or `null` (as which an empty one counts), and the
/// operation's key, of 1 to 128 printable characters. On [`Class::Public`] routes, and outside of [`super::Routes`], only
/// the key tells callers apart: there one of fewer than 16 characters is refused.
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
        let caller = parts.headers.get(http::header::AUTHORIZATION).map_or(&[][..], |value| value.as_bytes());
        let place = Sha256::new().chain_update(asked_path(&parts.extensions, &parts.uri)).chain_update([0]).chain_update(caller);
        let scope = format!("{} {:x?}", parts.method, place.finalize());
        let key = client_key(&parts)?;
        let bytes = to_bytes(body, BODY_BYTES_MAX).await.map_err(|_| {
            let detail = format!("the body is larger than {BODY_BYTES_MAX} bytes, or broke off");
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", detail)
        })?;
        let body = read_body(&bytes).map_err(Problem::bad_request)?;
        let trace_parent = trace_parent(&parts);
        Ok(Self { key: OperationKey { scope, key, fingerprint: Sha256::digest(&bytes).into(), trace_parent }, body })
    }
}

/// W3C `traceparent`, as far as it has the form of its version 00.
fn trace_parent(parts: &Parts) -> Option<String> {
    let found = parts.headers.get("traceparent")?.to_str().ok()?;
    let is_hex = |part: &str| part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let lengths: Vec<usize> = found.split('-').map(str::len).collect();
    (lengths == [2, 32, 16, 2] && found.split('-').all(is_hex)).then(|| found.to_owned())
}

fn client_key(parts: &Parts) -> Result<Option<String>, Problem> {
    let Some(key) = parts.headers.get("idempotency-key") else { return Ok(None) };
    let key = key.to_str().ok().filter(|key| (1..=KEY_BYTES_MAX).contains(&key.len()));
    let Some(key) = key else {
        return Err(Problem::bad_request(format!("`Idempotency-Key` must have 1 to {KEY_BYTES_MAX} printable characters")));
    };
    let is_alone = parts.extensions.get::<Class>().is_none_or(|class| *class == Class::Public);
    if is_alone && key.len() < LONE_KEY_BYTES_MIN {
        let detail =
            format!("`Idempotency-Key` must have at least {LONE_KEY_BYTES_MIN} characters here and be hard to guess, such as a UUID");
        return Err(Problem::bad_request(detail));
    }
    Ok(Some(key.to_owned()))
}
