//! The gateway's dialect (Stripe's): what is asked, as requests, and what the answers mean, in the payment's words.
//! Pure: it sends nothing.

use contracts::Money;
use contracts::payment::GatewayCall;
use http::{Method, StatusCode};
use serde_json::Value;

use crate::gateway::AskGateway;
use crate::payment::GatewayAnswer;

/// The longest id of an intent that is believed, in bytes.
const ID_BYTES_MAX: usize = 255;

/// A request to the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub method: Method,
    /// Path and query.
    pub path: String,
    /// The form-encoded body; empty for `GET`.
    pub form: String,
}

/// What to send. The payment method goes with each confirm: an intent that was declined has forgotten it.
#[must_use]
pub fn ask(asked: &AskGateway) -> Asked {
    let intent = asked.intent.as_deref().unwrap_or_default();
    let amount = asked.charge.amount;
    let (order, attempt) = (asked.call.order_id.to_string(), asked.call.attempt.to_string());
    match asked.call.call {
        GatewayCall::Create => {
            let (minor, currency) = (amount.amount_minor.to_string(), amount.currency.to_string().to_ascii_lowercase());
            let form = [("amount", minor), ("currency", currency), ("metadata[order_id]", order), ("metadata[attempt]", attempt)];
            post("/v1/payment_intents".to_owned(), &form)
        }
        GatewayCall::Confirm => {
            let form = [("payment_method", asked.charge.payment_method.to_string())];
            post(format!("/v1/payment_intents/{intent}/confirm"), &form)
        }
        GatewayCall::Cancel => post(format!("/v1/payment_intents/{intent}/cancel"), &[]),
        GatewayCall::Retrieve => get(format!("/v1/payment_intents/{intent}")),
        GatewayCall::Refund => {
            let (intent, minor) = (intent.to_owned(), amount.amount_minor.to_string());
            let form = [("payment_intent", intent), ("amount", minor), ("metadata[order_id]", order), ("metadata[attempt]", attempt)];
            post("/v1/refunds".to_owned(), &form)
        }
        GatewayCall::LookUpRefund => get(format!("/v1/refunds?limit=100&payment_intent={intent}")),
    }
}

/// What an answer means. `amount` is what the payment charges.
#[must_use]
pub fn read(call: GatewayCall, amount: Money, status: StatusCode, body: &[u8]) -> GatewayAnswer {
    let document: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    match status.as_u16() {
        200..=299 => read_success(call, amount, &document),
        409 | 429 => GatewayAnswer::NoAnswer,
        400..=499 => read_refusal(call, &document["error"]),
        _ => GatewayAnswer::ServerError,
    }
}

fn read_success(call: GatewayCall, amount: Money, document: &Value) -> GatewayAnswer {
    match call {
        GatewayCall::Create => document["id"]
            .as_str()
            .filter(|id| is_id(id))
            .map_or(GatewayAnswer::NoAnswer, |id| GatewayAnswer::Created { intent: id.to_owned() }),
        GatewayCall::Confirm | GatewayCall::Retrieve | GatewayCall::Cancel => read_intent(document),
        GatewayCall::Refund => read_refund(document),
        GatewayCall::LookUpRefund => read_refunds(amount, document),
    }
}

/// How an intent stands, by its own word. One that waits for a payment method was declined if it says why.
fn read_intent(intent: &Value) -> GatewayAnswer {
    let declined = &intent["last_payment_error"];
    match intent["status"].as_str() {
        Some("succeeded") => GatewayAnswer::Succeeded,
        Some("canceled") => GatewayAnswer::Cancelled,
        Some("requires_payment_method") if declined.is_object() => GatewayAnswer::Declined { reason: reason(declined) },
        Some("requires_payment_method" | "requires_confirmation") => GatewayAnswer::ToConfirm,
        Some("requires_action") => match intent["next_action"]["redirect_to_url"]["url"].as_str() {
            Some(url) => GatewayAnswer::NeedsAction { url: url.to_owned() },
            None => GatewayAnswer::NoAnswer,
        },
        _ => GatewayAnswer::NoAnswer,
    }
}

fn read_refund(refund: &Value) -> GatewayAnswer {
    match refund["status"].as_str() {
        Some("succeeded") => GatewayAnswer::Refunded,
        Some(status @ ("failed" | "canceled")) => {
            GatewayAnswer::Refused { reason: refund["failure_reason"].as_str().unwrap_or(status).to_owned() }
        }
        _ => GatewayAnswer::NoAnswer,
    }
}

/// The list of an intent's refunds: all returned, some of it under way, or nothing.
fn read_refunds(amount: Money, list: &Value) -> GatewayAnswer {
    let Some(refunds) = list["data"].as_array() else { return GatewayAnswer::NoAnswer };
    let returned = refunds.iter().filter(|refund| refund["status"] == "succeeded").filter_map(|refund| refund["amount"].as_i64());
    if returned.fold(0, i64::saturating_add) >= amount.amount_minor {
        GatewayAnswer::Refunded
    } else if refunds.iter().any(|refund| refund["status"] == "pending") {
        GatewayAnswer::NoAnswer
    } else {
        GatewayAnswer::NotRefunded
    }
}

/// A 4xx. One because the intent has already succeeded or is cancelled, or the charge is already refunded, counts as
/// that answer; a card error is a decline; anything else is a refusal.
fn read_refusal(call: GatewayCall, error: &Value) -> GatewayAnswer {
    let refund = matches!(call, GatewayCall::Refund | GatewayCall::LookUpRefund);
    if refund && error["code"] == "charge_already_refunded" {
        return GatewayAnswer::Refunded;
    }
    match error["payment_intent"]["status"].as_str().filter(|_| !refund) {
        Some("succeeded") => GatewayAnswer::Succeeded,
        Some("canceled") => GatewayAnswer::Cancelled,
        Some("processing") => GatewayAnswer::NoAnswer,
        Some("requires_action") => read_intent(&error["payment_intent"]),
        _ if error["type"] == "card_error" => GatewayAnswer::Declined { reason: reason(error) },
        _ => GatewayAnswer::Refused { reason: reason(error) },
    }
}

/// The most telling code of an error object.
fn reason(error: &Value) -> String {
    let codes = ["decline_code", "code", "type"];
    let code = codes.iter().find_map(|name| error[*name].as_str().filter(|code| is_id(code)));
    code.unwrap_or("refused").to_owned()
}

/// Ids go into paths, and codes into messages: plain words only.
fn is_id(text: &str) -> bool {
    (1..=ID_BYTES_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

fn get(path: String) -> Asked {
    Asked { method: Method::GET, path, form: String::new() }
}

fn post(path: String, fields: &[(&str, String)]) -> Asked {
    let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    Asked { method: Method::POST, path, form }
}
