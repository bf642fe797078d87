//! What the rows work with: a place, its transport, endpoints on it, and ways to look.

use std::fmt::{Debug, Display};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hosting::{Either, Health, Host, HostedService, Outside, race};
use messaging::storage::{ReadError, SqlError, Tx};
use messaging::{Capabilities, Delivery, Destination, Endpoint, Headers, OutgoingMessage, Service, Settings, Source, Topology, Transport};

use crate::Place;

/// Why a row failed.
#[derive(Debug)]
pub(crate) struct Failure(pub(crate) String);

impl<E: Display> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

/// What a row came to.
pub(crate) enum Verdict {
    Proved,
    Skipped(&'static str),
}

pub(crate) type Proof = Result<Verdict, Failure>;

/// Long enough for anything that should come to come.
pub(crate) const SOON: Duration = Duration::from_secs(5);

pub(crate) type Bound = (Service, Vec<Arc<dyn HostedService>>);

/// An endpoint at work.
pub(crate) struct Party {
    pub(crate) service: Service,
    pub(crate) host: Host,
}

pub(crate) struct Bench {
    pub(crate) place: Box<dyn Place>,
}

/// # Errors
/// That they differ.
pub(crate) fn same<T: PartialEq + Debug>(what: &str, found: T, wanted: T) -> Result<(), Failure> {
    if found == wanted { Ok(()) } else { Err(Failure(format!("{what}: {found:?} instead of {wanted:?}"))) }
}

/// # Errors
/// That it is not so.
pub(crate) fn so(what: &str, is: bool) -> Result<(), Failure> {
    if is { Ok(()) } else { Err(Failure(format!("not so: {what}"))) }
}

impl Bench {
    pub(crate) fn new(place: Box<dyn Place>) -> Self {
        Self { place }
    }

    pub(crate) fn outside(&self) -> Outside {
        self.place.outside()
    }

    pub(crate) async fn sleep(&self, duration: Duration) {
        self.outside().clock.sleep(duration).await;
    }

    /// A transport with these queues.
    pub(crate) async fn start(&self, queues: &[&str]) -> Result<Arc<dyn Transport>, Failure> {
        self.start_with(topology(queues, &[])).await
    }

    pub(crate) async fn start_with(&self, topology: Topology) -> Result<Arc<dyn Transport>, Failure> {
        let transport = self.place.start().await.map_err(Failure)?;
        transport.provision(&topology).await?;
        Ok(transport)
    }

    pub(crate) async fn capabilities(&self) -> Result<Capabilities, Failure> {
        Ok(self.place.start().await.map_err(Failure)?.capabilities())
    }

    /// An endpoint at work.
    pub(crate) async fn party(&self, transport: &Arc<dyn Transport>, endpoint: Endpoint, settings: Settings) -> Result<Party, Failure> {
        let (service, hosted) = self.bind(transport, endpoint, settings).await?;
        self.host(service, hosted).await
    }

    /// An endpoint, and what has to be hosted for it.
    pub(crate) async fn bind(&self, transport: &Arc<dyn Transport>, endpoint: Endpoint, settings: Settings) -> Result<Bound, Failure> {
        let db = self.place.database(&endpoint).map_err(Failure)?;
        endpoint.bind(self.outside(), db, transport.clone(), &Health::default(), settings).await.map_err(text)
    }

    pub(crate) async fn host(&self, service: Service, hosted: Vec<Arc<dyn HostedService>>) -> Result<Party, Failure> {
        let mut host = Host::new(self.outside(), Health::default(), Duration::from_secs(10));
        for part in hosted {
            host.start(part).await?;
        }
        Ok(Party { service, host })
    }

    pub(crate) fn message(&self, queue: &str, body: &[u8]) -> OutgoingMessage {
        self.message_to(Destination::Queue(queue.to_owned()), body)
    }

    pub(crate) fn message_to(&self, destination: Destination, body: &[u8]) -> OutgoingMessage {
        let outside = self.outside();
        let id = outside.ids.next(outside.clock.now()).to_string();
        let headers = Headers::from([("id".to_owned(), id.clone()), ("type".to_owned(), "suite.anything".to_owned())]);
        OutgoingMessage { destination, id, headers, body: Bytes::copy_from_slice(body) }
    }

    /// What comes within `wait`, up to `max`; nothing if nothing does.
    pub(crate) async fn take(&self, transport: &dyn Transport, queue: &str, max: usize, wait: Duration) -> Result<Vec<Delivery>, Failure> {
        let source = Source::Queue(queue.to_owned());
        match race(transport.receive(&source, max), self.outside().clock.sleep(wait)).await {
            Either::First(received) => Ok(received?),
            Either::Second(()) => Ok(Vec::new()),
        }
    }

    /// All that comes, until nothing does for [`SOON`].
    pub(crate) async fn take_all(&self, transport: &dyn Transport, queue: &str) -> Result<Vec<Delivery>, Failure> {
        let mut all = Vec::new();
        loop {
            let some = self.take(transport, queue, 256, SOON).await?;
            if some.is_empty() {
                return Ok(all);
            }
            all.extend(some);
        }
    }

    /// Runs `tasks` at once until all have ended.
    pub(crate) async fn at_once(&self, tasks: impl IntoIterator<Item = impl Future<Output = ()> + Send + 'static>) -> Result<(), Failure> {
        let spawner = self.outside().spawner;
        let ends: Vec<_> = tasks.into_iter().map(|task| spawner.spawn("suite", Box::pin(task))).collect();
        for end in ends {
            same("how a task ended", end.await, hosting::TaskEnd::Done)?;
        }
        Ok(())
    }

    /// Waits until what is read is `wanted`, for at most ten minutes.
    pub(crate) async fn until<T: PartialEq + Debug + Send + 'static>(
        &self,
        service: &Service,
        read: fn(&mut Tx<'_>) -> Result<T, SqlError>,
        wanted: T,
    ) -> Result<(), Failure> {
        let found = self.once(service, read, |found| *found == wanted).await?;
        same("after ten minutes", found, wanted)
    }

    /// Waits until what is read is no less than `least`, for at most ten minutes, and answers it.
    pub(crate) async fn at_least<T: PartialOrd + Debug + Send + 'static>(
        &self,
        service: &Service,
        read: fn(&mut Tx<'_>) -> Result<T, SqlError>,
        least: T,
    ) -> Result<T, Failure> {
        let found = self.once(service, read, |found| *found >= least).await?;
        so(&format!("{found:?} is at least {least:?} after ten minutes"), found >= least)?;
        Ok(found)
    }

    async fn once<T: Send + 'static>(
        &self,
        service: &Service,
        read: fn(&mut Tx<'_>) -> Result<T, SqlError>,
        is: impl Fn(&T) -> bool,
    ) -> Result<T, Failure> {
        for _ in 0..6_000 {
            let found = service.read(read).await.map_err(text)?;
            if is(&found) {
                return Ok(found);
            }
            self.sleep(Duration::from_millis(100)).await;
        }
        service.read(read).await.map_err(text)
    }
}

/// Sends, and wants each confirmed.
///
/// # Errors
/// The first that is not.
pub(crate) async fn send(transport: &dyn Transport, batch: Vec<OutgoingMessage>) -> Result<(), Failure> {
    for result in transport.send(batch).await? {
        result?;
    }
    Ok(())
}

pub(crate) fn topology(queues: &[&str], subscriptions: &[(&str, &str)]) -> Topology {
    let own = |text: &str| text.to_owned();
    let mut topics: Vec<String> = subscriptions.iter().map(|(topic, _)| own(topic)).collect();
    topics.sort();
    topics.dedup();
    Topology {
        queues: queues.iter().map(|queue| own(queue)).collect(),
        topics,
        subscriptions: subscriptions.iter().map(|(topic, queue)| (own(topic), own(queue))).collect(),
    }
}

pub(crate) fn text(error: ReadError<SqlError>) -> Failure {
    Failure(format!("the endpoint's database: {error}"))
}
