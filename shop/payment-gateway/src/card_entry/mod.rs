//! The page on which people type a card, so that its number never reaches the shop: opened by a signed link, left with
//! a payment method. What it reads and what it shows say nothing of a card but its brand and its last four digits.

mod form;
mod link;
mod page;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::answer::Answer;
use crate::call::read_pairs;
use crate::gateway::Gateway;
use crate::intents::PaymentMethod;
use crate::store;
use link::{Link, Unopened};
use page::Page;

/// The page, empty.
pub(crate) async fn show(State(gateway): State<Gateway>, request: Request) -> Response {
    match open(&gateway, &request) {
        Ok(link) => page::form(&link, &[]).into_response(),
        Err(page) => page.into_response(),
    }
}

/// Takes what was typed: back to the shop with a payment method, or the page again with what is wrong.
pub(crate) async fn take(State(gateway): State<Gateway>, request: Request) -> Response {
    let link = match open(&gateway, &request) {
        Ok(link) => link,
        Err(page) => return page.into_response(),
    };
    let pairs = match read_pairs(request).await {
        Ok(pairs) => pairs,
        Err(error) => return page::form(&link, &[form::Wrong::UNREADABLE]).status(error.status).into_response(),
    };
    let now = gateway.now();
    let typed = match form::read(&pairs, now) {
        Ok(typed) => typed,
        Err(wrong) => return page::form(&link, &wrong).status(StatusCode::UNPROCESSABLE_ENTITY).into_response(),
    };
    let (brand, last4) = (typed.card.brand.clone(), typed.card.last4.clone());
    let id = gateway.secret_id("pm");
    let back = link.back(&[("payment_method", &id), ("brand", &brand), ("last4", &last4)]);
    let method = PaymentMethod { id, card: typed.card, exp_month: typed.exp_month, exp_year: typed.exp_year, created: now };
    let work = move |tx: &mut storage::Tx<'_>| {
        store::add_method(tx, &method)?;
        Ok(Answer::ok(&method.object()))
    };
    if !gateway.change(now, None, work).await.status().is_success() {
        return page::form(&link, &[form::Wrong::NOT_KEPT]).status(StatusCode::SERVICE_UNAVAILABLE).into_response();
    }
    see_other(&back)
}

/// The page's style sheet.
pub(crate) async fn style() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=3600"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, include_str!("card-entry.css")).into_response()
}

fn open(gateway: &Gateway, request: &Request) -> Result<Link, Page> {
    Link::open(request.uri().query().unwrap_or_default(), gateway.links(), gateway.now()).map_err(|unopened| match unopened {
        Unopened::NotSigned => page::not_signed(),
        Unopened::Expired(link) => page::expired(&link),
    })
}

/// A link's addresses are visible ASCII; were one not, nobody would be sent anywhere.
fn see_other(url: &str) -> Response {
    let Ok(location) = HeaderValue::from_str(url) else { return page::not_signed().into_response() };
    let headers = [
        (header::LOCATION, location),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    (StatusCode::SEE_OTHER, headers).into_response()
}
