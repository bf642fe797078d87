//! Refunds: created, looked at.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use storage::Tx;

use super::Page;
use crate::answer::Answer;
use crate::call::{Call, WithSecretKey};
use crate::error::ApiError;
use crate::form::Form;
use crate::gateway::Gateway;
use crate::intents::AMOUNT_MAX;
use crate::refunds::{REASONS, Refund};
use crate::store::{self, RefundsOf};

const OBJECT: &str = "refund";

/// What is to be refunded: a charge, by its id or by its payment intent's.
enum Target {
    Intent(String),
    Charge(String),
}

struct Wanted {
    target: Target,
    amount: Option<i64>,
    reason: Option<String>,
    metadata: BTreeMap<String, String>,
}

pub(super) async fn create(State(gateway): State<Gateway>, WithSecretKey(call): WithSecretKey) -> Result<Response, ApiError> {
    let (now, once) = (gateway.now(), call.once(""));
    let wanted = Wanted::read(call.form)?;
    let refund_id = gateway.id("re", now);
    let work = move |tx: &mut Tx<'_>| {
        let charge_id = match charge_of(tx, &wanted.target)? {
            Ok(charge_id) => charge_id,
            Err(refusal) => return Ok(refusal.answer()),
        };
        let Some(mut charge) = store::charge_to_change(tx, &charge_id)? else {
            return Ok(ApiError::names_missing("charge", &charge_id).param("charge").answer());
        };
        let amount = match charge.give_back(wanted.amount) {
            Ok(amount) => amount,
            Err(refusal) => return Ok(refusal.answer()),
        };
        let refund = Refund {
            id: refund_id.clone(),
            charge: charge.id.clone(),
            payment_intent: charge.payment_intent.clone(),
            amount,
            currency: charge.currency.clone(),
            reason: wanted.reason.clone(),
            metadata: wanted.metadata.clone(),
            created: now,
        };
        store::add_refund(tx, &charge, &refund)?;
        Ok(Answer::ok(&refund.object()))
    };
    Ok(gateway.change(now, once, work).await)
}

pub(super) async fn list(State(gateway): State<Gateway>, WithSecretKey(call): WithSecretKey) -> Result<Response, ApiError> {
    let mut form = call.form;
    let page = Page::read(&mut form)?;
    let of = match (form.text("payment_intent")?, form.text("charge")?) {
        (None, None) => RefundsOf::All,
        (Some(id), None) => RefundsOf::Intent(id),
        (None, Some(id)) => RefundsOf::Charge(id),
        (Some(_), Some(_)) => return Err(ApiError::invalid("Give payment_intent or charge, not both.").param("charge")),
    };
    form.finish()?;
    let work = move |tx: &mut Tx<'_>| {
        let found = store::refunds(tx, &of, &page.stretch())?;
        Ok(page.answer(OBJECT, "/v1/refunds", found.map(|refunds| refunds.iter().map(Refund::object).collect())))
    };
    Ok(gateway.look(work).await)
}

pub(super) async fn retrieve(State(gateway): State<Gateway>, WithSecretKey(call): WithSecretKey) -> Result<Response, ApiError> {
    let Call { id, form, .. } = call;
    form.finish()?;
    let work = move |tx: &mut Tx<'_>| {
        let found = store::refund(tx, &id)?;
        Ok(found.map_or_else(|| ApiError::missing(OBJECT, &id).answer(), |refund| Answer::ok(&refund.object())))
    };
    Ok(gateway.look(work).await)
}

impl Wanted {
    fn read(mut form: Form) -> Result<Self, ApiError> {
        let target = match (form.text("payment_intent")?, form.text("charge")?) {
            (Some(id), None) => Target::Intent(id),
            (None, Some(id)) => Target::Charge(id),
            (None, None) | (Some(_), Some(_)) => {
                let message = "Give exactly one of payment_intent and charge: what is to be refunded.";
                return Err(ApiError::invalid(message).code("parameter_missing").param("payment_intent"));
            }
        };
        let amount = form.integer("amount", 1..=AMOUNT_MAX)?;
        let reason = form.choice("reason", &REASONS)?;
        let metadata = form.metadata()?;
        form.finish()?;
        Ok(Self { target, amount, reason, metadata })
    }
}

/// The id of the charge that is meant.
fn charge_of(tx: &mut Tx<'_>, target: &Target) -> Result<Result<String, ApiError>, store::Error> {
    let id = match target {
        Target::Charge(id) => return Ok(Ok(id.clone())),
        Target::Intent(id) => id,
    };
    let Some(intent) = store::intent(tx, id)? else {
        return Ok(Err(ApiError::names_missing("payment_intent", id).param("payment_intent")));
    };
    Ok(intent.captured_charge().ok_or_else(|| {
        let message = format!("This PaymentIntent ({id}) does not have a successful charge to refund.");
        ApiError::invalid(message).param("payment_intent")
    }))
}
