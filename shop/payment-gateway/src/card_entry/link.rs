//! The link that opens the page. Only the holder of the secret key can make one, so the page sends nobody anywhere but
//! where the shop wanted. Signed is the query `return_url=…&title=…&amount_minor=…&currency=…&expires=…`, form-encoded
//! in this order: HMAC-SHA256 under the secret key, in hexadecimal.

use form_urlencoded::Serializer;
use hmac::{Hmac, Mac};
use hosting::Timestamp;
use sha2::Sha256;

use crate::intents::AMOUNT_MAX;

/// How far ahead a link may expire, in seconds.
const LIFE_SECONDS_MAX: i64 = 3_600;
/// How long the address to return to may be, in bytes.
const RETURN_URL_BYTES_MAX: usize = 2_000;
/// How long the title may be, in characters.
const TITLE_CHARS_MAX: usize = 200;
/// What is signed, in this order.
const SIGNED: [&str; 5] = ["return_url", "title", "amount_minor", "currency", "expires"];

/// What a link says that the secret key has signed.
#[derive(Debug)]
pub(super) struct Link {
    return_url: String,
    /// `https://shop.example:8443`.
    pub(super) origin: String,
    pub(super) title: String,
    /// Hundredths of `currency`.
    pub(super) amount_minor: i64,
    pub(super) currency: String,
}

/// Why the page does not open.
#[derive(Debug)]
pub(super) enum Unopened {
    /// The link is not, or no longer, as the shop has made it.
    NotSigned,
    /// It is, and its time is over.
    Expired(Link),
}

impl Link {
    /// Reads the query of an address.
    pub(super) fn open(query: &str, key: Hmac<Sha256>, now: Timestamp) -> Result<Self, Unopened> {
        let (link, expires) = read(query, key).ok_or(Unopened::NotSigned)?;
        let left = expires.saturating_sub(now.as_millis() / 1_000);
        match left {
            ..=0 => Err(Unopened::Expired(link)),
            1..=LIFE_SECONDS_MAX => Ok(link),
            _ => Err(Unopened::NotSigned),
        }
    }

    /// The shop's address and port, as people read it.
    pub(super) fn shop(&self) -> &str {
        self.origin.split_once("://").map_or(self.origin.as_str(), |(_, authority)| authority)
    }

    /// The address to return to with `pairs` added to its query, whatever it has already.
    pub(super) fn back(&self, pairs: &[(&str, &str)]) -> String {
        let (address, fragment) = match self.return_url.split_once('#') {
            Some((address, fragment)) => (address, Some(fragment)),
            None => (self.return_url.as_str(), None),
        };
        let joint = match address.split_once('?') {
            None => "?",
            Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
            Some(_) => "&",
        };
        let added = Serializer::new(String::new()).extend_pairs(pairs).finish();
        let fragment = fragment.map(|fragment| format!("#{fragment}")).unwrap_or_default();
        format!("{address}{joint}{added}{fragment}")
    }
}

fn read(query: &str, key: Hmac<Sha256>) -> Option<(Link, i64)> {
    let mut pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let mut take = |name: &str| pairs.iter().position(|(key, _)| key == name).map(|at| pairs.swap_remove(at).1);
    let mut values = Vec::new();
    for name in SIGNED {
        values.push(take(name)?);
    }
    let signature = bytes(&take("signature")?)?;
    let signed = Serializer::new(String::new()).extend_pairs(SIGNED.iter().zip(&values)).finish();
    let is_signed = key.chain_update(signed.as_bytes()).verify_slice(&signature).is_ok();
    if !is_signed || !pairs.is_empty() {
        return None;
    }
    let [return_url, title, amount_minor, currency, expires]: [String; 5] = values.try_into().ok()?;
    let origin = origin(&return_url)?;
    let amount_minor = amount_minor.parse().ok().filter(|amount| (1..=AMOUNT_MAX).contains(amount))?;
    let is_currency = currency.len() == 3 && currency.bytes().all(|byte| byte.is_ascii_uppercase());
    let is_title = !title.trim().is_empty() && title.chars().count() <= TITLE_CHARS_MAX && !title.chars().any(char::is_control);
    let link = Link { return_url, origin, title, amount_minor, currency };
    (is_currency && is_title).then_some((link, expires.parse().ok()?))
}

/// Scheme, host and port of an absolute http or https address; nothing of any other text, nor of one with a user's name.
fn origin(url: &str) -> Option<String> {
    if url.len() > RETURN_URL_BYTES_MAX || !url.bytes().all(|byte| byte.is_ascii_graphic()) {
        return None;
    }
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let is_authority = !authority.is_empty() && authority.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]_".contains(&byte));
    (matches!(scheme, "http" | "https") && is_authority).then(|| format!("{scheme}://{authority}"))
}

/// What hexadecimal digits stand for.
fn bytes(hexadecimal: &str) -> Option<Vec<u8>> {
    if !hexadecimal.len().is_multiple_of(2) || !hexadecimal.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    (0..hexadecimal.len()).step_by(2).map(|at| u8::from_str_radix(hexadecimal.get(at..at + 2)?, 16).ok()).collect()
}
