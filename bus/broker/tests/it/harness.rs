//! A broker on a database in memory, a clock that is moved by hand and commits that fail when told to.

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use broker::{
    Broker, BrokerSettings, Delivery, Destination, EntityDeclaration, MIGRATIONS, Outgoing, QueryError, QueueSettings, SendError, Source,
    TopicSettings,
};
use hosting::{BoxFuture, Clock, HttpClient, HttpError, Outside, Timestamp, real_outside};
use storage::{CommitFault, CommitHook, Database, Driver, Location};

/// No test asks another process.
pub(crate) struct NoHttp;

impl HttpClient for NoHttp {
    fn send(&self, _: http::Request<bytes::Bytes>, _: Duration) -> BoxFuture<'_, Result<http::Response<bytes::Bytes>, HttpError>> {
        Box::pin(async { Err(HttpError::NotSent) })
    }
}

#[derive(Default)]
struct Moments {
    passed: Duration,
    sleepers: Vec<(Duration, Waker)>,
}

/// Both clocks start at zero and move when told to.
#[derive(Clone, Default)]
pub(crate) struct HandClock {
    moments: Arc<Mutex<Moments>>,
}

impl HandClock {
    pub(crate) fn pass(&self, duration: Duration) {
        let mut moments = self.moments.lock().unwrap();
        moments.passed += duration;
        moments.sleepers.drain(..).for_each(|(_, waker)| waker.wake());
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(0).plus(self.moments.lock().unwrap().passed)
    }

    fn monotonic(&self) -> Duration {
        self.moments.lock().unwrap().passed
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let moments = Arc::clone(&self.moments);
        let until = moments.lock().unwrap().passed + duration;
        Box::pin(std::future::poll_fn(move |context| {
            let mut moments = moments.lock().unwrap();
            if moments.passed >= until {
                return Poll::Ready(());
            }
            moments.sleepers.push((until, context.waker().clone()));
            Poll::Pending
        }))
    }
}

/// Faults for the next commits, in order.
#[derive(Default)]
pub(crate) struct Faults {
    next: Mutex<VecDeque<CommitFault>>,
}

impl CommitHook for Faults {
    fn before_commit(&self, _database: &str) -> Result<(), CommitFault> {
        self.next.lock().unwrap().pop_front().map_or(Ok(()), Err)
    }

    fn after_commit(&self, _database: &str) {}
}

pub(crate) struct World {
    pub(crate) broker: Broker,
    pub(crate) clock: HandClock,
    pub(crate) db: Database,
    pub(crate) settings: BrokerSettings,
    outside: Outside,
    faults: Arc<Faults>,
    name: String,
    /// Keeps the database in memory while the broker has none open.
    _keeper: Database,
}

/// Runs a test on a fresh broker with the queue `q`.
pub(crate) fn run<F: Future<Output = ()>>(test: impl FnOnce(World) -> F) {
    run_with(BrokerSettings::default(), test);
}

pub(crate) fn run_with<F: Future<Output = ()>>(settings: BrokerSettings, test: impl FnOnce(World) -> F) {
    static NAMES: AtomicU64 = AtomicU64::new(0);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let handle = runtime.handle().clone();
    runtime.block_on(async {
        let clock = HandClock::default();
        let outside = Outside { clock: Arc::new(clock.clone()), ..real_outside(handle, Arc::new(NoHttp)) };
        let name = format!("broker-test-{}", NAMES.fetch_add(1, Ordering::Relaxed));
        let faults = Arc::new(Faults::default());
        let keeper = open(&name, &faults);
        let db = open(&name, &faults);
        let broker = Broker::start(&outside, db.clone(), settings.clone()).await.unwrap();
        broker.provision(&[queue("q", QueueSettings::default())]).await.unwrap();
        test(World { broker, clock, db, settings, outside, faults, name, _keeper: keeper }).await;
    });
}

fn open(name: &str, faults: &Arc<Faults>) -> Database {
    let hook: Arc<dyn CommitHook> = Arc::<Faults>::clone(faults);
    Database::open(&Location::Memory(name.to_owned()), Driver::Inline(hook), &[MIGRATIONS]).unwrap()
}

impl World {
    /// What is lost with a process is lost: the broker is gone without a word, another one starts on the same database.
    pub(crate) async fn crash(&mut self) {
        self.db.close().await;
        self.db = open(&self.name, &self.faults);
        self.broker = Broker::start(&self.outside, self.db.clone(), self.settings.clone()).await.unwrap();
    }

    pub(crate) fn fail_next(&self, faults: impl IntoIterator<Item = CommitFault>) {
        self.faults.next.lock().unwrap().extend(faults);
    }

    /// No commit fails any more.
    pub(crate) fn heal(&self) {
        self.faults.next.lock().unwrap().clear();
    }

    pub(crate) async fn pass(&self, millis: u64) {
        self.clock.pass(Duration::from_millis(millis));
        settle_down().await;
    }

    pub(crate) async fn send(&self, ids: impl IntoIterator<Item = &str>) {
        let results = self.broker.send(ids.into_iter().map(message).collect()).await;
        results.into_iter().for_each(|result| assert!(result.unwrap() > 0));
    }

    pub(crate) async fn receive(&self, max: usize) -> Vec<Delivery> {
        self.broker.receive(&active(), max).await.unwrap()
    }

    /// What can be received now, without waiting.
    pub(crate) async fn receive_now(&self, source: &Source) -> Vec<Delivery> {
        let mut receive = pin!(self.broker.receive(source, 100));
        for _ in 0..10 {
            if let Some(deliveries) = poll_once(receive.as_mut()) {
                return deliveries.unwrap();
            }
            tokio::task::yield_now().await;
        }
        Vec::new()
    }
}

/// A receive that has not begun.
pub(crate) fn receiving(broker: &Broker, max: usize) -> BoxFuture<'static, Result<Vec<Delivery>, QueryError>> {
    let broker = broker.clone();
    Box::pin(async move { broker.receive(&active(), max).await })
}

/// A send that has not begun.
pub(crate) fn sending(broker: &Broker, messages: Vec<Outgoing>) -> BoxFuture<'static, Vec<Result<u64, SendError>>> {
    let broker = broker.clone();
    Box::pin(async move { broker.send(messages).await })
}

/// Lets every task do what it can.
pub(crate) async fn settle_down() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

pub(crate) fn poll_once<F: Future + ?Sized>(future: Pin<&mut F>) -> Option<F::Output> {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

pub(crate) fn active() -> Source {
    Source::Queue("q".to_owned())
}

pub(crate) fn dead() -> Source {
    Source::DeadLetters("q".to_owned())
}

pub(crate) fn to_queue() -> Destination {
    Destination::Queue("q".to_owned())
}

pub(crate) fn message(id: &str) -> Outgoing {
    Outgoing {
        destination: to_queue(),
        message_id: id.to_owned(),
        session_id: None,
        time_to_live: None,
        scheduled: None,
        headers: BTreeMap::new(),
        body: bytes::Bytes::from(format!("body of {id}")),
    }
}

pub(crate) fn queue(name: &str, settings: QueueSettings) -> EntityDeclaration {
    EntityDeclaration::Queue { name: name.to_owned(), settings }
}

pub(crate) fn topic(name: &str) -> EntityDeclaration {
    EntityDeclaration::Topic { name: name.to_owned(), settings: TopicSettings::default() }
}

pub(crate) fn subscription(topic: &str, name: &str, forward_to: &str) -> EntityDeclaration {
    EntityDeclaration::Subscription { topic: topic.to_owned(), name: name.to_owned(), forward_to: forward_to.to_owned() }
}

pub(crate) fn ids(deliveries: &[Delivery]) -> Vec<&str> {
    deliveries.iter().map(|delivery| delivery.message_id.as_str()).collect()
}
