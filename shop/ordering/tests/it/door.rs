//! The service's HTTP door: its real router over a bound endpoint whose bus carries nothing.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use contracts::ordering::PlaceOrder;
use hosting::{BoxFuture, Health, HttpClient, HttpError};
use http_body_util::BodyExt;
use messaging::http::{Access, RouteEntry};
use messaging::{
    BatchResult, Browsed, Capabilities, Delivery, Headers, Lock, OutgoingMessage, Service, Settings, Settlement, Source, Topology,
    Transport, TransportError,
};
use ordering::order::Order;
use serde_json::Value;
use storage::{Database, Driver, Location, NoFaults, SqlError, params};
use tower::ServiceExt;

pub(crate) const ORGANISER: &str = "organiser-key";

pub(crate) struct Door {
    runtime: tokio::runtime::Runtime,
    service: Service,
    router: Router,
    pub(crate) table: Vec<RouteEntry>,
}

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<String>,
    pub(crate) body: Value,
}

impl Door {
    pub(crate) fn open(name: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let endpoint = ordering::endpoint();
        let location = Location::Memory(format!("ordering-door-{name}"));
        let db = Database::open(&location, Driver::Inline(Arc::new(NoFaults)), endpoint.all_migrations()).unwrap();
        let outside = hosting::real_outside(runtime.handle().clone(), Arc::new(Silence));
        let health = Health::default();
        let bound = endpoint.bind(outside, db, Arc::new(Silence), &health, Settings::default());
        let (service, _hosted) = runtime.block_on(bound).unwrap();
        let access = Access { organiser_key: ORGANISER.into(), service_key: "service-key".into() };
        let (router, table) = ordering::routes(service.clone(), access);
        Self { runtime, service, router, table }
    }

    /// Stores the order as its first message would.
    pub(crate) fn place(&self, msg: &PlaceOrder) {
        let (order, _) = Order::place(msg, None, msg.placed);
        let body = serde_json::to_string(&order).unwrap();
        let written = self.service.db().write_blocking(move |tx| {
            tx.execute(
                "INSERT INTO orders (order_id, version, basket_id, state, total_minor, currency, email, placed, body)
                 VALUES ($1, 1, $1, 'securing', 0, 'EUR', '', 0, $2)",
                params![order.order_id.to_uuid(), body],
            )
        });
        let written: Result<u64, storage::WriteError<SqlError>> = written;
        written.unwrap();
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
