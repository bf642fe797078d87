//! A catalog under test: its real router over a test endpoint.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http_body_util::BodyExt;
use messaging::TestEndpoint;
use messaging::http::{Access, RouteEntry};
use serde_json::{Value, json};
use tower::ServiceExt;

pub(crate) struct Shop {
    pub(crate) endpoint: TestEndpoint,
    router: Router,
    pub(crate) table: Vec<RouteEntry>,
    runtime: tokio::runtime::Runtime,
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) body: Value,
}

impl Shop {
    pub(crate) fn open() -> Self {
        let endpoint = TestEndpoint::new(event_catalog::endpoint());
        let access = Access { organiser_key: "organiser".into(), service_key: "service".into() };
        let (router, table) = event_catalog::routes(endpoint.service(), access);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        Self { endpoint, router, table, runtime }
    }

    /// A request with the organiser's key.
    pub(crate) fn ask(&mut self, method: &str, path: &str, body: &str) -> Reply {
        self.ask_with(method, path, body, &[("authorization", "Bearer organiser")])
    }

    pub(crate) fn ask_with(&mut self, method: &str, path: &str, body: &str, headers: &[(&str, &str)]) -> Reply {
        let request =
            headers.iter().fold(http::Request::builder().method(method).uri(path), |request, (name, value)| request.header(*name, *value));
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let reply = self.runtime.block_on(async {
            let response = self.router.clone().oneshot(request).await.unwrap();
            let status = response.status().as_u16();
            let content_type = response.headers().get("content-type").map_or_else(String::new, |value| value.to_str().unwrap().to_owned());
            let bytes = response.into_body().collect().await.unwrap().to_bytes();
            Reply { status, content_type, body: serde_json::from_slice(&bytes).unwrap() }
        });
        self.endpoint.advance(Duration::ZERO);
        reply
    }

    pub(crate) fn get(&mut self, path: &str) -> Reply {
        self.ask_with("GET", path, "", &[])
    }

    pub(crate) fn post(&mut self, path: &str, body: &Value) -> Reply {
        self.ask("POST", path, &body.to_string())
    }

    /// Enters an event with one ticket type, 100 places at 25.00 EUR; answers how it is shown.
    pub(crate) fn enter(&mut self, title: &str) -> Value {
        self.enter_in(title, "Berlin", "2027-03-14")
    }

    pub(crate) fn enter_in(&mut self, title: &str, city: &str, starts: &str) -> Value {
        let body = json!({"title": title, "city": city, "starts": starts, "capacity": 100, "price": "25.00"});
        let reply = self.post("/events", &body);
        assert_eq!(reply.status, 201, "{reply:?}");
        reply.body
    }
}
