//! What a browser is remembered by: a visit, which its forms must name (so that another site's form changes nothing here),
//! the basket it fills, and who it said it is while it checks out. Cookies, and nothing kept on the server.

use axum::extract::FromRequestParts;
use hosting::Outside;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, header};
use uuid::Uuid;

use crate::Storefront;

/// A basket is remembered for so long, in seconds: longer than any hold, for what was put in before.
const BASKET_SECONDS: u32 = 7 * 86_400;
/// Name and address, for a checkout that is under way.
const BUYER_SECONDS: u32 = 3_600;

/// Who asks.
#[derive(Debug, Clone)]
pub(crate) struct Visitor {
    /// Named by every form of this browser.
    pub(crate) visit: String,
    /// It is new, and to be set.
    fresh: bool,
    /// The basket's secret.
    pub(crate) basket: Option<String>,
    /// What was typed at checkout.
    pub(crate) buyer: Option<Buyer>,
    /// Where this browser finds the shop: `https://tickets.example.org`.
    pub(crate) shop_url: String,
    secure: bool,
}

/// Who buys, as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Buyer {
    pub(crate) name: String,
    pub(crate) email: String,
}

impl FromRequestParts<Storefront> for Visitor {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &Storefront) -> Result<Self, Self::Rejection> {
        Ok(Self::of(&parts.headers, &state.outside))
    }
}

impl Visitor {
    fn of(headers: &HeaderMap, outside: &Outside) -> Self {
        let known = cookie(headers, "visit").and_then(|value| Uuid::parse_str(&value).ok());
        let visit = known.unwrap_or_else(|| outside.entropy.secret());
        let basket = cookie(headers, "basket").and_then(|value| Uuid::parse_str(&value).ok());
        // A proxy that ends TLS says so; the shop itself speaks plain HTTP.
        let secure = headers.get("x-forwarded-proto").is_some_and(|scheme| scheme == "https");
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
        Self {
            visit: visit.to_string(),
            fresh: known.is_none(),
            basket: basket.map(|id| id.to_string()),
            buyer: cookie(headers, "buyer").and_then(|value| Buyer::from_cookie(&value)),
            shop_url: format!("{}://{host}", if secure { "https" } else { "http" }),
            secure,
        }
    }

    /// Whether a form with this field was drawn for this browser.
    pub(crate) fn drew(&self, visit_field: &str) -> bool {
        !self.fresh && self.visit == visit_field
    }

    /// Sets the visit's cookie if it is new.
    pub(crate) fn remembered(&self, headers: &mut HeaderMap) {
        if self.fresh {
            self.set(headers, "visit", &self.visit, "/", None);
        }
    }

    pub(crate) fn remember_basket(&self, headers: &mut HeaderMap, basket: &str) {
        self.set(headers, "basket", basket, "/", Some(BASKET_SECONDS));
    }

    pub(crate) fn forget_basket(&self, headers: &mut HeaderMap) {
        self.set(headers, "basket", "", "/", Some(0));
    }

    pub(crate) fn remember_buyer(&self, headers: &mut HeaderMap, buyer: &Buyer) {
        self.set(headers, "buyer", &buyer.to_cookie(), "/checkout", Some(BUYER_SECONDS));
    }

    pub(crate) fn forget_buyer(&self, headers: &mut HeaderMap) {
        self.set(headers, "buyer", "", "/checkout", Some(0));
    }

    fn set(&self, headers: &mut HeaderMap, name: &str, value: &str, path: &str, seconds: Option<u32>) {
        let age = seconds.map_or(String::new(), |seconds| format!("; Max-Age={seconds}"));
        let secure = if self.secure { "; Secure" } else { "" };
        let cookie = format!("{name}={value}; Path={path}; HttpOnly; SameSite=Lax{age}{secure}");
        if let Ok(value) = HeaderValue::from_str(&cookie) {
            headers.append(header::SET_COOKIE, value);
        }
    }
}

impl Buyer {
    fn to_cookie(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).append_pair("name", &self.name).append_pair("email", &self.email).finish()
    }

    fn from_cookie(value: &str) -> Option<Self> {
        let field = |name: &str| form_urlencoded::parse(value.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        Some(Self { name: field("name")?, email: field("email")? })
    }
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let pairs = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(';'));
    pairs.filter_map(|pair| pair.trim().split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
}
