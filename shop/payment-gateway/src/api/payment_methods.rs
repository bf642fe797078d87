//! Cards become payment methods. The number and the security code are read here and kept nowhere.

use axum::extract::State;
use axum::response::Response;

use crate::answer::Answer;
use crate::call::{Call, WithEitherKey, WithSecretKey};
use crate::cards::Card;
use crate::error::ApiError;
use crate::gateway::Gateway;
use crate::intents::PaymentMethod;
use crate::store;

pub(super) async fn create(State(gateway): State<Gateway>, WithEitherKey(mut call): WithEitherKey) -> Result<Response, ApiError> {
    let card = read_card(&mut call)?;
    // What the answer is kept under says nothing about the number but what is kept of it anyway.
    let once = call.once(&format!("{} {}", card.behaviour.name(), card.last4));
    let now = gateway.now();
    let mut form = call.form;
    if form.required("type")? != "card" {
        return Err(ApiError::invalid("Invalid type: only card is supported.").param("type"));
    }
    let exp_month = form.required_integer("card[exp_month]", 1..=12)?;
    // Not compared with today: what a card does is told by its number alone, also whether it has expired.
    let exp_year = match form.required_integer("card[exp_year]", 0..=9999)? {
        year @ 0..=99 => 2000 + year,
        year => year,
    };
    form.finish()?;
    let method = PaymentMethod { id: gateway.secret_id("pm"), card, exp_month, exp_year, created: now };
    let work = move |tx: &mut storage::Tx<'_>| {
        store::add_method(tx, &method)?;
        Ok(Answer::ok(&method.object()))
    };
    Ok(gateway.change(now, once, work).await)
}

pub(super) async fn retrieve(State(gateway): State<Gateway>, WithSecretKey(call): WithSecretKey) -> Result<Response, ApiError> {
    let Call { id, form, .. } = call;
    form.finish()?;
    let work = move |tx: &mut storage::Tx<'_>| {
        let found = store::method(tx, &id)?;
        Ok(found.map_or_else(|| ApiError::missing("payment_method", &id).answer(), |method| Answer::ok(&method.object())))
    };
    Ok(gateway.look(work).await)
}

/// Takes what must not be kept out of the form.
fn read_card(call: &mut Call) -> Result<Card, ApiError> {
    let number = call.form.required("card[number]")?;
    if let Some(cvc) = call.form.text("card[cvc]")?
        && !(matches!(cvc.len(), 3 | 4) && cvc.bytes().all(|byte| byte.is_ascii_digit()))
    {
        return Err(ApiError::card("invalid_cvc", "Your card's security code is invalid.").param("card[cvc]"));
    }
    Card::read(&number)
}
