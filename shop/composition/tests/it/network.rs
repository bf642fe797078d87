//! HTTP between the parts of one process: a router for each authority.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use bytes::Bytes;
use hosting::{BoxFuture, HttpClient, HttpError};
use http::{Request, Response};
use payment_gateway::DropConnection;
use tower::ServiceExt;

const ANSWER_BYTES_MAX: usize = 8 * 1024 * 1024;

#[derive(Default)]
pub(crate) struct Network {
    routers: Mutex<BTreeMap<String, Router>>,
}

impl Network {
    pub(crate) fn serve(&self, authority: &str, router: Router) {
        self.routers.lock().unwrap().insert(authority.to_owned(), router);
    }
}

impl HttpClient for Network {
    fn send(&self, request: Request<Bytes>, _timeout: Duration) -> BoxFuture<'_, Result<Response<Bytes>, HttpError>> {
        let authority = request.uri().authority().map_or("", |authority| authority.as_str());
        let router = self.routers.lock().unwrap().get(authority).cloned();
        Box::pin(async move {
            let Ok(response) = router.ok_or(HttpError::NotSent)?.oneshot(request.map(Body::from)).await;
            if response.extensions().get::<DropConnection>().is_some() {
                return Err(HttpError::ReplyLost);
            }
            let (parts, body) = response.into_parts();
            let bytes = to_bytes(body, ANSWER_BYTES_MAX).await.map_err(|_| HttpError::ReplyLost)?;
            Ok(Response::from_parts(parts, bytes))
        })
    }
}
