//! The catalog over HTTP: buyers browse, organisers change. One function a route.

mod request;
mod view;

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Json, Router};
use contracts::EventId;
use messaging::Service;
use messaging::http::{Access, Change, Class, Path, Problem, Query, RouteEntry, Routes};
use utoipa::OpenApi;

use crate::changes;
use request::{CancelEvent, ChangeCapacity, ChangePrice, CreateEvent, ListEvents, RenameEvent, RescheduleEvent};
pub use view::{EventPage, EventView, TicketTypeView};

/// The router, and the table of its routes.
pub fn routes(service: Service, access: Access) -> (Router, Vec<RouteEntry>) {
    Routes::new(access)
        .get("/openapi.json", Class::Public, openapi)
        .get("/events", Class::Public, list)
        .get("/events/{id}", Class::Public, show)
        .post("/events", Class::Organiser, create)
        .post("/events/{id}/price", Class::Organiser, change_price)
        .post("/events/{id}/capacity", Class::Organiser, change_capacity)
        .post("/events/{id}/rename", Class::Organiser, rename)
        .post("/events/{id}/reschedule", Class::Organiser, reschedule)
        .post("/events/{id}/cancel", Class::Organiser, cancel)
        .finish(service)
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Event catalog",
        description = "Events, their ticket types and prices. Refusals are `application/problem+json` (RFC 9457) and say what is \
                       wrong and what to do. Changes need the organiser's key as `Authorization: Bearer KEY` and take an \
                       `Idempotency-Key`."
    ),
    servers((url = "/api/event-catalog")),
    paths(list, show, create, change_price, change_capacity, rename, reschedule, cancel)
)]
struct Description;

async fn openapi() -> Json<utoipa::openapi::OpenApi> {
    Json(Description::openapi())
}

/// The events that start from `from` on (by default: now), in the order of their start.
#[utoipa::path(get, path = "/events", params(ListEvents), responses((status = 200, body = EventPage)))]
async fn list(State(catalog): State<Service>, Query(query): Query<ListEvents>) -> Result<Json<EventPage>, Problem> {
    let now = catalog.now();
    let filter = query.filter(now)?;
    let page = catalog.read(move |tx| view::page(tx, &filter, now)).await?;
    Ok(Json(page))
}

/// One event, with its description.
#[utoipa::path(get, path = "/events/{id}", params(("id" = String, Path)), responses((status = 200, body = EventView), (status = 404)))]
async fn show(State(catalog): State<Service>, Path(id): Path<EventId>) -> Result<Json<EventView>, Problem> {
    let now = catalog.now();
    let found = catalog.read(move |tx| view::alone(tx, id, now)).await?;
    found.map(Json).ok_or_else(|| changes::unknown(id))
}

/// Enters a new event, with one ticket type or several.
#[utoipa::path(post, path = "/events", request_body = CreateEvent, responses((status = 201, body = EventView), (status = 422)))]
async fn create(State(catalog): State<Service>, change: Change<CreateEvent>) -> Result<(StatusCode, Json<EventView>), Problem> {
    let body = change.body;
    let view = catalog.operation(change.key, move |ctx| changes::create(ctx, &body.new_event(ctx.now())?)).await?;
    Ok((StatusCode::CREATED, Json(view)))
}

/// Changes the price of a ticket type.
#[utoipa::path(
    post, path = "/events/{id}/price",
    params(("id" = String, Path)),
    request_body = ChangePrice,
    responses((status = 200, body = EventView), (status = 409))
)]
async fn change_price(
    State(catalog): State<Service>,
    Path(id): Path<EventId>,
    change: Change<ChangePrice>,
) -> Result<Json<EventView>, Problem> {
    let (body, minor) = (change.body.target(), change.body.minor()?);
    let decide = move |event: &mut crate::Event| event.set_price(body.ticket_type_id, body.version, minor);
    catalog.operation(change.key, move |ctx| changes::change(ctx, id, |event, _| decide(event))).await.map(Json)
}

/// Changes how many places of a ticket type are to be sold.
#[utoipa::path(
    post, path = "/events/{id}/capacity",
    params(("id" = String, Path)),
    request_body = ChangeCapacity,
    responses((status = 200, body = EventView), (status = 409))
)]
async fn change_capacity(
    State(catalog): State<Service>,
    Path(id): Path<EventId>,
    change: Change<ChangeCapacity>,
) -> Result<Json<EventView>, Problem> {
    let body = change.body;
    let decide = move |event: &mut crate::Event| event.set_capacity(body.ticket_type_id, body.version, body.capacity);
    catalog.operation(change.key, move |ctx| changes::change(ctx, id, |event, _| decide(event))).await.map(Json)
}

/// Gives an event another title.
#[utoipa::path(
    post, path = "/events/{id}/rename",
    params(("id" = String, Path)),
    request_body = RenameEvent,
    responses((status = 200, body = EventView), (status = 409))
)]
async fn rename(State(catalog): State<Service>, Path(id): Path<EventId>, change: Change<RenameEvent>) -> Result<Json<EventView>, Problem> {
    let body = change.body;
    let work = move |ctx: &mut messaging::Context<'_>| changes::change(ctx, id, |event, _| event.rename(body.version, &body.title));
    catalog.operation(change.key, work).await.map(Json)
}

/// Moves an event to another time.
#[utoipa::path(
    post, path = "/events/{id}/reschedule",
    params(("id" = String, Path)),
    request_body = RescheduleEvent,
    responses((status = 200, body = EventView), (status = 409))
)]
async fn reschedule(
    State(catalog): State<Service>,
    Path(id): Path<EventId>,
    change: Change<RescheduleEvent>,
) -> Result<Json<EventView>, Problem> {
    let (version, starts) = (change.body.version, change.body.starts()?);
    let work = move |ctx: &mut messaging::Context<'_>| changes::change(ctx, id, |event, now| event.reschedule(version, starts, now));
    catalog.operation(change.key, work).await.map(Json)
}

/// Says that an event does not take place. For ever; asked again, it answers the same.
#[utoipa::path(
    post, path = "/events/{id}/cancel",
    params(("id" = String, Path)),
    request_body = Option<CancelEvent>,
    responses((status = 200, body = EventView), (status = 409))
)]
async fn cancel(
    State(catalog): State<Service>,
    Path(id): Path<EventId>,
    change: Change<Option<CancelEvent>>,
) -> Result<Json<EventView>, Problem> {
    let version = change.body.and_then(|body| body.version);
    let work = move |ctx: &mut messaging::Context<'_>| changes::change(ctx, id, |event, _| event.cancel(version));
    catalog.operation(change.key, work).await.map(Json)
}
