//! One file for each screen, and the table of what is where.

mod basket;
mod catalogue;
mod checkout;
mod event;
mod form;
mod order;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::Storefront;
use crate::page::{self, Fault};
use crate::visitor::Visitor;

/// All pages: method, path, and what is there.
pub const PAGES: &[(&str, &str, &str)] = &[
    ("GET", "/", "what is on; query `q`, `city`, `from` (a day), `after`"),
    ("GET", "/events/{id}", "an event, and a form for its tickets"),
    ("POST", "/events/{id}", "puts tickets into the basket"),
    ("GET", "/basket", "the basket"),
    ("POST", "/basket/lines/{line}", "changes a line, takes it out, or accepts its price"),
    ("GET", "/checkout", "who buys"),
    ("POST", "/checkout", "leads to the gateway's page for the card, or to the review where nothing is to be paid"),
    ("GET", "/checkout/review", "everything once more; the gateway leads back here"),
    ("POST", "/checkout/review", "orders"),
    ("GET", "/orders/{id}", "an order's way to its tickets, and the tickets"),
    ("POST", "/orders/{id}/cancel", "cancels an order"),
    ("POST", "/orders/{id}/card", "leads to the gateway's page for another card"),
    ("GET", "/orders/{id}/pay", "the new card; the gateway leads back here"),
    ("POST", "/orders/{id}/pay", "pays again"),
    ("GET", "/style.css", "the style sheet"),
];

pub(crate) fn router(store: Storefront) -> Router {
    Router::new()
        .route("/", get(catalogue::show))
        .route("/events/{id}", get(event::show).post(event::add))
        .route("/basket", get(basket::show))
        .route("/basket/lines/{line}", post(basket::change))
        .route("/checkout", get(checkout::who).post(checkout::to_card))
        .route("/checkout/review", get(checkout::review).post(checkout::place))
        .route("/orders/{id}", get(order::show))
        .route("/orders/{id}/cancel", post(order::cancel))
        .route("/orders/{id}/card", post(order::to_card))
        .route("/orders/{id}/pay", get(order::review).post(order::pay))
        .route("/style.css", get(style))
        .fallback(nothing_here)
        .method_not_allowed_fallback(wrong_way)
        .with_state(store)
}

async fn style(headers: HeaderMap) -> Response {
    const STYLE: &str = include_str!("../../assets/style.css");
    let tag = page::tag(STYLE);
    if page::knows(&headers, &tag) {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    let css = (header::CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8"));
    let mut response = ([css, (header::CACHE_CONTROL, HeaderValue::from_static("no-cache"))], STYLE).into_response();
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

async fn nothing_here(State(store): State<Storefront>, visitor: Visitor) -> Response {
    let text = "The address may be mistyped, or what was here is gone. Orders are found by the link that their page has.";
    page::shown_as(&store, &visitor, StatusCode::NOT_FOUND, &Fault::new(&store, &visitor, "There is nothing here", text))
}

async fn wrong_way(State(store): State<Storefront>, visitor: Visitor) -> Response {
    let text = "This address answers a form, and cannot be opened by itself.";
    page::shown_as(&store, &visitor, StatusCode::METHOD_NOT_ALLOWED, &Fault::new(&store, &visitor, "There is no page here", text))
}
