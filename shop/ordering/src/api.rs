//! HTTP: an order as its buyer sees it, what the buyer and the organiser may ask for, and its history.

mod view;

use axum::Json;
use axum::extract::State;
use contracts::OrderId;
use contracts::payment::PaymentMethod;
use messaging::http::{Change, Path, Problem, Query};
use messaging::{Context, Decide, Service, decide_about};
use serde::Deserialize;
use storage::Tx;
use utoipa::{IntoParams, OpenApi, ToSchema};

use crate::handlers::carry_out;
use crate::order::{Order, OrderEffect, Refused};
use crate::{catalog, store};

pub use view::{DecisionView, History, LineView, OrderView};

/// How many decisions a page of a history has at most, and unless told otherwise.
const PAGE_MAX: u32 = 100;

/// What paying again needs.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PayAgain {
    /// What the gateway calls a card that was entered there; 1 to 255 printable characters.
    payment_method: String,
}

/// A request without content: no body, `null` or `{}`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// Which page of a history.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Page {
    /// 1 to 100.
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub after: Option<String>,
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Ordering", description = "What was bought: orders, and what may be done about them."),
    servers((url = "/api/ordering")),
    paths(show, cancel, pay, refund, history)
)]
struct Document;

pub(crate) async fn openapi() -> Json<utoipa::openapi::OpenApi> {
    Json(Document::openapi())
}

/// How an order stands.
#[utoipa::path(get, path = "/orders/{id}", params(("id" = String, Path, description = "the order's id, which is its buyer's secret")), responses(
    (status = 200, body = OrderView),
    (status = 404, description = "`order-not-known-yet`: there is no such order, or it has not arrived yet; ask again after `Retry-After`")
))]
pub(crate) async fn show(State(service): State<Service>, Path(id): Path<OrderId>) -> Result<Json<OrderView>, Problem> {
    Ok(Json(service.read(move |tx| order_view(tx, id)).await?))
}

/// The buyer cancels the order.
#[utoipa::path(post, path = "/orders/{id}/cancel", params(("id" = String, Path, description = "the order's id")), responses(
    (status = 200, body = OrderView), (status = 404, description = "`order-not-known-yet`"),
    (status = 409, description = "`order-state`: the order's state, told as `state`, does not allow it")
))]
pub(crate) async fn cancel(
    State(service): State<Service>,
    Path(id): Path<OrderId>,
    change: Change<Option<Nothing>>,
) -> Result<Json<OrderView>, Problem> {
    service.operation(change.key, move |ctx| cancel_order(ctx, id)).await.map(Json)
}

/// The buyer pays again, after a payment that brought no money.
#[utoipa::path(post, path = "/orders/{id}/pay", params(("id" = String, Path, description = "the order's id")), request_body = PayAgain, responses(
    (status = 200, body = OrderView), (status = 404, description = "`order-not-known-yet`"),
    (status = 409, description = "`order-state`: the order's state, told as `state`, does not allow it"),
    (status = 422, description = "`wrong-payment-method`")
))]
pub(crate) async fn pay(
    State(service): State<Service>,
    Path(id): Path<OrderId>,
    change: Change<PayAgain>,
) -> Result<Json<OrderView>, Problem> {
    let method = payment_method(change.body.payment_method)?;
    service.operation(change.key, move |ctx| pay_order(ctx, id, &method)).await.map(Json)
}

/// The organiser takes back a paid order: its tickets become void, its money is returned.
#[utoipa::path(post, path = "/orders/{id}/refund", params(("id" = String, Path, description = "the order's id")), responses(
    (status = 200, body = OrderView), (status = 404, description = "`order-not-known-yet`"),
    (status = 409, description = "`order-state`: the order's state, told as `state`, does not allow it")
))]
pub(crate) async fn refund(
    State(service): State<Service>,
    Path(id): Path<OrderId>,
    change: Change<Option<Nothing>>,
) -> Result<Json<OrderView>, Problem> {
    service.operation(change.key, move |ctx| refund_order(ctx, id)).await.map(Json)
}

/// Every decision about an order: what reached it, and what it sent.
#[utoipa::path(get, path = "/orders/{id}/history", params(("id" = String, Path, description = "the order's id"), Page), responses(
    (status = 200, body = History), (status = 404, description = "`order-not-known-yet`")
))]
pub(crate) async fn history(
    State(service): State<Service>,
    Path(id): Path<OrderId>,
    Query(page): Query<Page>,
) -> Result<Json<History>, Problem> {
    Ok(Json(service.read(move |tx| order_history(tx, id, &page)).await?))
}

/// The order as its buyer sees it.
///
/// # Errors
/// 404 if it is not known.
pub fn order_view(tx: &mut Tx<'_>, id: OrderId) -> Result<OrderView, Problem> {
    let order = store::order(tx, id)?.ok_or_else(|| not_known_yet(id))?;
    Ok(OrderView::new(&order, &catalog::events_of(tx, &order.lines)?))
}

/// The buyer cancels.
///
/// # Errors
/// 404 if the order is not known; 409 if its state does not allow it.
pub fn cancel_order(ctx: &mut Context<'_>, id: OrderId) -> Result<OrderView, Problem> {
    wish(ctx, id, "buyer cancels", |order, decide| order.cancel_by_buyer(decide.now()))
}

/// The buyer pays again.
///
/// # Errors
/// As [`cancel_order`].
pub fn pay_order(ctx: &mut Context<'_>, id: OrderId, method: &PaymentMethod) -> Result<OrderView, Problem> {
    wish(ctx, id, "buyer pays again", |order, decide| order.pay_again(method.clone(), decide.now()))
}

/// The organiser takes back a paid order.
///
/// # Errors
/// As [`cancel_order`].
pub fn refund_order(ctx: &mut Context<'_>, id: OrderId) -> Result<OrderView, Problem> {
    wish(ctx, id, "organiser refunds", |order, decide| order.refund_by_organiser(decide.now()))
}

/// A page of the order's history.
///
/// # Errors
/// 404 if the order is not known; 400 for a page that cannot be.
pub fn order_history(tx: &mut Tx<'_>, id: OrderId, page: &Page) -> Result<History, Problem> {
    let limit = page.limit.unwrap_or(PAGE_MAX);
    if !(1..=PAGE_MAX).contains(&limit) {
        return Err(Problem::bad_request(format!("`limit` is {limit}; it must be 1 to {PAGE_MAX}")));
    }
    let after = match page.after.as_deref().map(str::parse::<u32>) {
        None => 0,
        Some(Ok(after)) => after,
        Some(Err(_)) => return Err(Problem::bad_request("`after` is not the `next` of an earlier page")),
    };
    if store::order(tx, id)?.is_none() {
        return Err(not_known_yet(id));
    }
    let mut rows = store::history(tx, id, i64::from(after), limit + 1)?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| more).map(|row| row.position.to_string());
    Ok(History { history: rows.into_iter().map(DecisionView::from).collect(), next })
}

/// A refusal undoes the whole operation, the history's row included.
fn wish(
    ctx: &mut Context<'_>,
    id: OrderId,
    input: &str,
    wish: impl FnOnce(&mut Order, &Decide) -> Result<Vec<OrderEffect>, Refused>,
) -> Result<OrderView, Problem> {
    let decided = decide_about::<Order, _>(ctx, &id, input, |order, decide| {
        Ok(wish(order, decide).map(|effects| {
            carry_out(order, effects, decide);
            order.clone()
        }))
    })?;
    match decided {
        None => Err(not_known_yet(id)),
        Some(Ok(order)) => Ok(OrderView::new(&order, &catalog::events_of(ctx.tx(), &order.lines)?)),
        Some(Err(refused)) => Err(Problem::conflict("order-state", refused.to_string()).with("state", refused.state.name())),
    }
}

fn not_known_yet(id: OrderId) -> Problem {
    let detail = format!("order `{id}` is not known here yet; if you have just placed it, ask again in a second");
    Problem::new(axum::http::StatusCode::NOT_FOUND, "order-not-known-yet", detail).retry_after(1)
}

fn payment_method(token: String) -> Result<PaymentMethod, Problem> {
    PaymentMethod::named(token).map_err(|error| Problem::unprocessable("wrong-payment-method", format!("`payment_method` {error}")))
}
