//! All services in one process, behind one router.

use std::collections::BTreeMap;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use hosting::{BoxFuture, Health, all};
use http::{StatusCode, header};
use messaging::function::Function;
use messaging::http::{Class, Problem, RouteEntry, shown_path};
use storage::Database;
use tower::ServiceExt as _;

use crate::functions::{RunningFunction, start_function};
use crate::in_process::{self, InProcess};
use crate::running::{Parts, RunningService, StartError, start_service};
use crate::services::{ServiceName, topology_with};
use crate::{admin, seeding};

/// A route of the whole shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShopRoute {
    /// The path up to the service's own part, such as `/api/ordering`.
    pub prefix: String,
    /// The rest, and who may call it.
    pub entry: RouteEntry,
}

/// A running shop.
pub struct Shop {
    parts: Parts,
    services: Vec<RunningService>,
    functions: Vec<RunningFunction>,
    router: Router,
    routes: Vec<ShopRoute>,
}

impl Shop {
    /// Checks that everything fits, prepares the bus, and starts all services. `databases` has one for each, opened
    /// with its migrations.
    ///
    /// # Errors
    /// Everything that keeps a service from starting.
    ///
    /// # Panics
    /// If a service has no database.
    pub async fn start(parts: Parts, databases: BTreeMap<ServiceName, Database>) -> Result<Self, StartError> {
        Self::start_with(parts, databases, Vec::new()).await
    }

    /// The same with functions beside the services, each on a database of its own that was opened with the migrations of its
    /// endpoint.
    ///
    /// # Errors
    /// As [`Shop::start`].
    ///
    /// # Panics
    /// As [`Shop::start`].
    #[expect(clippy::panic, reason = "documented: a missing database is a mistake of the caller's code")]
    pub async fn start_with(
        mut parts: Parts,
        mut databases: BTreeMap<ServiceName, Database>,
        functions: Vec<(Function, Database)>,
    ) -> Result<Self, StartError> {
        let topology = topology_with(&parts.outward, functions.iter().map(|(function, _)| function.clone().endpoint()).collect())?;
        nothing_is_lacking(&databases).await?;
        parts.transport.provision(&topology).await?;
        let beside = parts.clone();
        let doors = InProcess::around(&parts.outside);
        parts.outside.http = doors.clone();
        let mut services = Vec::new();
        for name in ServiceName::ALL {
            let Some(db) = databases.remove(&name) else { panic!("no database was given for {name}") };
            services.push(start_service(name, db, &parts).await?);
        }
        let mut at_work = Vec::new();
        for (function, db) in functions {
            at_work.push(start_function(function, db, &beside).await?);
        }
        let (router, routes) = assemble(&parts, &services, &at_work);
        doors.open(router.clone());
        Ok(Self { parts, services, functions: at_work, router, routes })
    }

    /// Enters the first events, once, and waits until the box office sells them. Until then the shop is not ready.
    ///
    /// # Errors
    /// If they cannot be entered.
    pub async fn seed(&self) -> Result<(), StartError> {
        let seeding = self.parts.health.component("seed-data");
        let service = |name| self.services.iter().find(|running| running.name == name);
        if let (Some(catalog), Some(box_office)) = (service(ServiceName::EventCatalog), service(ServiceName::BoxOffice)) {
            seeding::seed(&catalog.service, &box_office.service).await?;
        }
        seeding.ready();
        Ok(())
    }

    /// All routes: `/api/<service>/…`, `/api/admin/…`, `/health/live`, `/health/ready`, and the pages of the storefront.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// The table of all routes and who may call them.
    #[must_use]
    pub fn routes(&self) -> &[ShopRoute] {
        &self.routes
    }

    /// The services at work.
    #[must_use]
    pub fn services(&self) -> &[RunningService] {
        &self.services
    }

    /// Answers all who wait for news, so that their requests do not hold up the end.
    pub fn end_waits(&self) {
        self.services.iter().for_each(|running| running.service.end_waits());
    }

    /// Stops all services and functions at once, for none waits for another; answers what was not done in time.
    pub async fn stop(&mut self) -> Vec<String> {
        let services = self.services.iter_mut().map(|running| -> BoxFuture<'_, Vec<String>> { Box::pin(running.stop()) });
        let functions = self.functions.iter_mut().map(|running| -> BoxFuture<'_, Vec<String>> { Box::pin(running.stop()) });
        all(services.chain(functions).collect()).await.concat()
    }
}

/// Looks into all databases before anything runs on one (rule R37).
async fn nothing_is_lacking(databases: &BTreeMap<ServiceName, Database>) -> Result<(), StartError> {
    let mut all = Vec::new();
    for (service, db) in databases {
        let lacks = db.lacks(&service.migrations()).await;
        let lacks = lacks.map_err(|source| StartError::Database { service: *service, source })?;
        all.extend(lacks.into_iter().map(|what| format!("{service}: {what}")));
    }
    if all.is_empty() { Ok(()) } else { Err(StartError::Lacking(all)) }
}

fn assemble(parts: &Parts, services: &[RunningService], functions: &[RunningFunction]) -> (Router, Vec<ShopRoute>) {
    let mut api = Router::new();
    let mut routes = Vec::new();
    for running in services {
        let prefix = format!("/api/{}", running.name);
        api = api.nest(&prefix, running.router.clone());
        routes.extend(running.routes.iter().map(|entry| ShopRoute { prefix: prefix.clone(), entry: entry.clone() }));
    }
    let endpoints = services.iter().map(|running| &running.service).chain(functions.iter().map(|running| &running.service));
    let endpoints = endpoints.cloned().collect();
    let (admin, entries) = admin::routes(parts, endpoints, api.clone());
    routes.extend(entries.into_iter().map(|entry| ShopRoute { prefix: "/api/admin".to_owned(), entry }));
    let health = Router::new().route("/health/live", get(live)).route("/health/ready", get(ready));
    let health = health.method_not_allowed_fallback(only_get).with_state(parts.health.clone());
    let health_entries = ["/health/live", "/health/ready"].map(|path| RouteEntry { method: http::Method::GET, path, class: Class::Public });
    routes.extend(health_entries.into_iter().map(|entry| ShopRoute { prefix: String::new(), entry }));
    let pages = storefront(parts);
    let services = api.nest("/api/admin", admin).merge(health);
    (services.fallback(move |request| nothing_here_or_a_page(request, pages)), routes)
}

/// The pages, which are drawn from what the services answer.
fn storefront(parts: &Parts) -> Router {
    let addresses = storefront::Addresses {
        event_catalog: in_process::url(ServiceName::EventCatalog),
        shopping_basket: in_process::url(ServiceName::ShoppingBasket),
        ordering: in_process::url(ServiceName::Ordering),
        box_office: in_process::url(ServiceName::BoxOffice),
        payment: in_process::url(ServiceName::Payment),
    };
    storefront::routes(parts.outside.clone(), addresses, parts.access.service_key.clone(), &parts.outward.gateway.url)
}

async fn live() -> &'static str {
    "alive\n"
}

async fn ready(State(health): State<Health>) -> Response {
    let report = health.report();
    if report.ready {
        return Json(report).into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")], Json(report)).into_response()
}

async fn only_get(request: Request) -> Problem {
    let detail = format!("`{}` does not take {}; GET it", shown_path(&request), request.method());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", detail)
}

async fn nothing_here_or_a_page(request: Request, pages: Router) -> Response {
    let of_services = ["/api", "/health"].iter().any(|below| {
        let rest = request.uri().path().strip_prefix(below);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    });
    if of_services {
        let detail = format!("there is nothing at `{}`; the services are below /api", shown_path(&request));
        return Problem::not_found(detail).into_response();
    }
    match pages.oneshot(request).await {
        Ok(page) => page,
        Err(never) => match never {},
    }
}
