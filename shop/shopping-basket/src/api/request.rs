//! What requests may say, and how it is read.

use contracts::payment::PaymentMethod;
use contracts::{EventId, TicketTypeId};
use messaging::http::Problem;
use serde::Deserialize;

use crate::basket::Buyer;

/// The longest address that mail can have.
const EMAIL_BYTES_MAX: usize = 254;
const NAME_CHARS_MAX: usize = 120;
/// The highest price that is worth reading, in minor units.
const PRICE_MINOR_MAX: i64 = 1_000_000_000;

/// A request without content: no body, `null` or `{}`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

#[derive(Debug, Clone, Copy, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AddLine {
    #[schema(value_type = String, format = "uuid")]
    pub(super) event_id: EventId,
    #[schema(value_type = String, format = "uuid")]
    pub(super) ticket_type_id: TicketTypeId,
    /// Places, at least one.
    pub(super) quantity: u32,
}

#[derive(Debug, Clone, Copy, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeLine {
    /// Places in all, at least one.
    pub(super) quantity: u32,
}

#[derive(Debug, Clone, Copy, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AcceptPrice {
    /// The price that was shown, in minor units.
    price_minor: Option<i64>,
}

/// The price that the buyer was shown, if the request says so.
pub(super) fn seen(body: Option<AcceptPrice>) -> Result<Option<i64>, Problem> {
    let seen = body.and_then(|body| body.price_minor);
    match seen {
        Some(minor) if !(0..=PRICE_MINOR_MAX).contains(&minor) => {
            Err(invalid("price_minor", &format!("must be 0 to {PRICE_MINOR_MAX}; it is {minor}")))
        }
        seen => Ok(seen),
    }
}

#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CheckOut {
    email: String,
    name: String,
    /// What the gateway calls a card that was entered there; not needed where there is nothing to pay.
    payment_method: Option<String>,
}

impl CheckOut {
    pub(super) fn buyer(self) -> Result<Buyer, Problem> {
        let (email, name) = (self.email.trim(), self.name.trim());
        if !is_address(email) {
            return Err(invalid("email", "must be a mail address such as ada@example.com"));
        }
        if name.is_empty() || name.chars().count() > NAME_CHARS_MAX || name.chars().any(char::is_control) {
            return Err(invalid("name", &format!("must have 1 to {NAME_CHARS_MAX} printable characters")));
        }
        let token = self.payment_method.filter(|token| !token.is_empty());
        let payment_method = token.map_or(Ok(PaymentMethod::none()), PaymentMethod::named);
        let payment_method = payment_method.map_err(|error| invalid("payment_method", &error.to_string()))?;
        Ok(Buyer { email: email.to_owned(), name: name.to_owned(), payment_method })
    }
}

fn is_address(text: &str) -> bool {
    let odd = text.chars().any(|c| c.is_control() || c.is_whitespace());
    let parts = text.split_once('@');
    !odd && text.len() <= EMAIL_BYTES_MAX && parts.is_some_and(|(user, host)| !user.is_empty() && !host.is_empty() && !host.contains('@'))
}

fn invalid(field: &'static str, rule: &str) -> Problem {
    Problem::unprocessable("invalid-value", format!("`{field}` {rule}")).with("field", field)
}
