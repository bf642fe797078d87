//! The paved path: endpoints at work in this process, with everything they keep in one folder. Who needs more (other
//! limits, health on a port, several processes) binds endpoints as this file does.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use broker::{Broker, BrokerError, BrokerSettings, QueryError};
use bytes::Bytes;
use hosting::{BoxFuture, Health, Host, HttpClient, HttpError, Outside, ServiceFailure, real_outside};
use messaging::dead_letters::{self, DeadLetter, LetterError};
use messaging::http::{OperationKey, Problem};
use messaging::storage::{Database, Driver, Location, Migrations, ReadError, SqlError};
use messaging::{Context, Endpoint, HandlerError, Service, Settings, Topology, Transport, TransportError, audit, topology};

use crate::Embedded;

/// How long all parts together may take to stop.
const STOP_WITHIN: Duration = Duration::from_secs(10);
const DEAD_LETTERS_MAX: usize = 1_000;

/// Why endpoints could not be set to work, or asked.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The folder cannot be made.
    #[error("the folder `{0}` cannot be made")]
    Folder(String, #[source] std::io::Error),
    /// The endpoints do not fit together, or databases cannot be used: all that was found, a sentence each. Nothing ran.
    #[error("the endpoints cannot be set to work:\n  {}", .0.join("\n  "))]
    Unfit(Vec<String>),
    /// A database cannot be read.
    #[error("a database cannot be read")]
    Read(#[from] ReadError<SqlError>),
    /// The broker cannot start.
    #[error(transparent)]
    Broker(#[from] BrokerError),
    /// The broker cannot be asked.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The transport refuses.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// Dead letters cannot be listed.
    #[error(transparent)]
    Letters(#[from] LetterError),
    /// A part does not start.
    #[error(transparent)]
    Start(#[from] ServiceFailure),
    /// There is no endpoint of that name.
    #[error("there is no endpoint `{0}` here")]
    Unknown(String),
    /// Not everything stopped in time.
    #[error("{} did not stop in time", .0.join(", "))]
    Late(Vec<String>),
    /// An operation was refused.
    #[error(transparent)]
    Refused(#[from] Problem),
}

/// Endpoints at work. Stop them with [`Running::stop`]; a process that just ends loses nothing either.
pub struct Running {
    outside: Outside,
    transport: Embedded,
    services: BTreeMap<&'static str, Service>,
    host: Host,
}

/// Sets endpoints to work on the runtime that this is called in: a broker and one database an endpoint, all in `folder`,
/// which is made if it is not there. Everything is durable and retried; what cannot be handled is kept as a dead letter.
///
/// # Errors
/// If the endpoints do not fit together or their databases cannot be used, all of it at once ([`RunError::Unfit`]) and before
/// anything runs; if the folder cannot be used, or something does not start.
///
/// # Panics
/// Outside of a tokio runtime with time.
pub async fn run(folder: impl AsRef<Path>, endpoints: impl IntoIterator<Item = Endpoint>) -> Result<Running, RunError> {
    run_with(real_outside(tokio::runtime::Handle::current(), Arc::new(NoHttp)), folder.as_ref(), endpoints).await
}

/// As [`run`], in an outside world of your own: needed where external calls go out over HTTP.
///
/// # Errors
/// As [`run`].
pub async fn run_with(outside: Outside, folder: &Path, endpoints: impl IntoIterator<Item = Endpoint>) -> Result<Running, RunError> {
    std::fs::create_dir_all(folder).map_err(|error| RunError::Folder(folder.display().to_string(), error))?;
    let Prepared { topology, store, endpoints } = prepare(folder, endpoints).await?;
    let transport = Embedded::new(Broker::start(&outside, store, BrokerSettings::default()).await?);
    transport.provision(&topology).await?;
    let health = Health::default();
    let (mut services, mut parts) = (BTreeMap::new(), Vec::new());
    for (endpoint, db) in endpoints {
        let (service, hosted) = endpoint.bind(outside.clone(), db, Arc::new(transport.clone()), &health, Settings::default()).await?;
        services.insert(service.name(), service);
        parts.extend(hosted);
    }
    let mut host = Host::new(outside.clone(), health, STOP_WITHIN);
    for part in parts {
        host.start(part).await?;
    }
    Ok(Running { outside, transport, services, host })
}

struct Prepared {
    topology: Topology,
    store: Database,
    endpoints: Vec<(Endpoint, Database)>,
}

/// All that can be found out before anything runs, and all faults at once (rule R37).
async fn prepare(folder: &Path, endpoints: impl IntoIterator<Item = Endpoint>) -> Result<Prepared, RunError> {
    let (mut faults, mut opened) = (Vec::new(), Vec::new());
    let endpoints: Vec<Endpoint> = endpoints.into_iter().collect();
    let topology = topology::check(&endpoints.iter().map(Endpoint::declaration).collect::<Vec<_>>());
    let topology = topology.map_err(|misfit| faults.extend(misfit.faults));
    let store = open(folder, "broker", &[broker::MIGRATIONS]).await.map_err(|fault| faults.push(fault));
    for endpoint in endpoints {
        match open(folder, endpoint.declaration().name, endpoint.all_migrations()).await {
            Ok(db) => opened.push((endpoint, db)),
            Err(fault) => faults.push(fault),
        }
    }
    match (topology, store) {
        (Ok(topology), Ok(store)) if faults.is_empty() => Ok(Prepared { topology, store, endpoints: opened }),
        _ => Err(RunError::Unfit(faults)),
    }
}

/// The database, or why it cannot be used.
async fn open(folder: &Path, name: &str, migrations: &[Migrations]) -> Result<Database, String> {
    let location = Location::File(folder.join(format!("{name}.sqlite")));
    let db = Database::open(&location, Driver::Thread, migrations).map_err(|error| told(&error))?;
    let lacks = db.lacks(migrations).await.map_err(|error| told(&error))?;
    if lacks.is_empty() { Ok(db) } else { Err(format!("the database of `{name}` lacks {}", lacks.join(", "))) }
}

fn told(error: &dyn std::error::Error) -> String {
    std::iter::successors(error.source(), |error| error.source()).fold(error.to_string(), |text, source| format!("{text}: {source}"))
}

impl Running {
    /// The endpoint of that name: for operations under a key, reads, counts.
    ///
    /// # Errors
    /// If there is none.
    pub fn service(&self, endpoint: &str) -> Result<&Service, RunError> {
        self.services.get(endpoint).ok_or_else(|| RunError::Unknown(endpoint.to_owned()))
    }

    /// Carries out a change at an endpoint: what `work` changes and sends is committed together, or not at all.
    ///
    /// # Errors
    /// If there is no such endpoint, or what `work` answered.
    pub async fn operation(
        &self,
        endpoint: &str,
        work: impl Fn(&mut Context<'_>) -> Result<(), HandlerError> + Send + Sync + 'static,
    ) -> Result<(), RunError> {
        let key = OperationKey::internal("run", None, b"");
        Ok(self.service(endpoint)?.operation(key, move |ctx| Ok(work(ctx)?)).await?)
    }

    /// Ends when nothing is under way: no message in a queue, none to be sent or tried again, no external call. What is
    /// to be sent later does not count.
    ///
    /// # Errors
    /// If broker or databases cannot be read.
    pub async fn at_rest(&self) -> Result<(), RunError> {
        while !self.is_at_rest().await? {
            self.outside.clock.sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }

    /// Outbox before queue: a message on its way is in at least one of them.
    async fn is_at_rest(&self) -> Result<bool, RunError> {
        for service in self.services.values() {
            let now = service.now();
            if !service.read(move |tx| audit::read(tx, now)).await?.is_at_rest() {
                return Ok(false);
            }
        }
        for service in self.services.values() {
            let now = service.now();
            let waiting = self.transport.broker().counts(service.name()).await?.active;
            if waiting > 0 || !service.read(move |tx| audit::read(tx, now)).await?.is_at_rest() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What an endpoint could not handle, oldest first; at most 1,000. [`dead_letters`] has more: the rest of them, and trying
    /// one again.
    ///
    /// # Errors
    /// If there is no such endpoint, or broker or database cannot be asked.
    pub async fn dead_letters(&self, endpoint: &str) -> Result<Vec<DeadLetter>, RunError> {
        let service = self.service(endpoint)?;
        let mut found: Vec<DeadLetter> = Vec::new();
        while found.len() < DEAD_LETTERS_MAX {
            let after = found.last().map(|letter| letter.id.clone());
            let more = dead_letters::list(service, after.as_deref(), DEAD_LETTERS_MAX - found.len()).await?;
            if more.is_empty() {
                break;
            }
            found.extend(more);
        }
        Ok(found)
    }

    /// The transport underneath.
    #[must_use]
    pub fn transport(&self) -> &Embedded {
        &self.transport
    }

    /// Finishes what runs, sends what is committed, then closes everything.
    ///
    /// # Errors
    /// Names the parts that did not stop in time; what they had under way comes again at the next start.
    pub async fn stop(mut self) -> Result<(), RunError> {
        let late = self.host.stop().await;
        self.transport.broker().stop().await;
        for service in self.services.values() {
            service.db().close().await;
        }
        if late.is_empty() { Ok(()) } else { Err(RunError::Late(late)) }
    }
}

/// No network: what is handed in with [`run_with`] has one.
struct NoHttp;

impl HttpClient for NoHttp {
    fn send(&self, _request: http::Request<Bytes>, _timeout: Duration) -> BoxFuture<'_, Result<http::Response<Bytes>, HttpError>> {
        Box::pin(std::future::ready(Err(HttpError::NotSent)))
    }
}
