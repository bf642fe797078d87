//! A shop made of answers: each path has a list of them, of which the last is repeated.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use buyer::{Choice, Client, End, Journal, Purchase, Whim};
use bytes::Bytes;
use hosting::{BoxFuture, Clock, HttpClient, HttpError, Outside, Timestamp, real_outside};
use http::{Request, Response};
use serde_json::{Value, json};

/// An answer, or none.
#[derive(Clone)]
pub(crate) enum Says {
    Json(u16, Value),
    Nothing(HttpError),
}

/// What the shop says, and what it was asked.
#[derive(Default)]
pub(crate) struct FakeShop {
    says: Mutex<BTreeMap<String, Vec<Says>>>,
    asked: Mutex<Vec<(String, Option<String>)>>,
}

pub(crate) const BASKET: &str = "/api/shopping-basket/baskets/b1";
pub(crate) const ORDER: &str = "/api/ordering/orders/o1";
pub(crate) const TICKETS: &str = "/api/box-office/orders/o1/tickets";

impl FakeShop {
    /// One in which a ticket at 25.00 is bought without a hitch.
    pub(crate) fn without_a_hitch() -> Arc<Self> {
        let shop = Self::default();
        let held =
            json!({"lines": [{"id": "l1", "state": "held", "quantity": 1, "price_minor": 2_500, "held_until": "x"}], "total_minor": 2_500});
        shop.says("GET /api/payment/card-entry", [ok(json!({"gateway_url": "http://gateway", "publishable_key": "pk"}))]);
        shop.says("POST /v1/payment_methods", [ok(json!({"id": "pm_1"}))]);
        shop.says("POST /api/shopping-basket/baskets", [ok(json!({"id": "b1"}))]);
        shop.says(&format!("POST {BASKET}/lines"), [ok(json!({"id": "l1"}))]);
        shop.says(&format!("GET {BASKET}"), [ok(held)]);
        shop.says(&format!("POST {BASKET}/checkout"), [ok(json!({"order_id": "o1"}))]);
        shop.says(&format!("GET {ORDER}"), [order("paying", None), order("issued", None)]);
        shop.says(&format!("GET {TICKETS}"), [tickets(&["C1"])]);
        Arc::new(shop)
    }

    /// From now on, `path` is answered so, the last answer again and again.
    pub(crate) fn says<const N: usize>(&self, path: &str, answers: [Says; N]) {
        let mut answers = answers.to_vec();
        answers.reverse();
        self.says.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), answers);
    }

    /// The idempotency keys under which `path` was asked.
    pub(crate) fn keys(&self, path: &str) -> Vec<Option<String>> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.iter().filter(|(at, _)| at == path).map(|(_, key)| key.clone()).collect()
    }

    fn answer(&self, request: &Request<Bytes>) -> Says {
        let path = format!("{} {}", request.method(), request.uri().path());
        let key = request.headers().get("idempotency-key").map(|key| key.to_str().unwrap().to_owned());
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push((path.clone(), key));
        let mut says = self.says.lock().unwrap_or_else(PoisonError::into_inner);
        let answers = says.get_mut(&path).unwrap_or_else(|| panic!("nobody said what is at {path}"));
        if answers.len() > 1 { answers.pop().unwrap() } else { answers[0].clone() }
    }
}

/// A clock on which waiting takes no time.
struct PatientClock(Mutex<Duration>);

impl Clock for PatientClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(0).plus(self.monotonic())
    }

    fn monotonic(&self) -> Duration {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += duration;
        Box::pin(std::future::ready(()))
    }
}

impl HttpClient for FakeShop {
    fn send(&self, request: Request<Bytes>, _timeout: Duration) -> BoxFuture<'_, Result<Response<Bytes>, HttpError>> {
        let answer = match self.answer(&request) {
            Says::Nothing(error) => Err(error),
            Says::Json(status, body) => Ok(Response::builder().status(status).body(Bytes::from(body.to_string())).unwrap()),
        };
        Box::pin(std::future::ready(answer))
    }
}

pub(crate) fn ok(body: Value) -> Says {
    Says::Json(200, body)
}

pub(crate) fn order(state: &str, reason: Option<&str>) -> Says {
    ok(json!({"state": state, "reason": reason, "total_minor": 2_500}))
}

pub(crate) fn tickets(codes: &[&str]) -> Says {
    let tickets: Vec<Value> = codes.iter().map(|code| json!({"code": code, "valid": true})).collect();
    ok(json!({ "tickets": tickets }))
}

/// Buys one place in `shop` with this card and compares; answers the end, and what was told.
pub(crate) fn buy(shop: &Arc<FakeShop>, card: &str) -> (End, Journal) {
    buy_and(shop, card, |_| {})
}

/// As [`buy`], with something that happens before the comparison.
pub(crate) fn buy_and(shop: &Arc<FakeShop>, card: &str, meanwhile: impl FnOnce(&FakeShop)) -> (End, Journal) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let outside: Outside = real_outside(runtime.handle().clone(), Arc::clone(shop) as Arc<dyn HttpClient>);
    let outside = Outside { clock: Arc::new(PatientClock(Mutex::default())), ..outside };
    let client = Client { outside, shop: "http://shop".to_owned(), patience: Duration::from_secs(60) };
    let choice = Choice { event: "e1".to_owned(), ticket_type: "t1".to_owned(), quantity: 1 };
    let (email, name) = ("a@b.example".to_owned(), "A B".to_owned());
    let purchase = Purchase { choice, card: card.to_owned(), email, name, whim: Whim::None };
    let mut journal = Journal::default();
    runtime.block_on(async {
        let end = buyer::buy(&client, &purchase, &mut journal, &mut |_| {}).await;
        meanwhile(shop);
        let end = buyer::compare(&client, &purchase, &journal, end).await;
        (end, journal.clone())
    })
}
