//! The service's HTTP door: its real router over a test endpoint.

use axum::Router;
use axum::body::Body;
use contracts::ordering::PlaceOrder;
use http_body_util::BodyExt;
use messaging::TestEndpoint;
use messaging::http::Access;
use serde_json::Value;
use tower::ServiceExt;

pub(crate) const ORGANISER: &str = "organiser-key";

pub(crate) struct Door {
    runtime: tokio::runtime::Runtime,
    endpoint: TestEndpoint,
    router: Router,
}

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<String>,
    pub(crate) body: Value,
}

impl Door {
    pub(crate) fn open() -> Self {
        let endpoint = TestEndpoint::new(ordering::endpoint());
        let access = Access { organiser_key: ORGANISER.into(), service_key: "service-key".into() };
        let (router, _) = ordering::routes(endpoint.service(), access);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        Self { runtime, endpoint, router }
    }

    /// With that order placed.
    pub(crate) fn with(order: PlaceOrder) -> Self {
        let mut door = Self::open();
        door.endpoint.handle(order).unwrap();
        door
    }

    pub(crate) fn endpoint(&mut self) -> &mut TestEndpoint {
        &mut self.endpoint
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, &[], "")
    }

    pub(crate) fn post(&self, path: &str, body: &str) -> Reply {
        self.ask("POST", path, &[], body)
    }

    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let request =
            headers.iter().fold(http::Request::builder().method(method).uri(path), |request, (name, value)| request.header(*name, *value));
        let request = request.body(Body::from(body.to_owned())).unwrap();
        self.runtime.block_on(async {
            let response = self.router.clone().oneshot(request).await.unwrap();
            let status = response.status().as_u16();
            let retry_after = response.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
            let bytes = response.into_body().collect().await.unwrap().to_bytes();
            Reply { status, retry_after, body: serde_json::from_slice(&bytes).unwrap() }
        })
    }
}
