//! Real HTTP: requests to other processes over a pool of connections. Tells apart what was never sent from what may
//! have been carried out.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use hosting::{BoxFuture, HttpClient, HttpError};

use crate::failure::{Failure, chain};

/// A larger answer is not read to its end.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// Shorter than any server keeps an idle connection, so that a request seldom meets one that is just being closed.
const IDLE_MAX: Duration = Duration::from_secs(5);

/// A pooled client. Follows no redirect and uses no proxy: it talks to the addresses it is given.
pub(crate) struct RealHttp {
    client: reqwest::Client,
}

impl RealHttp {
    /// # Errors
    /// If TLS cannot be set up.
    pub(crate) fn new() -> Result<Self, Failure> {
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT_WITHIN)
            .pool_idle_timeout(IDLE_MAX)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .user_agent(concat!("globoticket/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Failure::because("the HTTP client cannot be set up", &error))?;
        Ok(Self { client })
    }

    async fn exchange(&self, request: http::Request<Bytes>, timeout: Duration) -> Result<http::Response<Bytes>, HttpError> {
        let mut request = reqwest::Request::try_from(request).map_err(not_sent)?;
        *request.timeout_mut() = Some(timeout);
        let mut answer = self.client.execute(request).await.map_err(judge)?;
        let mut body = BytesMut::new();
        while let Some(chunk) = answer.chunk().await.map_err(reply_lost)? {
            if body.len() + chunk.len() > ANSWER_BYTES_MAX {
                tracing::warn!(bytes_max = ANSWER_BYTES_MAX, "an answer was too large to be read");
                return Err(HttpError::ReplyLost);
            }
            body.extend_from_slice(&chunk);
        }
        let mut response = http::Response::new(body.freeze());
        *response.status_mut() = answer.status();
        std::mem::swap(response.headers_mut(), answer.headers_mut());
        Ok(response)
    }
}

impl HttpClient for RealHttp {
    fn send(&self, request: http::Request<Bytes>, timeout: Duration) -> BoxFuture<'_, Result<http::Response<Bytes>, HttpError>> {
        Box::pin(self.exchange(request, timeout))
    }
}

/// Only a connection that never came about proves that nothing arrived.
fn judge(error: reqwest::Error) -> HttpError {
    if error.is_connect() || error.is_builder() { not_sent(error) } else { reply_lost(error) }
}

/// The address stays out of the log: it may hold a buyer's secret.
fn not_sent(error: reqwest::Error) -> HttpError {
    tracing::debug!(reason = chain(&error.without_url()), "a request was not sent");
    HttpError::NotSent
}

fn reply_lost(error: reqwest::Error) -> HttpError {
    tracing::debug!(reason = chain(&error.without_url()), "an answer was lost");
    HttpError::ReplyLost
}
