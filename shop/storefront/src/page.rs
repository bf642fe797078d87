//! What all pages share: their frame, their headers, and the pages that say what went wrong.

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::Storefront;
use crate::poster::{Shape, Subject, poster};
use crate::services::{Event, Refused};
use crate::visitor::Visitor;

/// What stands around a page's own part.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    /// Of the browser's window.
    pub(crate) title: String,
    /// Named by every form.
    pub(crate) visit: String,
    /// Makes a form's request count once, however often it is sent.
    pub(crate) once: String,
    pub(crate) has_basket: bool,
    /// The page looks again by itself after so many seconds, while something is under way.
    pub(crate) refresh_s: Option<u32>,
}

impl Frame {
    pub(crate) fn new(store: &Storefront, visitor: &Visitor, title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            visit: visitor.visit.clone(),
            once: store.outside.entropy.secret().to_string(),
            has_basket: visitor.basket.is_some(),
            refresh_s: None,
        }
    }

    pub(crate) fn looking_again(self, seconds: Option<u32>) -> Self {
        Self { refresh_s: seconds, ..self }
    }
}

/// A page for this visitor alone, which nobody keeps.
pub(crate) fn shown(store: &Storefront, visitor: &Visitor, page: &impl Template) -> Response {
    shown_as(store, visitor, StatusCode::OK, page)
}

/// The same, with another status.
pub(crate) fn shown_as(store: &Storefront, visitor: &Visitor, status: StatusCode, page: &impl Template) -> Response {
    let Some(body) = drawn(page) else { return undrawn() };
    let mut response = html(store, status, body);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    visitor.remembered(response.headers_mut());
    response
}

/// A page that changes with the shop alone: browsers may keep it, and ask whether it still holds (RFC 9110, section 13).
pub(crate) fn kept(store: &Storefront, request: &HeaderMap, page: &impl Template) -> Response {
    let Some(body) = drawn(page) else { return undrawn() };
    let tag = tag(&body);
    let mut response = if knows(request, &tag) { StatusCode::NOT_MODIFIED.into_response() } else { html(store, StatusCode::OK, body) };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

/// Whether the browser has what has this tag.
pub(crate) fn knows(request: &HeaderMap, tag: &str) -> bool {
    let known = request.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    known.flat_map(|value| value.split(',')).any(|given| given.trim().trim_start_matches("W/") == tag)
}

/// Tells versions of a text apart: FNV-1a of 64 bits, which keeps nobody out.
pub(crate) fn tag(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("\"{hash:016x}\"")
}

fn drawn(page: &impl Template) -> Option<String> {
    page.render().inspect_err(|error| tracing::error!(%error, "a page could not be drawn")).ok()
}

fn undrawn() -> Response {
    (
        StatusCode::INTERNAL_SERVER_ERROR,
        "This page could not be drawn. What you sent may have been carried out: look before you send it again.\n",
    )
        .into_response()
}

fn html(store: &Storefront, status: StatusCode, body: String) -> Response {
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self' {}; base-uri 'none'; frame-ancestors 'none'",
        store.gateway_origin
    );
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Addresses of baskets' and orders' pages are secrets.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// What an event looks like.
pub(crate) fn artwork(event: &Event) -> String {
    poster(&Subject { id: event.id.to_uuid().into_bytes(), category: &event.category, title: &event.title }, Shape::Wide)
}

/// After a change: look at what became of it (RFC 9110, section 15.4.4).
pub(crate) fn see(location: &str) -> Response {
    let location = HeaderValue::from_str(location).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}

/// A page that says what happened, what it means, and what to do now.
#[derive(Template)]
#[template(path = "fault.html")]
pub(crate) struct Fault {
    frame: Frame,
    heading: String,
    /// What it means, and what to do.
    text: String,
}

impl Fault {
    pub(crate) fn new(store: &Storefront, visitor: &Visitor, heading: &str, text: impl Into<String>) -> Self {
        let frame = Frame::new(store, visitor, heading);
        Self { frame, heading: heading.to_owned(), text: text.into() }
    }

    pub(crate) fn looking_again(self, seconds: u32) -> Self {
        Self { frame: self.frame.looking_again(Some(seconds)), ..self }
    }
}

/// What a service's refusal says where a page has no better words for it.
pub(crate) fn refused(store: &Storefront, visitor: &Visitor, refused: &Refused) -> Response {
    let (status, heading, text) = match refused {
        Refused::ByService { status, detail, .. } if *status == StatusCode::NOT_FOUND => (*status, "This is not here", detail.clone()),
        Refused::ByService { status, detail, .. } => (*status, "That did not work", format!("{detail}. Nothing was changed.")),
        Refused::Unavailable => (
            StatusCode::SERVICE_UNAVAILABLE,
            "One moment, please",
            "A part of the shop does not answer right now. Nothing was lost, and what is held for you stays held. Try again in a moment."
                .to_owned(),
        ),
        Refused::Unclear(error) => {
            tracing::error!(%error, "a service's answer is not understood");
            let text = "Our fault: two parts of the shop misunderstand each other. Your basket and your orders are safe. Try again later.";
            (StatusCode::INTERNAL_SERVER_ERROR, "That did not work", text.to_owned())
        }
    };
    let mut response = shown_as(store, visitor, status, &Fault::new(store, visitor, heading, text));
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

/// A form that was not drawn for this browser.
pub(crate) fn foreign_form(store: &Storefront, visitor: &Visitor) -> Response {
    let text = "This form is too old, or comes from another site, or cookies are switched off. Nothing was changed. Go back, load the \
                page again, and send it once more.";
    shown_as(store, visitor, StatusCode::FORBIDDEN, &Fault::new(store, visitor, "Please send that once more", text))
}
