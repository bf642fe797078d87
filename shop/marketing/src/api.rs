//! The figures over HTTP, for the organiser.

use std::time::Duration;

use axum::extract::State;
use axum::{Json, Router};
use contracts::EventId;
use hosting::Timestamp;
use messaging::Service;
use messaging::http::{Access, Class, Problem, Query, RouteEntry, Routes};
use serde::{Deserialize, Serialize};
use storage::SqlError;
use utoipa::OpenApi;

use crate::interest::Interest;
use crate::store;

const EVENTS_DEFAULT: u32 = 50;
const EVENTS_MAX: u32 = 200;
/// A basket in which nothing has happened for so many minutes counts as left, unless the request says otherwise.
const LEFT_AFTER_MINUTES: u32 = 60;
const LEFT_AFTER_MINUTES_MAX: u32 = 30 * 24 * 60;
/// Left baskets are counted up to here.
const LEFT_MAX: u32 = 10_000;
const RESTARTS_MAX: u32 = 20;

/// The router, and the table of its routes.
pub fn routes(service: Service, access: Access) -> (Router, Vec<RouteEntry>) {
    Routes::new(access)
        .get("/openapi.json", Class::Public, openapi)
        .get("/interest", Class::Organiser, interest)
        .get("/funnel", Class::Organiser, funnel)
        .get("/abandoned-baskets", Class::Organiser, abandoned)
        .finish(service)
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Marketing",
        description = "What buyers are interested in, learnt from the basket's stored events. The organiser's key opens it. Refusals are \
                       `application/problem+json` (RFC 9457)."
    ),
    servers((url = "/api/marketing")),
    paths(interest, funnel, abandoned)
)]
struct Description;

async fn openapi() -> Json<utoipa::openapi::OpenApi> {
    Json(Description::openapi())
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct InterestQuery {
    limit: Option<u32>,
}

/// Interest by event.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct InterestView {
    /// The most wanted first.
    events: Vec<EventInterest>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
struct EventInterest {
    #[schema(value_type = String, format = "uuid")]
    event_id: EventId,
    lines: Interest,
}

/// Which events buyers put into their baskets, and how far they came.
#[utoipa::path(
    get, path = "/interest",
    params(("limit" = Option<u32>, Query, description = "events at most: 1 to 200, 50 unless said")),
    responses((status = 200, body = InterestView), (status = 400))
)]
async fn interest(State(marketing): State<Service>, Query(query): Query<InterestQuery>) -> Result<Json<InterestView>, Problem> {
    let max = within("limit", query.limit, EVENTS_DEFAULT, EVENTS_MAX)?;
    let found = marketing.read(move |tx| store::most_wanted(tx, max)).await?;
    Ok(Json(InterestView { events: found.into_iter().map(|(event_id, lines)| EventInterest { event_id, lines }).collect() }))
}

/// How far all lines of all baskets came.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct FunnelView {
    lines: Interest,
    /// Stored events taken in.
    entries: u64,
    /// When stored events could not be read on where marketing was; the figures are incomplete if there is any.
    restarts: Vec<RestartView>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
struct RestartView {
    #[schema(value_type = String, format = "date-time")]
    at: Timestamp,
    /// `new_epoch` or `entries_missed`.
    why: String,
}

/// How many lines were added, held, checked out and paid.
#[utoipa::path(get, path = "/funnel", responses((status = 200, body = FunnelView)))]
async fn funnel(State(marketing): State<Service>) -> Result<Json<FunnelView>, Problem> {
    let view = marketing.read(|tx| {
        let mut lines = Interest::default();
        store::interest(tx)?.into_iter().for_each(|(_, of_event)| lines += of_event);
        let restarts = store::restarts(tx, RESTARTS_MAX)?.into_iter().map(|(at, why)| RestartView { at, why }).collect();
        Ok::<_, SqlError>(FunnelView { lines, entries: store::counted(tx)?.iter().map(|(_, entries)| entries).sum(), restarts })
    });
    Ok(Json(view.await?))
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct AbandonedQuery {
    minutes: Option<u32>,
}

/// Baskets that were left.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct AbandonedView {
    /// How many, counted up to 10,000.
    baskets: usize,
    /// Whether there are more than were counted.
    more: bool,
    /// Lines in them.
    lines: u64,
    /// When the one was left that was left last.
    #[schema(value_type = Option<String>, format = "date-time")]
    last_left: Option<Timestamp>,
}

/// Open baskets with something in them in which nothing has happened for a while.
#[utoipa::path(
    get, path = "/abandoned-baskets",
    params(("minutes" = Option<u32>, Query, description = "for how long nothing has happened: 1 to 43200, 60 unless said")),
    responses((status = 200, body = AbandonedView), (status = 400))
)]
async fn abandoned(State(marketing): State<Service>, Query(query): Query<AbandonedQuery>) -> Result<Json<AbandonedView>, Problem> {
    let minutes = within("minutes", query.minutes, LEFT_AFTER_MINUTES, LEFT_AFTER_MINUTES_MAX)?;
    let before = marketing.now().minus(Duration::from_secs(u64::from(minutes) * 60));
    let mut left = marketing.read(move |tx| store::left_before(tx, before, LEFT_MAX + 1)).await?;
    let more = left.len() > LEFT_MAX as usize;
    left.truncate(LEFT_MAX as usize);
    let lines = left.iter().map(|(_, lines, _)| u64::from(*lines)).sum();
    Ok(Json(AbandonedView { baskets: left.len(), more, lines, last_left: left.first().map(|(_, _, at)| *at) }))
}

fn within(name: &str, given: Option<u32>, default: u32, max: u32) -> Result<u32, Problem> {
    let value = given.unwrap_or(default);
    if !(1..=max).contains(&value) {
        return Err(Problem::bad_request(format!("`{name}` must be 1 to {max}; it is {value}")));
    }
    Ok(value)
}
