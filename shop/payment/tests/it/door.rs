//! The service's HTTP door: its real router over a bound endpoint whose bus carries nothing.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use hosting::{BoxFuture, Health, HttpClient, HttpError};
use http_body_util::BodyExt;
use messaging::http::{Access, RouteEntry};
use messaging::{
    BatchResult, Browsed, Capabilities, Delivery, Headers, Lock, OutgoingMessage, Settings, Settlement, Source, Topology, Transport,
    TransportError,
};
use payment::{CardEntry, GatewayClient};
use serde_json::Value;
use storage::{Database, Driver, Location, NoFaults};
use tower::ServiceExt;

pub(crate) const ORGANISER: &str = "organiser-key";

pub(crate) struct Door {
    runtime: tokio::runtime::Runtime,
    router: Router,
    pub(crate) table: Vec<RouteEntry>,
}

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Door {
    pub(crate) fn open(name: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let endpoint = payment::endpoint(GatewayClient::new("http://gateway.test", "sk_test"));
        let location = Location::Memory(format!("payment-door-{name}"));
        let db = Database::open(&location, Driver::Inline(Arc::new(NoFaults)), endpoint.all_migrations()).unwrap();
        let outside = hosting::real_outside(runtime.handle().clone(), Arc::new(Silence));
        let health = Health::default();
        let bound = endpoint.bind(outside, db, Arc::new(Silence), &health, Settings::default());
        let (service, _hosted) = runtime.block_on(bound).unwrap();
        let access = Access { organiser_key: ORGANISER.into(), service_key: "service-key".into() };
        let card_entry = CardEntry { gateway_url: "http://gateway.test".into(), publishable_key: "pk_test".into() };
        let (router, table) = payment::routes(service, access, card_entry);
        Self { runtime, router, table }
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, &[], "")
    }

    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let request =
            headers.iter().fold(http::Request::builder().method(method).uri(path), |request, (name, value)| request.header(*name, *value));
        let request = request.body(Body::from(body.to_owned())).unwrap();
        self.runtime.block_on(async {
            let response = self.router.clone().oneshot(request).await.unwrap();
            let status = response.status().as_u16();
            let bytes = response.into_body().collect().await.unwrap().to_bytes();
            Reply { status, body: serde_json::from_slice(&bytes).unwrap() }
        })
    }
}

/// Neither bus nor network.
struct Silence;

impl HttpClient for Silence {
    fn send(&self, _request: http::Request<Bytes>, _timeout: Duration) -> BoxFuture<'_, Result<http::Response<Bytes>, HttpError>> {
        Box::pin(async { Err(HttpError::NotSent) })
    }
}

impl Transport for Silence {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            body_bytes_max: 262_144,
            durable: false,
            competing: false,
            release_uncounted: true,
            max_hold: None,
            browse: false,
            replays_to_new_subscriber: false,
            multi_process: false,
        }
    }

    fn provision<'a>(&'a self, _topology: &'a Topology) -> BoxFuture<'a, Result<(), TransportError>> {
        Box::pin(async { Ok(()) })
    }

    fn send(&self, batch: Vec<OutgoingMessage>) -> BoxFuture<'_, BatchResult> {
        Box::pin(async move { Ok(batch.iter().map(|_| Ok(())).collect()) })
    }

    fn receive<'a>(&'a self, _source: &'a Source, _max: usize) -> BoxFuture<'a, Result<Vec<Delivery>, TransportError>> {
        Box::pin(std::future::pending())
    }

    fn settle(&self, _settlements: Vec<(Lock, Settlement)>) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async { Ok(()) })
    }

    fn renew(&self, _locks: Vec<Lock>) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async { Ok(()) })
    }

    fn browse<'a>(&'a self, _source: &'a Source, _position: u64, _max: usize) -> BoxFuture<'a, Result<Vec<Browsed>, TransportError>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn resubmit<'a>(&'a self, _endpoint: &'a str, _position: u64, _headers: Headers) -> BoxFuture<'a, Result<bool, TransportError>> {
        Box::pin(async { Ok(false) })
    }

    fn trouble(&self) -> Option<String> {
        None
    }
}
