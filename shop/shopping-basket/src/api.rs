//! The basket over HTTP. One function a route; who knows a basket's id is its buyer.

mod request;
mod view;

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Json, Router};
use contracts::shopping_basket::BasketEvent;
use contracts::{BasketId, LineId};
use messaging::Service;
use messaging::feed::{FeedPage, FeedQuery};
use messaging::http::{Access, Change, Class, Path, Problem, Query, RouteEntry, Routes};
use utoipa::OpenApi;

use crate::changes::{self, Wish};
use request::{AcceptPrice, AddLine, ChangeLine, CheckOut, Nothing};
pub(crate) use view::{BasketCreated, BasketView, LineView, OrderPlaced, refused, refused_checkout};
use view::{BasketEvents, Feeds};

/// The router, and the table of its routes.
pub fn routes(service: Service, access: Access) -> (Router, Vec<RouteEntry>) {
    Routes::new(access)
        .get("/openapi.json", Class::Public, openapi)
        .post("/baskets", Class::Public, create)
        .get("/baskets/{id}", Class::Secret, show)
        .post("/baskets/{id}/lines", Class::Secret, add)
        .put("/baskets/{id}/lines/{line}", Class::Secret, change_line)
        .delete("/baskets/{id}/lines/{line}", Class::Secret, remove)
        .post("/baskets/{id}/lines/{line}/accept-price", Class::Secret, accept_price)
        .post("/baskets/{id}/checkout", Class::Secret, checkout)
        .get("/feeds", Class::Organiser, feeds)
        .get("/feeds/basket-events", Class::Service, basket_events)
        .finish(service)
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Shopping basket",
        description = "Baskets until they are ordered. A basket's id is the buyer's secret. Refusals are `application/problem+json` \
                       (RFC 9457) and say what is wrong and what to do. Changes take an `Idempotency-Key`."
    ),
    servers((url = "/api/shopping-basket")),
    paths(create, show, add, change_line, remove, accept_price, checkout, feeds, basket_events)
)]
struct Description;

async fn openapi() -> Json<utoipa::openapi::OpenApi> {
    Json(Description::openapi())
}

/// Makes an empty basket.
#[utoipa::path(post, path = "/baskets", responses((status = 201, body = BasketCreated)))]
async fn create(State(basket): State<Service>, change: Change<Option<Nothing>>) -> Result<(StatusCode, Json<BasketCreated>), Problem> {
    let id = basket.operation(change.key, changes::create).await?;
    Ok((StatusCode::CREATED, Json(BasketCreated { id })))
}

/// The basket, with lower prices applied.
#[utoipa::path(get, path = "/baskets/{id}", params(("id" = String, Path)), responses((status = 200, body = BasketView), (status = 404)))]
async fn show(State(basket): State<Service>, Path(id): Path<BasketId>) -> Result<Json<BasketView>, Problem> {
    let found = basket.read(move |tx| view::alone(tx, id)).await?;
    found.map(Json).ok_or_else(|| changes::unknown(id))
}

/// Adds a line; its places are asked for at the box office. 503 for an event that is not known here yet.
#[utoipa::path(
    post, path = "/baskets/{id}/lines",
    params(("id" = String, Path)),
    request_body = AddLine,
    responses((status = 201, body = LineView), (status = 409), (status = 503))
)]
async fn add(
    State(basket): State<Service>,
    Path(id): Path<BasketId>,
    change: Change<AddLine>,
) -> Result<(StatusCode, Json<LineView>), Problem> {
    let AddLine { event_id, ticket_type_id, quantity } = change.body;
    let wish = Wish { event_id, ticket_type_id, quantity };
    let line = basket.operation(change.key, move |ctx| changes::add(ctx, id, &wish)).await?;
    Ok((StatusCode::CREATED, Json(line)))
}

/// Asks for another number of places.
#[utoipa::path(
    put, path = "/baskets/{id}/lines/{line}",
    params(("id" = String, Path), ("line" = String, Path)),
    request_body = ChangeLine,
    responses((status = 200, body = LineView), (status = 409))
)]
async fn change_line(
    State(basket): State<Service>,
    Path((id, line)): Path<(BasketId, LineId)>,
    change: Change<ChangeLine>,
) -> Result<Json<LineView>, Problem> {
    let quantity = change.body.quantity;
    basket.operation(change.key, move |ctx| changes::change(ctx, id, line, quantity)).await.map(Json)
}

/// Takes a line out.
#[utoipa::path(
    delete, path = "/baskets/{id}/lines/{line}",
    params(("id" = String, Path), ("line" = String, Path)),
    responses((status = 200, body = LineView), (status = 409))
)]
async fn remove(
    State(basket): State<Service>,
    Path((id, line)): Path<(BasketId, LineId)>,
    change: Change<Option<Nothing>>,
) -> Result<Json<LineView>, Problem> {
    basket.operation(change.key, move |ctx| changes::remove(ctx, id, line)).await.map(Json)
}

/// Accepts today's price of a line. With `price_minor`: only if it is not above that.
#[utoipa::path(
    post, path = "/baskets/{id}/lines/{line}/accept-price",
    params(("id" = String, Path), ("line" = String, Path)),
    request_body = Option<AcceptPrice>,
    responses((status = 200, body = LineView), (status = 409))
)]
async fn accept_price(
    State(basket): State<Service>,
    Path((id, line)): Path<(BasketId, LineId)>,
    change: Change<Option<AcceptPrice>>,
) -> Result<Json<LineView>, Problem> {
    let seen = request::seen(change.body)?;
    basket.operation(change.key, move |ctx| changes::accept_price(ctx, id, line, seen)).await.map(Json)
}

/// Orders what is in the basket. Again: answers the same order.
#[utoipa::path(
    post, path = "/baskets/{id}/checkout",
    params(("id" = String, Path)),
    request_body = CheckOut,
    responses((status = 201, body = OrderPlaced), (status = 409), (status = 422))
)]
async fn checkout(
    State(basket): State<Service>,
    Path(id): Path<BasketId>,
    change: Change<CheckOut>,
) -> Result<(StatusCode, Json<OrderPlaced>), Problem> {
    let buyer = change.body.buyer()?;
    let placed = basket.operation(change.key, move |ctx| changes::checkout(ctx, id, &buyer)).await?;
    Ok((StatusCode::CREATED, Json(placed)))
}

/// What happens in baskets, in the order of their commits: the stored feed, polled by any number of readers. 410 with `oldest` for a
/// cursor that cannot be read on from.
#[utoipa::path(
    get, path = "/feeds/basket-events",
    params(
        ("after" = Option<String>, Query, description = "`next` of the page before; without it, from the oldest entry"),
        ("max" = Option<u32>, Query, description = "entries at most: 1 to 1000, 100 unless said"),
        ("wait" = Option<String>, Query, description = "how long to wait for an entry: `20s`, at most 25 seconds"),
        ("reader" = Option<String>, Query, description = "the reader's name, to show how far it is")
    ),
    responses((status = 200, body = BasketEvents), (status = 400), (status = 410))
)]
async fn basket_events(State(basket): State<Service>, Query(query): Query<FeedQuery>) -> Result<Json<FeedPage>, Problem> {
    basket.feed::<BasketEvent>(query).await.map(Json)
}

/// The feeds, who reads them, and how far behind each reader is.
#[utoipa::path(get, path = "/feeds", responses((status = 200, body = Feeds)))]
async fn feeds(State(basket): State<Service>) -> Result<Json<Feeds>, Problem> {
    Ok(Json(Feeds { feeds: basket.feeds().await? }))
}
