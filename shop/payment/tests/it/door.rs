//! The service's HTTP door: its real router over a test endpoint.

use axum::Router;
use axum::body::Body;
use http_body_util::BodyExt;
use messaging::TestEndpoint;
use messaging::http::Access;
use payment::{CardEntry, GatewayClient};
use serde_json::Value;
use tower::ServiceExt;

pub(crate) const ORGANISER: &str = "organiser-key";
pub(crate) const SERVICE: &str = "service-key";

pub(crate) struct Door {
    runtime: tokio::runtime::Runtime,
    router: Router,
    endpoint: TestEndpoint,
}

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Door {
    pub(crate) fn open() -> Self {
        let client = GatewayClient::new("http://gateway.test", "sk_test");
        let endpoint = TestEndpoint::new(payment::endpoint(client.clone()));
        let access = Access { organiser_key: ORGANISER.into(), service_key: SERVICE.into() };
        let card_entry = CardEntry { gateway_url: "http://gateway.test".into(), publishable_key: "pk_test".into() };
        let (router, _) = payment::routes(endpoint.service(), access, card_entry, client);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        Self { runtime, router, endpoint }
    }

    pub(crate) fn now(&self) -> hosting::Timestamp {
        self.endpoint.now()
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, None)
    }

    pub(crate) fn ask(&self, method: &str, path: &str, key: Option<&str>) -> Reply {
        self.send(method, path, key, Body::empty())
    }

    pub(crate) fn post(&self, path: &str, key: &str, body: &Value) -> Reply {
        self.send("POST", path, Some(key), Body::from(body.to_string()))
    }

    fn send(&self, method: &str, path: &str, key: Option<&str>, body: Body) -> Reply {
        let request = http::Request::builder().method(method).uri(path);
        let request = if let Some(key) = key { request.header("authorization", format!("Bearer {key}")) } else { request };
        let request = request.body(body).unwrap();
        self.runtime.block_on(async {
            let response = self.router.clone().oneshot(request).await.unwrap();
            let status = response.status().as_u16();
            let bytes = response.into_body().collect().await.unwrap().to_bytes();
            Reply { status, body: serde_json::from_slice(&bytes).unwrap() }
        })
    }
}
