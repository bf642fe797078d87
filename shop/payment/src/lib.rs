//! The payment service: the way to the external gateway. It alone knows the gateway's dialect; what it says to other
//! services is whether the money of an attempt is there.

pub mod api;
pub mod audit;
mod card_entry;
pub mod dialect;
mod gateway;
mod handlers;
pub mod payment;
mod store;

use axum::Router;
use contracts::payment::{
    CallGateway, PaymentCancelled, PaymentDeclined, PaymentNeedsAction, PaymentRefunded, PaymentSucceeded, RefundFailed,
};
use messaging::http::{Access, Class, RouteEntry, Routes};
use messaging::{Endpoint, Service};
use storage::Migrations;

pub use api::CardEntry;
pub use card_entry::{CardEntryAsked, CardEntryLink};
pub use gateway::{AskGateway, GatewayClient};

/// The service's tables.
pub const MIGRATIONS: Migrations =
    Migrations { set: "payment", files: &[("0001_payment.sql", include_str!("../migrations/0001_payment.sql"))] };

/// The endpoint. Whatever leaves the process is one external call, [`AskGateway`].
#[must_use]
pub fn endpoint(client: GatewayClient) -> Endpoint {
    Endpoint::new("payment")
        .migrations(MIGRATIONS)
        .handle(handlers::request_payment)
        .handle(handlers::cancel_payment)
        .handle(handlers::refund_payment)
        .handle(handlers::call_gateway)
        .call(move |call, request| gateway::ask(client.clone(), call, request), handlers::record_answer)
        .sends::<CallGateway>()
        .publishes::<PaymentSucceeded>()
        .publishes::<PaymentDeclined>()
        .publishes::<PaymentCancelled>()
        .publishes::<PaymentNeedsAction>()
        .publishes::<PaymentRefunded>()
        .publishes::<RefundFailed>()
}

/// The routes below `/api/payment`, and the table of who may call them. `card_entry` is what a buyer's page is told; links
/// to the gateway's page for cards lead where `client` does.
pub fn routes(service: Service, access: Access, card_entry: CardEntry, client: GatewayClient) -> (Router, Vec<RouteEntry>) {
    Routes::new(access)
        .get("/openapi.json", Class::Public, api::openapi)
        .get("/card-entry", Class::Public, api::show_card_entry)
        .post("/card-entries", Class::Service, api::open_card_entry)
        .get("/orders/{id}/payments", Class::Organiser, api::payments)
        .finish(api::Api { service, card_entry, client })
}
