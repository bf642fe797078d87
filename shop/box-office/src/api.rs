//! HTTP: the tickets of an order, what is left of a ticket type, what the box office knows of an event. Reads only;
//! whatever changes here is asked for by message.

use axum::extract::State;
use axum::response::IntoResponse;
use axum::{Json, Router};
use contracts::{EventId, OrderId, TicketId, TicketTypeId};
use http::StatusCode;
use messaging::Service;
use messaging::http::{Access, Class, Path, Problem, Query, RouteEntry, Routes};
use serde::{Deserialize, Serialize};
use storage::{ReadError, Tx};
use utoipa::{IntoParams, OpenApi, ToSchema};

use crate::store;

/// The most tickets on a page, and how many there are unless told otherwise.
pub const PAGE_MAX: u32 = 100;

/// The routes below `/api/box-office`, and their table.
pub fn routes(service: Service, access: Access) -> (Router, Vec<RouteEntry>) {
    Routes::new(access)
        .get("/openapi.json", Class::Public, openapi)
        .get("/orders/{id}/tickets", Class::Secret, order_tickets)
        .get("/ticket-types/{id}/availability", Class::Public, availability)
        .get("/events/{id}/known", Class::Service, known)
        .finish(service)
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Box office", description = "Tickets of orders, and how many places are left."),
    servers((url = "/api/box-office")),
    paths(order_tickets, availability, known)
)]
struct Document;

async fn openapi() -> impl IntoResponse {
    Json(Document::openapi())
}

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Page {
    /// At most so many, 1 to 100.
    pub limit: Option<u32>,
    /// The `next` of the page before.
    #[param(value_type = Option<String>)]
    pub after: Option<TicketId>,
}

/// Some of an order's tickets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Tickets {
    /// In order of their making.
    pub tickets: Vec<TicketView>,
    /// Ask with `after` set to this for more; null on the last page.
    #[schema(value_type = Option<String>)]
    pub next: Option<TicketId>,
}

/// A ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TicketView {
    /// What lets one person in.
    pub code: String,
    /// The event.
    #[schema(value_type = String)]
    pub event_id: EventId,
    /// The ticket type.
    #[schema(value_type = String)]
    pub ticket_type_id: TicketTypeId,
    /// False once its order was refunded or cancelled.
    pub valid: bool,
}

/// What is left of a ticket type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Availability {
    /// The ticket type.
    #[schema(value_type = String)]
    pub ticket_type_id: TicketTypeId,
    /// Its event.
    #[schema(value_type = String)]
    pub event_id: EventId,
    /// Places that can still be held.
    pub available: u32,
    /// Grows with each change of the counter.
    pub version: u32,
}

/// What the box office knows of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Known {
    /// The event's publication was heard of, so its places can be held.
    pub known: bool,
    /// It does not take place.
    pub cancelled: bool,
    /// How many of its ticket types are known.
    pub ticket_types: u32,
}

#[utoipa::path(get, path = "/orders/{id}/tickets", params(("id" = String, Path, description = "The order, its buyer's secret"), Page),
    responses((status = 200, body = Tickets), (status = 404, description = "No order of this id has places or tickets here (yet)")))]
async fn order_tickets(
    State(service): State<Service>,
    Path(id): Path<OrderId>,
    Query(page): Query<Page>,
) -> Result<Json<Tickets>, Problem> {
    Ok(Json(service.read(move |tx| read_tickets(tx, id, &page)).await?))
}

#[utoipa::path(get, path = "/ticket-types/{id}/availability", params(("id" = String, Path, description = "The ticket type")),
    responses((status = 200, body = Availability), (status = 404, description = "No such ticket type is known (yet)")))]
async fn availability(State(service): State<Service>, Path(id): Path<TicketTypeId>) -> Result<Json<Availability>, Problem> {
    Ok(Json(service.read(move |tx| read_availability(tx, id)).await?))
}

#[utoipa::path(get, path = "/events/{id}/known", params(("id" = String, Path, description = "The event")),
    responses((status = 200, body = Known)))]
async fn known(State(service): State<Service>, Path(id): Path<EventId>) -> Result<Json<Known>, Problem> {
    let read: Result<Known, ReadError<Problem>> = service.read(move |tx| Ok(store::known(tx, id)?)).await;
    Ok(Json(read?))
}

/// A page of an order's tickets.
///
/// # Errors
/// 400 for a limit out of bounds; 404 while nothing is known of the order.
pub fn read_tickets(tx: &mut Tx<'_>, id: OrderId, page: &Page) -> Result<Tickets, Problem> {
    let limit = page.limit.unwrap_or(PAGE_MAX);
    if !(1..=PAGE_MAX).contains(&limit) {
        return Err(Problem::bad_request(format!("`limit` is {limit}; it must be from 1 to {PAGE_MAX}")));
    }
    let mut found = store::tickets(tx, id, page.after, limit + 1)?;
    if found.is_empty() && page.after.is_none() && !store::knows_order(tx, id)? {
        let detail = format!("nothing is known here of an order `{id}`; if it was placed just now, ask again");
        return Err(Problem::new(StatusCode::NOT_FOUND, "order-not-known-yet", detail).retry_after(1));
    }
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next = found.last().filter(|_| more).map(|(id, _)| *id);
    Ok(Tickets { tickets: found.into_iter().map(|(_, ticket)| ticket).collect(), next })
}

/// What is left of a ticket type.
///
/// # Errors
/// 404 while the ticket type is not known.
pub fn read_availability(tx: &mut Tx<'_>, id: TicketTypeId) -> Result<Availability, Problem> {
    store::availability(tx, id)?.ok_or_else(|| Problem::not_found(format!("there is no ticket type `{id}`; the catalogue lists them")))
}
