//! Entering a card: from the customer to the gateway, never to the shop.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};

use crate::ask::{Asked, Client};
use crate::journey::End;

const PAUSE: Duration = Duration::from_millis(200);
/// Those of the stand-in gateway's cards that are declined when they are charged.
const DECLINED: &[&str] =
    &["4000000000000002", "4000000000009995", "4000000000000069", "4000000000000127", "4000000000000119", "4000002500003155"];

/// Whether a customer with this card has to expect that it is declined.
#[must_use]
pub fn is_to_be_declined(number: &str) -> bool {
    DECLINED.contains(&digits(number).as_str())
}

/// Has the card turned into a payment method, and answers that one's name.
///
/// # Errors
/// [`End::WrongUse`] if the gateway does not know such a card; [`End::Unresolved`] if shop or gateway do not answer.
pub async fn enter_card(client: &Client, number: &str) -> Result<String, End> {
    let number = digits(number);
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(End::WrongUse("a card number consists of digits".to_owned()));
    }
    let entry = client.get("/api/payment/card-entry").await.map_err(|gave| End::Unresolved(gave.to_string()))?;
    let (Some(url), Some(key)) = (entry.body["gateway_url"].as_str(), entry.body["publishable_key"].as_str()) else {
        return Err(End::Unresolved(format!("the shop does not say where cards are entered: {}", entry.detail())));
    };
    let form = format!("type=card&card[number]={number}&card[exp_month]=12&card[exp_year]=2039&card[cvc]=123");
    let began = client.outside.clock.monotonic();
    loop {
        let request = request(url, key, &form).map_err(|error| End::Unresolved(error.to_string()))?;
        if let Ok(answer) = client.send(request).await
            && !answer.status.is_server_error()
        {
            return taken(&answer);
        }
        if client.outside.clock.monotonic() - began >= client.patience {
            return Err(End::Unresolved(format!("the gateway did not answer for {} s", client.patience.as_secs())));
        }
        client.outside.clock.sleep(PAUSE).await;
    }
}

fn request(url: &str, key: &str, form: &str) -> Result<Request<Bytes>, http::Error> {
    Request::builder()
        .method(Method::POST)
        .uri(format!("{url}/v1/payment_methods"))
        .header("authorization", format!("Bearer {key}"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Bytes::from(form.to_owned()))
}

fn taken(answer: &Asked) -> Result<String, End> {
    match answer.body["id"].as_str() {
        Some(id) if answer.status.is_success() => Ok(id.to_owned()),
        _ => {
            let message = answer.body["error"]["message"].as_str().unwrap_or("no reason given");
            Err(End::WrongUse(format!("the gateway does not take this card: {message}")))
        }
    }
}

/// As people write it, with spaces and hyphens.
fn digits(number: &str) -> String {
    number.chars().filter(|c| !matches!(c, ' ' | '-')).collect()
}
