//! What the shop's door asks of every request before any route sees it: a body of bounded size, and an end in bounded
//! time.

use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use hosting::{Either, Outside, race};
use http::{StatusCode, header};
use http_body_util::BodyExt;
use messaging::http::Problem;

/// No route takes more.
const BODY_BYTES_MAX: u64 = 64 * 1024;
/// What is too large is read and thrown away up to here, so that its sender gets to see the answer.
const THROWN_AWAY_BYTES_MAX: u64 = 16 * 1024 * 1024;
const THROWN_AWAY_WITHIN: Duration = Duration::from_secs(5);
/// Includes the arrival of the body.
const REQUEST_WITHIN: Duration = Duration::from_secs(30);

/// The router behind the limits.
pub(crate) fn limited(router: Router, outside: &Outside) -> Router {
    let outside = outside.clone();
    router.layer(from_fn(move |request: Request, next: Next| {
        let outside = outside.clone();
        async move { within_limits(&outside, request, next).await }
    }))
}

async fn within_limits(outside: &Outside, request: Request, next: Next) -> Response {
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|bytes| bytes > BODY_BYTES_MAX) {
        race(throw_away(request), outside.clock.sleep(THROWN_AWAY_WITHIN)).await;
        return too_large().into_response();
    }
    match race(next.run(request), outside.clock.sleep(REQUEST_WITHIN)).await {
        Either::First(answer) => answer,
        Either::Second(()) => too_slow().into_response(),
    }
}

async fn throw_away(request: Request) {
    let mut body = request.into_body();
    let mut seen = 0;
    while let Some(Ok(frame)) = body.frame().await {
        seen += frame.data_ref().map_or(0, |data| data.len() as u64);
        if seen > THROWN_AWAY_BYTES_MAX {
            return;
        }
    }
}

fn too_large() -> Problem {
    let detail = format!("the body is larger than {BODY_BYTES_MAX} bytes; nothing was changed");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", detail)
}

fn too_slow() -> Problem {
    let seconds = REQUEST_WITHIN.as_secs();
    Problem::unavailable("too-slow", 1, format!("the request did not end within {seconds} s; look before you try again"))
}
