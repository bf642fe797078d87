//! Payment intents: created, looked at, confirmed, cancelled.

use axum::extract::State;
use axum::response::Response;
use hosting::Timestamp;
use storage::Tx;

use super::Page;
use crate::answer::{Answer, Delivery};
use crate::call::{Call, WithSecretKey};
use crate::cards::{Behaviour, SLOW};
use crate::error::ApiError;
use crate::form::Form;
use crate::gateway::Gateway;
use crate::intents::{AMOUNT_MAX, CANCELLATION_REASONS, Intent, PaymentMethod, Status};
use crate::store;

const OBJECT: &str = "payment_intent";

pub(super) async fn create(State(gateway): State<Gateway>, WithSecretKey(call): WithSecretKey) -> Result<Response, ApiError> {
    let (now, once) = (gateway.now(), call.once(""));
    let intent = read_intent(call.form, gateway.id("pi", now), now)?;
    let work = move |tx: &mut Tx<'_>| {
        if let Some(id) = &intent.payment_method
            && store::method(tx, id)?.is_none()
        {
            return Ok(unknown_method(id));
        }
        store::add_intent(tx, &intent)?;
        Ok(Answer::ok(&intent.object()))
    };
    Ok(gateway.change(now, once, work).await)
}

pub(super) async fn list(State(gateway): State<Gateway>, WithSecretKey(call): WithSecretKey) -> Result<Response, ApiError> {
    let mut form = call.form;
    let page = Page::read(&mut form)?;
    form.finish()?;
    let work = move |tx: &mut Tx<'_>| {
        let found = store::intents(tx, &page.stretch())?;
        Ok(page.answer(OBJECT, "/v1/payment_intents", found.map(|intents| intents.iter().map(Intent::object).collect())))
    };
    Ok(gateway.look(work).await)
}

pub(super) async fn retrieve(State(gateway): State<Gateway>, WithSecretKey(call): WithSecretKey) -> Result<Response, ApiError> {
    let Call { id, form, .. } = call;
    form.finish()?;
    let work = move |tx: &mut Tx<'_>| {
        let found = store::intent(tx, &id)?;
        Ok(found.map_or_else(|| ApiError::missing(OBJECT, &id).answer(), |intent| Answer::ok(&intent.object())))
    };
    Ok(gateway.look(work).await)
}

pub(super) async fn confirm(State(gateway): State<Gateway>, WithSecretKey(call): WithSecretKey) -> Result<Response, ApiError> {
    let (now, once) = (gateway.now(), call.once(""));
    let Call { id, mut form, .. } = call;
    let named = form.text("payment_method")?;
    form.finish()?;
    let charge_id = gateway.id("ch", now);
    let work = move |tx: &mut Tx<'_>| {
        let Some(mut intent) = store::intent_to_change(tx, &id)? else { return Ok(ApiError::missing(OBJECT, &id).answer()) };
        let method_id = match intent.method_to_confirm(named.as_deref()) {
            Ok(method_id) => method_id,
            Err(refusal) => return Ok(refusal.answer()),
        };
        let Some(method) = store::method(tx, &method_id)? else { return Ok(unknown_method(&method_id)) };
        let charge = intent.charge(&method, charge_id.clone(), now);
        store::add_charge(tx, &charge)?;
        store::change_intent(tx, &intent)?;
        Ok(confirmed(&intent, &method))
    };
    Ok(gateway.change(now, once, work).await)
}

pub(super) async fn cancel(State(gateway): State<Gateway>, WithSecretKey(call): WithSecretKey) -> Result<Response, ApiError> {
    let (now, once) = (gateway.now(), call.once(""));
    let Call { id, mut form, .. } = call;
    let reason = form.choice("cancellation_reason", &CANCELLATION_REASONS)?;
    form.finish()?;
    let work = move |tx: &mut Tx<'_>| {
        let Some(mut intent) = store::intent_to_change(tx, &id)? else { return Ok(ApiError::missing(OBJECT, &id).answer()) };
        if let Err(refusal) = intent.cancel(reason.clone(), now) {
            return Ok(refusal.answer());
        }
        store::change_intent(tx, &intent)?;
        Ok(Answer::ok(&intent.object()))
    };
    Ok(gateway.change(now, once, work).await)
}

/// How the card wants the confirm to be answered.
fn confirmed(intent: &Intent, method: &PaymentMethod) -> Answer {
    let succeeded = Answer::ok(&intent.object());
    match method.card.behaviour {
        Behaviour::Succeeds => succeeded,
        Behaviour::Declines(decline) => intent.declined(decline).answer(),
        Behaviour::AnswersLate => succeeded.delivered(Delivery::After(SLOW)),
        Behaviour::DropsConnection => succeeded.delivered(Delivery::Never),
        Behaviour::AnswersError => ApiError::internal("An unknown error occurred.").answer(),
    }
}

fn read_intent(mut form: Form, id: String, created: Timestamp) -> Result<Intent, ApiError> {
    let amount = form.required_integer("amount", 1..=AMOUNT_MAX)?;
    let currency = form.required("currency")?.to_ascii_lowercase();
    if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return Err(ApiError::invalid("Invalid currency: give the three letters of ISO 4217, such as eur.").param("currency"));
    }
    let payment_method = form.text("payment_method")?;
    let metadata = form.metadata()?;
    form.only("payment_method_types", "card")?;
    form.finish()?;
    Ok(Intent {
        id,
        amount,
        currency,
        status: if payment_method.is_some() { Status::RequiresConfirmation } else { Status::RequiresPaymentMethod },
        payment_method,
        metadata,
        latest_charge: None,
        last_decline: None,
        cancellation_reason: None,
        created,
        canceled_at: None,
    })
}

fn unknown_method(id: &str) -> Answer {
    ApiError::names_missing("payment_method", id).param("payment_method").answer()
}
