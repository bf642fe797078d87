//! One service at work: its endpoint bound, its routes, and what is hosted for it.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hosting::{Health, Host, Outside, ServiceFailure};
use messaging::feed::FeedSource;
use messaging::http::{Access, RouteEntry};
use messaging::topology::Misfit;
use messaging::{Service, Settings, Transport, TransportError};
use storage::{Database, ReadError, SqlError};

use crate::in_process;
use crate::services::ServiceName;

/// How long a service gets to stop, all its parts together.
pub(crate) const STOP_WITHIN: Duration = Duration::from_secs(4);

/// Where the external payment gateway is.
#[derive(Clone)]
pub struct GatewayAddress {
    /// Its base URL, as services and browsers reach it.
    pub url: String,
    /// Opens everything; services alone know it.
    pub secret_key: String,
    /// Turns cards into payment methods; anyone may know it.
    pub publishable_key: String,
}

impl GatewayAddress {
    pub(crate) fn client(&self) -> payment::GatewayClient {
        payment::GatewayClient::new(self.url.clone(), self.secret_key.clone())
    }

    pub(crate) fn card_entry(&self) -> payment::CardEntry {
        payment::CardEntry { gateway_url: self.url.clone(), publishable_key: self.publishable_key.clone() }
    }
}

impl std::fmt::Debug for GatewayAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GatewayAddress").field("url", &self.url).finish_non_exhaustive()
    }
}

/// What services reach outside their own process and the bus.
#[derive(Debug, Clone)]
pub struct Outward {
    /// The external gateway.
    pub gateway: GatewayAddress,
    /// The basket's stored feed.
    pub baskets: FeedSource,
}

impl Outward {
    /// Where services find each other when a [`crate::Shop`] runs all of them: by name, in the same process.
    #[must_use]
    pub fn in_one_process(gateway: GatewayAddress, access: &Access) -> Self {
        let baskets = FeedSource { url: in_process::url(ServiceName::ShoppingBasket), service_key: access.service_key.clone() };
        Self { gateway, baskets }
    }

    /// For endpoints that are only looked at, and never bound.
    pub(crate) fn nowhere() -> Self {
        let gateway = GatewayAddress { url: String::new(), secret_key: String::new(), publishable_key: String::new() };
        Self { gateway, baskets: FeedSource { url: String::new(), service_key: String::new() } }
    }
}

/// What a service is built from. Cheap to clone.
#[derive(Clone)]
pub struct Parts {
    /// The outside world.
    pub outside: Outside,
    /// Carries its messages.
    pub transport: Arc<dyn Transport>,
    /// The keys that open its routes.
    pub access: Access,
    /// Whom it calls by HTTP.
    pub outward: Outward,
    /// Where it says how it is.
    pub health: Health,
    /// The limits of its endpoint.
    pub settings: Settings,
}

/// Why a shop, or a service of it, does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The endpoints do not fit together.
    #[error(transparent)]
    Misfit(#[from] Misfit),
    /// The bus does not have what is needed.
    #[error("the bus cannot be prepared")]
    Transport(#[from] TransportError),
    /// A database cannot be read.
    #[error("the database of {service} cannot be read")]
    Database {
        /// Whose.
        service: ServiceName,
        /// Why.
        source: ReadError<SqlError>,
    },
    /// A function's database cannot be read, or lacks migrations or tables.
    #[error("the database of function `{name}` cannot be used")]
    Function {
        /// Whose.
        name: &'static str,
        /// Why.
        source: ReadError<SqlError>,
    },
    /// Databases lack migrations or tables.
    #[error("databases lack what their services need ({}); restore them from a backup of one moment", .0.join("; "))]
    Lacking(Vec<String>),
    /// A part did not start.
    #[error(transparent)]
    Service(#[from] ServiceFailure),
    /// The first events could not be entered.
    #[error("the seed data cannot be entered: {0}")]
    Seed(String),
}

/// A service at work.
pub struct RunningService {
    /// Which.
    pub name: ServiceName,
    /// Its handle.
    pub service: Service,
    /// Its routes, below its own path.
    pub router: Router,
    /// The table of its routes.
    pub routes: Vec<RouteEntry>,
    host: Host,
}

/// Starts a service on its database, which was opened with [`ServiceName::migrations`].
///
/// # Errors
/// If its database cannot be read, or a part does not start.
pub async fn start_service(name: ServiceName, db: Database, parts: &Parts) -> Result<RunningService, StartError> {
    let endpoint = name.endpoint(&parts.outward);
    let bound = endpoint.bind(parts.outside.clone(), db, Arc::clone(&parts.transport), &parts.health, parts.settings.clone()).await;
    let (service, hosted) = bound.map_err(|source| StartError::Database { service: name, source })?;
    let mut host = Host::new(parts.outside.clone(), parts.health.clone(), STOP_WITHIN);
    for part in hosted {
        host.start(part).await?;
    }
    let (router, routes) = name.routes(service.clone(), parts.access.clone(), &parts.outward);
    Ok(RunningService { name, service, router, routes, host })
}

impl RunningService {
    /// Stops receiving, finishes what runs, sends what is committed; answers what was not done in time.
    pub async fn stop(&mut self) -> Vec<String> {
        let late = self.host.stop().await;
        self.service.db().close().await;
        late
    }
}
