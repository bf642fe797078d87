//! A service under test, as HTTP handlers hold on to it: on the database and the clock of a [`TestEndpoint`].

use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize};
use std::sync::{Arc, Mutex};

use hosting::{BoxFuture, Health, stop_pair};
use tokio::sync::Notify;

use crate::counts::Counters;
use crate::service::{Inner, Settings};
use crate::troubles::Troubles;
use crate::{
    BatchResult, Browsed, Capabilities, Delivery, Headers, Lock, OutgoingMessage, Service, Settlement, Source, TestEndpoint, Topology,
    Transport, TransportError,
};

impl TestEndpoint {
    /// A handle for routers under test. What its operations send stays in the outbox until the test endpoint is next
    /// told something, for example [`TestEndpoint::advance`] by nothing.
    #[must_use]
    pub fn service(&self) -> Service {
        let steps = Arc::clone(self.steps());
        let (waits, stopping) = stop_pair();
        let inner = Inner {
            outside: steps.surroundings.outside.clone(),
            calls: std::collections::BTreeMap::new(),
            db: self.db().clone(),
            transport: Arc::new(Silence),
            settings: Settings::default(),
            dispatch: Notify::new(),
            begun: Mutex::default(),
            under_way: AtomicUsize::new(0),
            call: Notify::new(),
            appended: Notify::new(),
            waits,
            stopping,
            backlog: AtomicU64::new(0),
            troubles: Troubles::new(steps.name(), Health::default().component("test")),
            counters: Counters::default(),
            clock_last: AtomicI64::new(i64::MIN),
            steps,
        };
        Service { inner: Arc::new(inner) }
    }
}

/// A bus that nobody speaks on.
struct Silence;

impl Transport for Silence {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            body_bytes_max: 256 * 1024,
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
        Box::pin(std::future::ready(Ok(())))
    }

    fn send(&self, _batch: Vec<OutgoingMessage>) -> BoxFuture<'_, BatchResult> {
        Box::pin(std::future::ready(Err(TransportError::Disconnected("a test endpoint has no bus".to_owned()))))
    }

    fn receive<'a>(&'a self, _source: &'a Source, _max: usize) -> BoxFuture<'a, Result<Vec<Delivery>, TransportError>> {
        Box::pin(std::future::pending())
    }

    fn settle(&self, _settlements: Vec<(Lock, Settlement)>) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn renew(&self, _locks: Vec<Lock>) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn browse<'a>(&'a self, _source: &'a Source, _position: u64, _max: usize) -> BoxFuture<'a, Result<Vec<Browsed>, TransportError>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    fn resubmit<'a>(&'a self, _endpoint: &'a str, _position: u64, _headers: Headers) -> BoxFuture<'a, Result<bool, TransportError>> {
        Box::pin(std::future::ready(Ok(false)))
    }

    fn trouble(&self) -> Option<String> {
        None
    }
}
