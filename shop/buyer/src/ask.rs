//! One request, asked again for as long as the shop does not answer it.

use std::time::Duration;

use bytes::Bytes;
use hosting::{Outside, Timestamp};
use http::{Method, Request, StatusCode};
use serde_json::Value;

/// How long one attempt may take.
const ATTEMPT_MAX: Duration = Duration::from_secs(10);
const PAUSE_FIRST: Duration = Duration::from_millis(20);
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// Asks a shop and its gateway. Changes carry an idempotency key, the same on every attempt.
#[derive(Clone)]
pub struct Client {
    /// Time, keys and HTTP.
    pub outside: Outside,
    /// Where the shop is, such as `http://127.0.0.1:5000`.
    pub shop: String,
    /// How long a shop that does not answer is asked again.
    pub patience: Duration,
}

/// An answer that was no 503 and no lost connection.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Its status.
    pub status: StatusCode,
    /// Its JSON; `Null` where it was none.
    pub body: Value,
}

impl Asked {
    /// The problem's kind, where it is a problem document.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.body["type"].as_str().unwrap_or_default()
    }

    /// The problem's sentence, or the status.
    #[must_use]
    pub fn detail(&self) -> String {
        self.body["detail"].as_str().map_or_else(|| format!("the shop answered {}", self.status), str::to_owned)
    }
}

/// The shop did not answer for as long as the patience lasted.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{what}: no answer for {} s ({last})", patience.as_secs())]
pub struct Gave {
    /// What was asked.
    pub what: String,
    /// How long.
    pub patience: Duration,
    /// The last attempt's outcome.
    pub last: String,
}

impl Client {
    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.outside.clock.now()
    }

    /// Reads.
    ///
    /// # Errors
    /// If there was no answer in time.
    pub async fn get(&self, path: &str) -> Result<Asked, Gave> {
        self.ask(Method::GET, path, None, None).await
    }

    /// Changes, at most once however often it is asked.
    ///
    /// # Errors
    /// If there was no answer in time.
    pub async fn change(&self, method: Method, path: &str, body: &Value) -> Result<Asked, Gave> {
        let key = self.outside.entropy.secret().to_string();
        self.ask(method, path, Some(body), Some(key)).await
    }

    async fn ask(&self, method: Method, path: &str, body: Option<&Value>, key: Option<String>) -> Result<Asked, Gave> {
        let began = self.outside.clock.monotonic();
        let mut pause = PAUSE_FIRST;
        loop {
            let last = match self.attempt(&method, path, body, key.as_deref()).await {
                Ok(asked) if is_worth_waiting(&asked) => asked.detail(),
                Ok(asked) => return Ok(asked),
                Err(reason) => reason,
            };
            if self.outside.clock.monotonic() - began >= self.patience {
                return Err(Gave { what: format!("{method} {path}"), patience: self.patience, last });
            }
            self.outside.clock.sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    async fn attempt(&self, method: &Method, path: &str, body: Option<&Value>, key: Option<&str>) -> Result<Asked, String> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.shop)).header("accept", "application/json");
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let bytes = match body {
            None | Some(Value::Null) => Bytes::new(),
            Some(body) => {
                request = request.header("content-type", "application/json");
                Bytes::from(body.to_string())
            }
        };
        let request = request.body(bytes).map_err(|error| error.to_string())?;
        self.send(request).await
    }

    /// Sends a request as it is, once.
    pub(crate) async fn send(&self, request: Request<Bytes>) -> Result<Asked, String> {
        let answer = self.outside.http.send(request, ATTEMPT_MAX).await.map_err(|error| error.to_string())?;
        let body = serde_json::from_slice(answer.body()).unwrap_or(Value::Null);
        Ok(Asked { status: answer.status(), body })
    }
}

/// Not yet, or not now: a patient customer asks again.
fn is_worth_waiting(asked: &Asked) -> bool {
    asked.status.is_server_error() || asked.status == StatusCode::TOO_MANY_REQUESTS
}
