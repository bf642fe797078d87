//! HTTP: where a buyer's card becomes a payment method, and the organiser's view of an order's attempts.

use axum::Json;
use axum::extract::State;
use contracts::OrderId;
use hosting::Timestamp;
use messaging::Service;
use messaging::http::{Change, Path, Problem};
use serde::{Deserialize, Serialize};
use storage::Tx;
use utoipa::{OpenApi, ToSchema};

use crate::card_entry::{CardEntryAsked, CardEntryLink};
use crate::gateway::GatewayClient;
use crate::payment::{Payment, PaymentState};
use crate::store::{self, HistoryRow};

/// How many decisions are shown of an attempt: the latest.
const HISTORY_MAX: u32 = 100;

/// Where a card becomes a payment method: at the gateway, never here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CardEntry {
    pub gateway_url: String,
    /// Opens nothing but the making of payment methods.
    pub publishable_key: String,
}

/// All attempts to pay an order, in order; none where nothing was to be paid yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Payments {
    pub payments: Vec<PaymentView>,
}

/// One attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PaymentView {
    pub attempt: u32,
    /// `creating`, `confirming`, `unknown`, `authenticating`, `closing`, `cancelling`, `cancelled`, `declined`, `succeeded`,
    /// `refunding` or `refunded`.
    pub state: String,
    /// Why it was declined.
    pub reason: Option<String>,
    /// Minor units; nothing where the attempt was cancelled before it was requested.
    pub amount_minor: Option<i64>,
    /// ISO 4217.
    pub currency: Option<String>,
    /// The gateway's id of the payment intent.
    pub intent: Option<String>,
    /// The latest decisions, at most 100, oldest first.
    pub history: Vec<DecisionView>,
}

/// What reached an attempt, and the state it led to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DecisionView {
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// The name of the message, or a call's key and what was answered.
    pub input: String,
    pub to: String,
}

/// What the routes share.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) service: Service,
    pub(crate) card_entry: CardEntry,
    pub(crate) client: GatewayClient,
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Payment", description = "The way to the payment gateway."),
    servers((url = "/api/payment")),
    paths(show_card_entry, open_card_entry, payments)
)]
struct Document;

pub(crate) async fn openapi() -> Json<utoipa::openapi::OpenApi> {
    Json(Document::openapi())
}

/// Where a card becomes a payment method.
#[utoipa::path(get, path = "/card-entry", responses((status = 200, body = CardEntry)))]
pub(crate) async fn show_card_entry(State(api): State<Api>) -> Json<CardEntry> {
    Json(api.card_entry)
}

/// A link to the page of the gateway on which a buyer types a card.
#[utoipa::path(post, path = "/card-entries", request_body = CardEntryAsked, responses(
    (status = 200, body = CardEntryLink), (status = 422, description = "`invalid-value`: a value, told as `field`, does not fit")
))]
pub(crate) async fn open_card_entry(State(api): State<Api>, change: Change<CardEntryAsked>) -> Result<Json<CardEntryLink>, Problem> {
    change.body.link(&api.client, api.service.now()).map(Json)
}

/// All attempts to pay an order.
#[utoipa::path(get, path = "/orders/{id}/payments", params(("id" = String, Path, description = "the order's id")), responses(
    (status = 200, body = Payments)
))]
pub(crate) async fn payments(State(api): State<Api>, Path(id): Path<OrderId>) -> Result<Json<Payments>, Problem> {
    Ok(Json(api.service.read(move |tx| payments_of(tx, id)).await?))
}

/// All attempts to pay that order.
///
/// # Errors
/// Those of the database.
pub fn payments_of(tx: &mut Tx<'_>, order_id: OrderId) -> Result<Payments, Problem> {
    let mut payments = Vec::new();
    for payment in store::payments_of(tx, order_id)? {
        let history = store::history(tx, order_id, payment.attempt, HISTORY_MAX)?;
        payments.push(PaymentView::new(&payment, history));
    }
    Ok(Payments { payments })
}

impl PaymentView {
    fn new(payment: &Payment, history: Vec<HistoryRow>) -> Self {
        let amount = payment.charge.as_ref().map(|charge| charge.amount);
        let reason = match &payment.state {
            PaymentState::Closing { reason } | PaymentState::Declined { reason } => Some(reason.clone()),
            _ => None,
        };
        Self {
            attempt: payment.attempt,
            state: payment.state.name().to_owned(),
            reason,
            amount_minor: amount.map(|amount| amount.amount_minor),
            currency: amount.map(|amount| amount.currency.to_string()),
            intent: payment.intent.clone(),
            history: history.into_iter().map(|row| DecisionView { at: row.at, input: row.input, to: row.to_state }).collect(),
        }
    }
}
