//! How services of one process reach each other's HTTP API: through the router, without a socket. Everything else goes out
//! as it would have.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use hosting::{BoxFuture, Clock, Either, HttpClient, HttpError, Outside, race};
use http::uri::Uri;
use http::{Request, Response};
use tokio::sync::watch;
use tower::ServiceExt as _;

use crate::services::ServiceName;

/// The largest answer that is passed on, in bytes.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Where a service of the same process is: below its own path, as from outside.
pub(crate) fn url(name: ServiceName) -> String {
    format!("http://{}/api/{name}", name.authority())
}

/// An HTTP client that knows the services of its process.
pub(crate) struct InProcess {
    others: Arc<dyn HttpClient>,
    clock: Arc<dyn Clock>,
    router: watch::Sender<Option<Router>>,
}

impl InProcess {
    /// Services cannot be reached yet; who asks before [`InProcess::open`] waits for it.
    pub(crate) fn around(outside: &Outside) -> Arc<Self> {
        let (others, clock) = (Arc::clone(&outside.http), Arc::clone(&outside.clock));
        Arc::new(Self { others, clock, router: watch::Sender::new(None) })
    }

    pub(crate) fn open(&self, router: Router) {
        self.router.send_replace(Some(router));
    }

    async fn ask(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let mut opened = self.router.subscribe();
        let router = opened.wait_for(Option::is_some).await.map_err(|_| HttpError::NotSent)?.clone().ok_or(HttpError::NotSent)?;
        let (mut parts, body) = request.into_parts();
        let path = parts.uri.path_and_query().cloned().ok_or(HttpError::NotSent)?;
        parts.uri = Uri::from(path);
        let response = match router.oneshot(Request::from_parts(parts, Body::from(body))).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, ANSWER_BYTES_MAX).await.map_err(|_| HttpError::ReplyLost)?;
        Ok(Response::from_parts(parts, bytes))
    }
}

impl HttpClient for InProcess {
    fn send(&self, request: Request<Bytes>, timeout: Duration) -> BoxFuture<'_, Result<Response<Bytes>, HttpError>> {
        let authority = request.uri().authority().map(|authority| authority.as_str());
        if !ServiceName::ALL.iter().any(|name| authority == Some(name.authority().as_str())) {
            return self.others.send(request, timeout);
        }
        Box::pin(async move {
            match race(self.ask(request), self.clock.sleep(timeout)).await {
                Either::First(answer) => answer,
                Either::Second(()) => Err(HttpError::ReplyLost),
            }
        })
    }
}
