//! The gateway as a whole: what it is made of, who may call it, and how a change is carried out once.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use hmac::{Hmac, KeyInit};
use hosting::{Outside, Timestamp};
use sha2::{Digest, Sha256};
use storage::{Database, ReadError, Tx, WriteError};

use crate::answer::Answer;
use crate::error::ApiError;
use crate::idempotency::{self, Once};
use crate::{api, store};

/// The keys that callers show as `Authorization: Bearer …`. The two must differ.
#[derive(Clone)]
pub struct Keys {
    /// Opens every route; for servers.
    pub secret: String,
    /// Opens only the making of payment methods; for browsers, so it is no secret.
    pub publishable: String,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").finish_non_exhaustive()
    }
}

/// Which key a caller has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Secret,
    Publishable,
}

impl Access {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Publishable => "publishable",
        }
    }
}

/// The payment gateway. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Gateway {
    parts: Arc<Parts>,
}

struct Parts {
    outside: Outside,
    database: Database,
    secret: [u8; 32],
    publishable: [u8; 32],
    /// Made with the secret key.
    links: Hmac<Sha256>,
}

impl Gateway {
    /// A gateway over a database that was opened with [`crate::MIGRATIONS`].
    #[must_use]
    pub fn new(outside: Outside, database: Database, keys: &Keys) -> Self {
        let (secret, publishable) = (digest(&keys.secret), digest(&keys.publishable));
        let links = link_key(&keys.secret);
        Self { parts: Arc::new(Parts { outside, database, secret, publishable, links }) }
    }

    /// Everything under `/v1` and the page under `/card-entry`, to be served on a port of its own. A response with the extension
    /// [`crate::DropConnection`] never reaches its caller: its body fails before the first byte, on which hyper closes
    /// the connection; who calls the router in process takes the extension as *reply lost*.
    pub fn router(&self) -> Router {
        api::router(self.clone())
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.parts.outside.clock.now()
    }

    /// What links to the page for cards are signed with.
    pub(crate) fn links(&self) -> Hmac<Sha256> {
        self.parts.links.clone()
    }

    /// A fresh id such as `pi_0190…`: unique, in order of making.
    pub(crate) fn id(&self, prefix: &str, now: Timestamp) -> String {
        format!("{prefix}_{}", self.parts.outside.ids.next(now).simple())
    }

    /// A fresh id that nobody can guess.
    pub(crate) fn secret_id(&self, prefix: &str) -> String {
        format!("{prefix}_{}", self.parts.outside.entropy.secret().simple())
    }

    /// Which key the caller shows. Keys are compared by their hashes, so that timing tells nothing about them.
    pub(crate) fn authenticate(&self, headers: &HeaderMap) -> Result<Access, ApiError> {
        let shown = headers.get(header::AUTHORIZATION).ok_or_else(ApiError::no_key)?;
        let key = shown.to_str().ok().and_then(bearer).ok_or_else(ApiError::no_key)?;
        let key = digest(key);
        if key == self.parts.secret {
            Ok(Access::Secret)
        } else if key == self.parts.publishable {
            Ok(Access::Publishable)
        } else {
            Err(ApiError::wrong_key())
        }
    }

    /// Carries out `work` in one transaction, together with keeping its answer for repeats, and answers as the card
    /// behind it wants: at once, late, or not at all. The change is committed before any wait.
    pub(crate) async fn change<F>(&self, now: Timestamp, once: Option<Once>, work: F) -> Response
    where
        F: Fn(&mut Tx<'_>) -> Result<Answer, store::Error> + Send + 'static,
    {
        let done = self.parts.database.write(move |tx| idempotency::once(tx, now, once.as_ref(), &work)).await;
        match done {
            Ok(answer) => answer.deliver(&*self.parts.outside.clock).await,
            Err(error) => failed_write(&error).into_response(),
        }
    }

    /// Answers from one read transaction.
    pub(crate) async fn look<F>(&self, work: F) -> Response
    where
        F: FnOnce(&mut Tx<'_>) -> Result<Answer, store::Error> + Send + 'static,
    {
        match self.parts.database.read(work).await {
            Ok(answer) => answer.deliver(&*self.parts.outside.clock).await,
            Err(error) => failed_read(&error).into_response(),
        }
    }
}

fn digest(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}

#[expect(clippy::expect_used, reason = "invariant")]
fn link_key(secret: &str) -> Hmac<Sha256> {
    Hmac::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length")
}

fn bearer(header: &str) -> Option<&str> {
    let (scheme, key) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

fn failed_write(error: &WriteError<store::Error>) -> ApiError {
    tracing::error!(error = error as &dyn std::error::Error, "the payment gateway could not write");
    match error {
        WriteError::Refused(_) => ApiError::internal("Something went wrong on our side. Nothing was changed."),
        WriteError::InDoubt(_) => ApiError::internal("The outcome is not known; retrieve the object before you try again."),
        WriteError::NotCommitted(_) | WriteError::Closed => ApiError::unavailable(),
    }
}

fn failed_read(error: &ReadError<store::Error>) -> ApiError {
    tracing::error!(error = error as &dyn std::error::Error, "the payment gateway could not read");
    ApiError::unavailable()
}
