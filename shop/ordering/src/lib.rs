//! The ordering service: what was bought, and each order's way to its end. An order is a saga; the messages it decides
//! about are listed here.

pub mod api;
pub mod audit;
mod catalog;
pub mod copies;
mod handlers;
pub mod order;
mod store;

use axum::Router;
use contracts::box_office::{IssueTickets, ReleaseOrder, SecureTickets, TicketsIssued, TicketsSecured, TicketsUnavailable};
use contracts::ordering::{
    CancelOrderOfEvent, CancelOrdersOfEvent, GiveUp, OrderCancelled, OrderPaid, OrderPlaced, OrderRefunded, PaymentDeadline, PlaceOrder,
    SecuringDeadline,
};
use contracts::payment::{
    CancelPayment, PaymentCancelled, PaymentDeclined, PaymentNeedsAction, PaymentRefunded, PaymentSucceeded, RefundPayment, RequestPayment,
};
use messaging::http::{Access, Class, RouteEntry, Routes};
use messaging::{Endpoint, Missing, Service};
use storage::Migrations;

pub use catalog::KnownEvent;

/// The service's tables.
pub const MIGRATIONS: Migrations = Migrations {
    set: "ordering",
    files: &[
        ("0001_ordering.sql", include_str!("../migrations/0001_ordering.sql")),
        ("0002_events.sql", include_str!("../migrations/0002_events.sql")),
    ],
};

/// The endpoint: an order decides about everything but what the catalogue says of an event, which concerns many orders.
#[must_use]
pub fn endpoint() -> Endpoint {
    let endpoint = Endpoint::new("ordering")
        .migrations(MIGRATIONS)
        .on(handlers::event_renamed)
        .on(handlers::event_rescheduled)
        .on(handlers::event_cancelled)
        .handle(handlers::cancel_orders_of_event)
        .saga::<order::Order>(|routes| {
            routes
                .starts_knowing(|msg: &PlaceOrder| msg.order_id, catalog::cancelled_event_of, handlers::place, handlers::apply)
                .handle(|msg: &SecuringDeadline| msg.order_id, handlers::apply, Missing::Retry)
                .handle(|msg: &PaymentDeadline| msg.order_id, handlers::apply, Missing::Retry)
                .handle(|msg: &GiveUp| msg.order_id, handlers::apply, Missing::Retry)
                .handle(|msg: &CancelOrderOfEvent| msg.order_id, handlers::apply, Missing::Retry)
                .on(|msg: &TicketsSecured| msg.order_id, handlers::apply, Missing::Retry)
                .on(|msg: &TicketsUnavailable| msg.order_id, handlers::apply, Missing::Retry)
                .on(|msg: &TicketsIssued| msg.order_id, handlers::apply, Missing::Retry)
                .on(|msg: &PaymentSucceeded| msg.order_id, handlers::apply, Missing::Retry)
                .on(|msg: &PaymentDeclined| msg.order_id, handlers::apply, Missing::Retry)
                .on(|msg: &PaymentCancelled| msg.order_id, handlers::apply, Missing::Retry)
                .on(|msg: &PaymentNeedsAction| msg.order_id, handlers::apply, Missing::Retry)
                .on(|msg: &PaymentRefunded| msg.order_id, handlers::apply, Missing::Retry)
        });
    emits(endpoint)
}

fn emits(endpoint: Endpoint) -> Endpoint {
    endpoint
        .publishes::<OrderPlaced>()
        .publishes::<OrderPaid>()
        .publishes::<OrderCancelled>()
        .publishes::<OrderRefunded>()
        .sends::<SecureTickets>()
        .sends::<ReleaseOrder>()
        .sends::<IssueTickets>()
        .sends::<RequestPayment>()
        .sends::<CancelPayment>()
        .sends::<RefundPayment>()
        .sends::<SecuringDeadline>()
        .sends::<PaymentDeadline>()
        .sends::<GiveUp>()
        .sends::<CancelOrdersOfEvent>()
        .sends::<CancelOrderOfEvent>()
}

/// The routes below `/api/ordering`, and the table of who may call them.
pub fn routes(service: Service, access: Access) -> (Router, Vec<RouteEntry>) {
    Routes::new(access)
        .get("/openapi.json", Class::Public, api::openapi)
        .get("/orders/{id}", Class::Secret, api::show)
        .post("/orders/{id}/cancel", Class::Secret, api::cancel)
        .post("/orders/{id}/pay", Class::Secret, api::pay)
        .post("/orders/{id}/refund", Class::Organiser, api::refund)
        .get("/orders/{id}/history", Class::Organiser, api::history)
        .finish(service)
}
