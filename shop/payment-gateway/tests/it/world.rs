//! A gateway in memory, on a clock that only tests move, with verbs of a caller.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use hosting::{BoxFuture, Clock, Entropy, HttpClient, HttpError, Ids, Outside, Protections, Spawner, TaskEnd, Timestamp};
use http::{HeaderMap, Request, Response};
use payment_gateway::{DropConnection, Gateway, Keys, MIGRATIONS, audit};
use serde_json::Value;
use storage::{CommitFault, CommitHook, Database, Driver, Location};
use tower::ServiceExt;
use uuid::Uuid;

pub(crate) const SECRET: &str = "sk_test_globoticket";
pub(crate) const PUBLISHABLE: &str = "pk_test_globoticket";

pub(crate) struct TestClock {
    now: Mutex<Timestamp>,
    slept: Mutex<Vec<Duration>>,
    stalled: AtomicBool,
}

impl TestClock {
    pub(crate) fn advance(&self, duration: Duration) {
        let mut now = self.now.lock().unwrap();
        *now = now.plus(duration);
    }

    pub(crate) fn turn_back(&self, duration: Duration) {
        let mut now = self.now.lock().unwrap();
        *now = now.minus(duration);
    }

    /// From now on no sleep ends.
    pub(crate) fn stall(&self) {
        self.stalled.store(true, Ordering::Relaxed);
    }

    pub(crate) fn slept(&self) -> Vec<Duration> {
        self.slept.lock().unwrap().clone()
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.slept.lock().unwrap().push(duration);
        if self.stalled.load(Ordering::Relaxed) { Box::pin(std::future::pending()) } else { Box::pin(std::future::ready(())) }
    }
}

/// Parameters of a request, not yet encoded.
pub(crate) type Fields<'a> = &'a [(&'a str, &'a str)];

/// Ids and randomness that count.
#[derive(Default)]
struct Counter(AtomicU64);

impl Ids for Counter {
    fn next(&self, _now: Timestamp) -> Uuid {
        Uuid::from_u128(u128::from(self.0.fetch_add(1, Ordering::Relaxed)))
    }
}

impl Entropy for Counter {
    fn fill(&self, bytes: &mut [u8]) {
        let number = self.0.fetch_add(1, Ordering::Relaxed).to_le_bytes();
        bytes.iter_mut().zip(number.iter().cycle()).for_each(|(byte, next)| *byte = *next);
    }
}

/// The gateway calls nobody and spawns nothing.
struct Nothing;

impl Spawner for Nothing {
    fn spawn(&self, name: &str, _task: BoxFuture<'static, ()>) -> BoxFuture<'static, TaskEnd> {
        panic!("nobody expected the task {name}")
    }
}

impl HttpClient for Nothing {
    fn send(&self, _request: Request<Bytes>, _timeout: Duration) -> BoxFuture<'_, Result<Response<Bytes>, HttpError>> {
        Box::pin(std::future::ready(Err(HttpError::NotSent)))
    }
}

/// Lets one commit fail.
#[derive(Default)]
struct NextCommit(Mutex<Option<CommitFault>>);

impl CommitHook for NextCommit {
    fn before_commit(&self, _database: &str) -> Result<(), CommitFault> {
        self.0.lock().unwrap().take().map_or(Ok(()), Err)
    }

    fn after_commit(&self, _database: &str) {}
}

pub(crate) struct TestGateway {
    next_commit: Arc<NextCommit>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) gateway: Gateway,
    database: Database,
}

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) replayed: bool,
    pub(crate) dropped: bool,
    headers: HeaderMap,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The body as a page.
    pub(crate) fn html(&self) -> &str {
        self.body.as_str().unwrap()
    }

    /// The part of the body under a JSON pointer, as text.
    pub(crate) fn text(&self, pointer: &str) -> String {
        match self.body.pointer(pointer) {
            Some(Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
            None => String::new(),
        }
    }

    pub(crate) fn id(&self) -> String {
        assert_eq!(self.status, 200, "{}", self.body);
        self.text("/id")
    }

    /// Status, type and code of an error.
    pub(crate) fn error(&self) -> (u16, String, String) {
        (self.status, self.text("/error/type"), self.text("/error/code"))
    }

    /// The ids on a page of a list, and whether there are more.
    pub(crate) fn page(&self) -> (Vec<String>, bool) {
        assert_eq!(self.status, 200, "{}", self.body);
        let ids = self.body["data"].as_array().unwrap().iter().map(|object| object["id"].as_str().unwrap().to_owned());
        (ids.collect(), self.body["has_more"].as_bool().unwrap())
    }
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

pub(crate) fn encoded(fields: Fields<'_>) -> String {
    let escape = |text: &str| -> String {
        text.bytes().map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
    };
    fields.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect::<Vec<_>>().join("&")
}

impl TestGateway {
    pub(crate) fn new() -> Self {
        static DATABASES: AtomicU64 = AtomicU64::new(0);
        let number = DATABASES.fetch_add(1, Ordering::Relaxed);
        Self::at(&Location::Memory(format!("payment-gateway-{number}")))
    }

    pub(crate) fn in_file(path: &Path) -> Self {
        Self::at(&Location::File(path.to_owned()))
    }

    fn at(location: &Location) -> Self {
        let next_commit = Arc::new(NextCommit::default());
        let database = Database::open(location, Driver::Inline(next_commit.clone()), &[MIGRATIONS]).unwrap();
        let now = Timestamp::from_micros(1_800_000_000_000_000);
        let clock = Arc::new(TestClock { now: Mutex::new(now), slept: Mutex::default(), stalled: AtomicBool::new(false) });
        let outside = Outside {
            clock: clock.clone(),
            ids: Arc::new(Counter::default()),
            entropy: Arc::new(Counter::default()),
            spawner: Arc::new(Nothing),
            http: Arc::new(Nothing),
            protections: Protections::all_on(),
        };
        let keys = Keys { secret: SECRET.to_owned(), publishable: PUBLISHABLE.to_owned() };
        Self { next_commit, clock, gateway: Gateway::new(outside, database.clone(), &keys), database }
    }

    pub(crate) fn fail_next_commit(&self, fault: CommitFault) {
        *self.next_commit.0.lock().unwrap() = Some(fault);
    }

    pub(crate) fn send(&self, request: Request<Body>) -> Reply {
        block_on(self.answer(request))
    }

    pub(crate) async fn answer(&self, request: Request<Body>) -> Reply {
        let response = self.gateway.router().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await;
        let dropped = parts.extensions.get::<DropConnection>().is_some();
        assert_eq!(bytes.is_err(), dropped, "a dropped connection is both marked and broken");
        let bytes = bytes.unwrap_or_default();
        let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
        Reply {
            status: parts.status.as_u16(),
            body,
            replayed: parts.headers.contains_key("idempotent-replayed"),
            dropped,
            headers: parts.headers,
        }
    }

    pub(crate) fn request(method: &str, path: &str, fields: Fields<'_>, key: Option<&str>) -> Request<Body> {
        let mut request = Request::builder().method(method).uri(path).header("authorization", format!("Bearer {SECRET}"));
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        if fields.is_empty() {
            return request.body(Body::empty()).unwrap();
        }
        request.header("content-type", "application/x-www-form-urlencoded").body(Body::from(encoded(fields))).unwrap()
    }

    pub(crate) fn post(&self, path: &str, fields: Fields<'_>) -> Reply {
        self.send(Self::request("POST", path, fields, None))
    }

    pub(crate) fn post_once(&self, key: &str, path: &str, fields: Fields<'_>) -> Reply {
        self.send(Self::request("POST", path, fields, Some(key)))
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.send(Self::request("GET", path, &[], None))
    }

    /// Enters a card; answers the payment method's id.
    pub(crate) fn card(&self, number: &str) -> String {
        self.enter(number).id()
    }

    pub(crate) fn enter(&self, number: &str) -> Reply {
        let fields =
            [("type", "card"), ("card[number]", number), ("card[exp_month]", "12"), ("card[exp_year]", "2032"), ("card[cvc]", "123")];
        self.post("/v1/payment_methods", &fields)
    }

    /// An intent of 63.00 to be confirmed with a card of that number; answers its id.
    pub(crate) fn intent(&self, number: &str) -> String {
        let method = self.card(number);
        let fields = [
            ("amount", "6300"),
            ("currency", "EUR"),
            ("payment_method", method.as_str()),
            ("metadata[order]", "7"),
            ("metadata[attempt]", "1"),
        ];
        self.post("/v1/payment_intents", &fields).id()
    }

    pub(crate) fn confirm(&self, intent: &str) -> Reply {
        self.post(&format!("/v1/payment_intents/{intent}/confirm"), &[])
    }

    pub(crate) fn status(&self, intent: &str) -> String {
        self.get(&format!("/v1/payment_intents/{intent}")).text("/status")
    }

    pub(crate) fn facts(&self) -> audit::Facts {
        block_on(audit::read(&self.database)).unwrap()
    }

    /// How many answers are kept for repeats.
    pub(crate) fn kept_answers(&self) -> i64 {
        self.count("SELECT COUNT(*) FROM answers")
    }

    /// The number that a statement answers.
    pub(crate) fn count(&self, sql: &'static str) -> i64 {
        let count = move |tx: &mut storage::Tx<'_>| tx.query_one(sql, storage::params![], |row| row.get(0));
        block_on(self.database.read(count)).unwrap()
    }

    /// How many charges took money.
    pub(crate) fn captured(&self) -> usize {
        self.facts().charges.iter().filter(|charge| charge.captured).count()
    }
}
