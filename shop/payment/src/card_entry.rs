//! The signed link to the gateway's own page for cards. Whoever changes a part of it, such as where the page leads back
//! to, has a link that does not open. How it is signed is the gateway's rule: `docs/http.md`.

use std::time::Duration;

use contracts::Currency;
use form_urlencoded::Serializer;
use hmac::{Hmac, KeyInit, Mac};
use hosting::Timestamp;
use messaging::http::Problem;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use utoipa::ToSchema;

use crate::gateway::GatewayClient;

/// How long a link opens the page; the gateway takes an hour at most.
const OPEN_FOR: Duration = Duration::from_secs(30 * 60);
/// How long the address to return to may be, in bytes.
const RETURN_URL_BYTES_MAX: usize = 2_000;
/// How long the title may be, in characters.
const TITLE_CHARS_MAX: usize = 200;
/// What the gateway charges at most, in hundredths.
const AMOUNT_MAX: i64 = 99_999_999;

/// For what a card is to be typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CardEntryAsked {
    /// Where the page leads back to: an absolute http or https address of at most 2,000 bytes. `payment_method`, `brand`
    /// and `last4` are added to its query, or `card=cancelled`.
    pub return_url: String,
    /// What is paid for, as the page shows it: at most 200 characters.
    pub title: String,
    /// What is going to be paid: 1 to 99,999,999 hundredths. The page shows it, and charges nothing.
    pub amount_minor: i64,
    /// ISO 4217.
    #[schema(value_type = String)]
    pub currency: Currency,
}

/// A link to the gateway's page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CardEntryLink {
    /// Where to send the buyer.
    pub url: String,
    /// From when on it opens no more.
    #[schema(value_type = String)]
    pub expires: Timestamp,
}

impl CardEntryAsked {
    /// The link, which opens from `now` on for half an hour.
    ///
    /// # Errors
    /// 422 `invalid-value` with `field`.
    pub(crate) fn link(&self, client: &GatewayClient, now: Timestamp) -> Result<CardEntryLink, Problem> {
        self.check()?;
        let seconds = now.plus(OPEN_FOR).as_millis() / 1_000;
        let signed = Serializer::new(String::new())
            .append_pair("return_url", &self.return_url)
            .append_pair("title", &self.title)
            .append_pair("amount_minor", &self.amount_minor.to_string())
            .append_pair("currency", self.currency.as_str())
            .append_pair("expires", &seconds.to_string())
            .finish();
        let url = format!("{}/card-entry?{signed}&signature={}", client.base_url(), signature(client.secret_key(), &signed));
        Ok(CardEntryLink { url, expires: Timestamp::from_micros(seconds * 1_000_000) })
    }

    fn check(&self) -> Result<(), Problem> {
        if !is_address(&self.return_url) {
            let expected = format!("`return_url` must be an absolute http or https address of at most {RETURN_URL_BYTES_MAX} bytes");
            return Err(invalid("return_url", expected));
        }
        let chars = self.title.chars().count();
        if self.title.trim().is_empty() || chars > TITLE_CHARS_MAX || self.title.chars().any(char::is_control) {
            return Err(invalid("title", format!("`title` must have 1 to {TITLE_CHARS_MAX} characters on one line; it has {chars}")));
        }
        if !(1..=AMOUNT_MAX).contains(&self.amount_minor) {
            return Err(invalid("amount_minor", format!("`amount_minor` must be from 1 to {AMOUNT_MAX}; it is {}", self.amount_minor)));
        }
        Ok(())
    }
}

fn invalid(field: &str, detail: String) -> Problem {
    Problem::unprocessable("invalid-value", detail).with("field", field)
}

/// Whether a browser can be sent there: scheme, host, and no user's name; visible ASCII throughout.
fn is_address(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let authority = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
    let is_authority = !authority.is_empty() && authority.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]_".contains(&byte));
    is_authority && url.len() <= RETURN_URL_BYTES_MAX && url.bytes().all(|byte| byte.is_ascii_graphic())
}

#[expect(clippy::expect_used, reason = "invariant")]
fn signature(key: &[u8], signed: &str) -> String {
    let key = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    let code = key.chain_update(signed.as_bytes()).finalize().into_bytes();
    code.iter().map(|byte| format!("{byte:02x}")).collect()
}
