//! The storefront: pages that a buyer uses from the first visit to the ticket, drawn on the server. It owns nothing: all
//! it shows it reads from the services' HTTP APIs, and all it changes it asks of them. Works without a script.
//!
//! Reading order: `services` what is read and asked; `visitor` what a browser is remembered by; `words` how times, money
//! and states are said; `poster` the artwork; `pages` one file for each screen; `page` what all of them share.

mod page;
mod pages;
pub mod poster;
mod services;
mod visitor;
mod words;

use std::sync::Arc;

use axum::Router;
use hosting::Outside;

pub use pages::PAGES;
pub use services::Addresses;

use services::Services;

/// What the pages are made with. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Storefront {
    services: Arc<Services>,
    outside: Outside,
    /// The payment gateway's origin, to which a form may lead: `https://pay.example.org`.
    gateway_origin: Arc<str>,
}

/// The router of all pages. What it does not know it answers with a page that says so.
///
/// `gateway_url` is where browsers reach the payment gateway; `service_key` opens the routes that only services may call.
pub fn routes(outside: Outside, addresses: Addresses, service_key: String, gateway_url: &str) -> Router {
    let services = Arc::new(Services::new(outside.clone(), addresses, service_key));
    pages::router(Storefront { services, outside, gateway_origin: origin(gateway_url).into() })
}

/// Scheme, host and port of a URL.
fn origin(url: &str) -> String {
    let Ok(uri) = url.parse::<http::Uri>() else { return String::new() };
    match (uri.scheme_str(), uri.authority()) {
        (Some(scheme), Some(authority)) => format!("{scheme}://{authority}"),
        _ => String::new(),
    }
}
