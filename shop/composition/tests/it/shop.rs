//! A shop to test: its databases in memory, the broker inside, the payment gateway behind its real router.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use broker::{Broker, BrokerSettings};
use buyer::{Choice, Client, End, Journal, Purchase, Whim};
use bytes::Bytes;
use composition::invariants::{QueueFacts, Report, ShopFacts, Sources, judge};
use composition::{GatewayAddress, Outward, Parts, ServiceName, Shop};
use embedded::Embedded;
use hosting::{Either, Health, HttpClient, Outside, race};
use http::{Method, Request, Response, header};
use messaging::Settings;
use messaging::http::Access;
use payment_gateway::{Gateway, Keys};
use serde_json::Value;
use storage::{Database, Driver, Location, Migrations};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

use crate::network::Network;

pub(crate) const ORGANISER: &str = "the-organisers-key";
pub(crate) const SERVICE: &str = "the-service-key";
/// The payment gateway's key that opens everything there.
pub(crate) const SECRET_KEY: &str = "sk_test";
/// How often a state is looked for, at most, and how long between two looks.
const LOOKS: u32 = 4_000;
const LOOK_AGAIN: Duration = Duration::from_millis(2);

pub(crate) struct TestShop {
    runtime: Runtime,
    outside: Outside,
    network: Arc<Network>,
    parts: Parts,
    broker_db: Database,
    gateway_db: Database,
    /// Databases in memory live as long as somebody has them open.
    kept: BTreeMap<ServiceName, (Location, Database)>,
    shop: Shop,
}

/// An answer.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) retry_after: Option<String>,
    pub(crate) body: Value,
}

impl Reply {
    pub(crate) fn is_problem(&self) -> bool {
        let has = |member: &str| self.body[member].as_str().is_some_and(|text| !text.is_empty());
        let says = has("type") && has("title") && has("detail") && self.body["status"] == self.status;
        says && self.content_type == "application/problem+json"
    }
}

fn open(location: &Location, migrations: &[Migrations]) -> Database {
    Database::open(location, Driver::inline(), migrations).unwrap()
}

fn start(runtime: &Runtime, parts: &Parts, kept: &BTreeMap<ServiceName, (Location, Database)>, network: &Network) -> Shop {
    let databases = kept.iter().map(|(name, (location, _))| (*name, open(location, &name.migrations())));
    let shop = runtime.block_on(Shop::start(parts.clone(), databases.collect())).unwrap();
    network.serve("shop.test", shop.router());
    shop
}

impl TestShop {
    pub(crate) fn open(name: &str) -> Self {
        Self::open_with(name, Settings::default())
    }

    pub(crate) fn open_with(name: &str, settings: Settings) -> Self {
        let runtime = Builder::new_current_thread().enable_time().build().unwrap();
        let network = Arc::new(Network::default());
        let outside = hosting::real_outside(runtime.handle().clone(), network.clone());
        let at = |of: &str| Location::Memory(format!("{name}-{of}"));
        let broker_db = open(&at("broker"), &[broker::MIGRATIONS]);
        let broker = runtime.block_on(Broker::start(&outside, broker_db.clone(), BrokerSettings::default())).unwrap();
        let gateway_db = open(&at("gateway"), &[payment_gateway::MIGRATIONS]);
        let keys = Keys { secret: SECRET_KEY.to_owned(), publishable: "pk_test".to_owned() };
        network.serve("gateway.shop", Gateway::new(outside.clone(), gateway_db.clone(), &keys).router());
        let access = Access { organiser_key: ORGANISER.to_owned(), service_key: SERVICE.to_owned() };
        let gateway = GatewayAddress { url: "http://gateway.shop".to_owned(), secret_key: keys.secret, publishable_key: keys.publishable };
        let parts = Parts {
            outside: outside.clone(),
            transport: Arc::new(Embedded::new(broker)),
            outward: Outward::in_one_process(gateway, &access),
            access,
            health: Health::default(),
            settings,
        };
        let kept = ServiceName::ALL.map(|name| (name, (at(name.as_str()), open(&at(name.as_str()), &name.migrations()))));
        let kept = BTreeMap::from(kept);
        let shop = start(&runtime, &parts, &kept, &network);
        Self { runtime, outside, network, parts, broker_db, gateway_db, kept, shop }
    }

    /// Stops the services and starts them on the same databases.
    pub(crate) fn restart(&mut self) {
        let late = self.runtime.block_on(self.shop.stop());
        assert_eq!(late, Vec::<String>::new(), "everything stops in time");
        self.shop = start(&self.runtime, &self.parts, &self.kept, &self.network);
    }

    pub(crate) fn shop(&self) -> &Shop {
        &self.shop
    }

    pub(crate) fn seed(&self) {
        self.runtime.block_on(self.shop.seed()).unwrap();
    }

    /// Begins to enter the first events, and goes no further once something has to be waited for.
    pub(crate) fn seed_and_break_off(&self) {
        let at_once = std::future::ready(());
        let ended = self.runtime.block_on(race(self.shop.seed(), at_once));
        assert!(matches!(ended, Either::Second(())), "nothing had to be waited for");
    }

    pub(crate) fn network(&self) -> &Network {
        &self.network
    }

    pub(crate) fn parts(&self) -> &Parts {
        &self.parts
    }

    pub(crate) fn gateway_db(&self) -> &Database {
        &self.gateway_db
    }

    pub(crate) fn now(&self) -> hosting::Timestamp {
        self.outside.clock.now()
    }

    pub(crate) fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }
}

/// Over HTTP.
impl TestShop {
    pub(crate) fn send(&self, request: Request<Bytes>) -> Reply {
        read(&self.exchange(request))
    }

    /// The answer as it is, which may be no JSON.
    pub(crate) fn exchange(&self, request: Request<Bytes>) -> Response<Bytes> {
        self.runtime.block_on(self.network.send(request, Duration::ZERO)).unwrap()
    }

    pub(crate) fn ask(&self, method: &Method, path: &str, key: Option<&str>, body: &Value) -> Reply {
        let mut request = Request::builder().method(method).uri(format!("http://shop.test{path}"));
        if let Some(key) = key {
            request = request.header(header::AUTHORIZATION, format!("Bearer {key}"));
        }
        let bytes = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
        self.send(request.body(bytes).unwrap())
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.ask(&Method::GET, path, None, &Value::Null)
    }

    pub(crate) fn organiser(&self, method: &Method, path: &str, body: &Value) -> Reply {
        self.ask(method, path, Some(ORGANISER), body)
    }

    pub(crate) fn buy(&self, choice: &Choice, card: &str) -> (End, Journal) {
        self.runtime.block_on(self.one_buys(choice, card))
    }

    fn client(&self) -> Client {
        Client { outside: self.outside.clone(), shop: "http://shop.test".to_owned(), patience: Duration::from_secs(20) }
    }

    /// The gateway's name for a card that is entered there.
    pub(crate) fn enter_card(&self, number: &str) -> String {
        self.runtime.block_on(buyer::enter_card(&self.client(), number)).unwrap()
    }

    fn one_buys(&self, choice: &Choice, card: &str) -> impl Future<Output = (End, Journal)> + Send + use<> {
        let client = self.client();
        let purchase = Purchase {
            choice: choice.clone(),
            card: card.to_owned(),
            email: "ada@example.com".to_owned(),
            name: "Ada".to_owned(),
            whim: Whim::None,
        };
        async move {
            let mut journal = Journal::default();
            let end = buyer::buy(&client, &purchase, &mut journal, &mut |_| {}).await;
            (buyer::compare(&client, &purchase, &journal, end).await, journal)
        }
    }

    /// So many buy from now on, a few at once, whenever the shop's thread has time for them.
    pub(crate) fn let_buy(&self, choice: &Choice, card: &str, buyers: usize) -> Vec<JoinHandle<()>> {
        let queue: Vec<_> = (0..buyers).map(|_| self.one_buys(choice, card)).collect();
        let queue = Arc::new(Mutex::new(queue));
        let next = |queue: &Mutex<Vec<_>>| queue.lock().unwrap().pop();
        let few = (0..4).map(|_| {
            let queue = Arc::clone(&queue);
            self.runtime.spawn(async move {
                while let Some(one) = next(&queue) {
                    let (end, _) = one.await;
                    assert!(matches!(end, End::Issued { .. }), "everybody is patient: {end:?}");
                }
            })
        });
        few.collect()
    }

    pub(crate) fn wait_for_buyers(&self, buyers: Vec<JoinHandle<()>>) {
        buyers.into_iter().for_each(|few| self.runtime.block_on(few).unwrap());
    }

    pub(crate) fn pause(&self, pause: Duration) {
        self.runtime.block_on(async { self.outside.clock.sleep(pause).await });
    }
}

/// What is true.
impl TestShop {
    async fn read(&self) -> ShopFacts {
        let services = self.shop.services().iter().map(|running| (running.name, running.service.db().clone())).collect();
        let sources = Sources { services, gateway: self.gateway_db.clone() };
        let queues = self.broker_db.read(broker::audit).await.unwrap();
        let queues =
            queues.into_iter().map(|queue| QueueFacts { name: queue.name, active: queue.active, dead_letters: queue.dead_letters });
        ShopFacts::read(&sources, queues.collect(), self.now()).await.unwrap()
    }

    pub(crate) fn facts(&self) -> ShopFacts {
        self.runtime.block_on(self.read())
    }

    /// The facts once nothing flows any more; a hold may still run.
    pub(crate) fn quiet(&self) -> ShopFacts {
        self.wait_for("quiet", |facts, again| {
            let flows = facts.queues.iter().any(|queue| queue.active > 0) || facts.endpoints.values().any(|facts| !facts.is_at_rest());
            if !flows && facts == again { Ok(facts.clone()) } else { Err(facts.unrest(self.now())) }
        })
    }

    /// The facts and the judgement once the shop is at rest.
    pub(crate) fn rest(&self) -> (ShopFacts, Report) {
        self.wait_for("at rest", |facts, again| {
            let report = judge(facts, again, self.now());
            if report.at_rest { Ok((facts.clone(), report)) } else { Err(report.under_way) }
        })
    }

    /// Waits until that can be seen from outside.
    pub(crate) fn until(&self, what: &str, seen: impl Fn() -> bool) {
        for _ in 0..LOOKS {
            if seen() {
                return;
            }
            self.runtime.block_on(async { self.outside.clock.sleep(LOOK_AGAIN).await });
        }
        panic!("not {what}");
    }

    fn wait_for<T>(&self, what: &str, look: impl Fn(&ShopFacts, &ShopFacts) -> Result<T, Vec<String>>) -> T {
        self.runtime.block_on(async {
            let mut last = Vec::new();
            for _ in 0..LOOKS {
                let (facts, again) = (self.read().await, self.read().await);
                match look(&facts, &again) {
                    Ok(found) => return found,
                    Err(why) => last = why,
                }
                self.outside.clock.sleep(LOOK_AGAIN).await;
            }
            panic!("not {what}: {last:?}");
        })
    }
}

fn read(answer: &Response<Bytes>) -> Reply {
    let header = |name| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    Reply {
        status: answer.status().as_u16(),
        content_type: header(header::CONTENT_TYPE).unwrap_or_default(),
        retry_after: header(header::RETRY_AFTER),
        body: serde_json::from_slice(answer.body()).unwrap_or(Value::Null),
    }
}

/// One of the gateway's numbers for a card that is always charged.
pub(crate) const GOOD_CARD: &str = "4242424242424242";

impl TestShop {
    /// Enters an event with one ticket type, and answers how to buy one place of it.
    pub(crate) fn enter(&self, title: &str, capacity: u32, price_minor: i64) -> Choice {
        let body = serde_json::json!({"title": title, "capacity": capacity, "price_minor": price_minor});
        let entered = self.organiser(&Method::POST, "/api/event-catalog/events", &body);
        assert_eq!(entered.status, 201, "{}", entered.body);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Choice { event: text(&entered.body["id"]), ticket_type: text(&entered.body["ticket_types"][0]["id"]), quantity: 1 }
    }
}
