//! The service behind its HTTP door: its real router over a test endpoint.

use axum::Router;
use axum::body::Body;
use contracts::shopping_basket::{BasketChange, BasketEvent};
use http_body_util::BodyExt;
use messaging::TestEndpoint;
use messaging::feed::FeedSource;
use messaging::http::Access;
use serde_json::Value;
use tower::ServiceExt;

pub(crate) const ORGANISER: &str = "organiser-key";

pub(crate) struct Marketing {
    pub(crate) endpoint: TestEndpoint,
    runtime: tokio::runtime::Runtime,
    router: Router,
}

pub(crate) fn id<I: From<uuid::Uuid>>(number: u128) -> I {
    I::from(uuid::Uuid::from_u128(0x0192_30a2_5c1b_7e4d_8f3a_0000_0000_0000 + number))
}

impl Marketing {
    pub(crate) fn open() -> Self {
        let source = FeedSource { url: "http://shopping-basket.test".to_owned(), service_key: "service-key".to_owned() };
        let endpoint = TestEndpoint::new(marketing::endpoint(source));
        let access = Access { organiser_key: ORGANISER.into(), service_key: "service-key".into() };
        let (router, _) = marketing::routes(endpoint.service(), access);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        Self { endpoint, runtime, router }
    }

    pub(crate) fn learn(&mut self, basket: u128, change: BasketChange) {
        self.endpoint.learn(&BasketEvent { basket_id: id(basket), change }).unwrap();
    }

    pub(crate) fn add(&mut self, basket: u128, line: u128, event: u128) {
        self.learn(basket, BasketChange::LineAdded { line_id: id(line), event_id: id(event), ticket_type_id: id(9), quantity: 2 });
    }

    /// The figures at `path`, which the organiser may see.
    pub(crate) fn get(&self, path: &str) -> Value {
        let (status, body) = self.ask(path, Some(ORGANISER));
        assert_eq!(status, 200, "{body}");
        body
    }

    pub(crate) fn ask(&self, path: &str, key: Option<&str>) -> (u16, Value) {
        let request = axum::http::Request::get(path);
        let request = if let Some(key) = key { request.header("authorization", format!("Bearer {key}")) } else { request };
        let request = request.body(Body::empty()).unwrap();
        self.runtime.block_on(async {
            let response = self.router.clone().oneshot(request).await.unwrap();
            let status = response.status().as_u16();
            let bytes = response.into_body().collect().await.unwrap().to_bytes();
            (status, serde_json::from_slice(&bytes).unwrap())
        })
    }
}
