//! A basket service under test: its real router over a test endpoint, and verbs of buyers, catalog and box office.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use contracts::box_office::{HoldRefusal, HoldRejected, HoldTickets, TicketsHeld};
use contracts::event_catalog::{EventPublished, EventState, EventStatus, TicketPriceChanged, TicketTypeState};
use contracts::{Currency, Money};
use hosting::Protections;
use http_body_util::BodyExt;
use messaging::TestEndpoint;
use messaging::http::Access;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::baskets::{eur, id};

pub(crate) struct Shop {
    pub(crate) endpoint: TestEndpoint,
    router: Router,
    runtime: tokio::runtime::Runtime,
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<String>,
    pub(crate) body: Value,
}

impl Reply {
    pub(crate) fn kind(&self) -> &str {
        self.body["type"].as_str().unwrap_or_default()
    }
}

impl Shop {
    pub(crate) fn open() -> Self {
        Self::on(TestEndpoint::new(shopping_basket::endpoint()))
    }

    pub(crate) fn without(protection: &str) -> Self {
        Self::on(TestEndpoint::with_protections(shopping_basket::endpoint(), Protections::without(protection)))
    }

    fn on(endpoint: TestEndpoint) -> Self {
        let access = Access { organiser_key: "organiser".into(), service_key: "service".into() };
        let (router, _) = shopping_basket::routes(endpoint.service(), access);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        Self { endpoint, router, runtime }
    }

    pub(crate) fn ask(&mut self, method: &str, path: &str, body: &str) -> Reply {
        self.ask_under(method, path, body, None)
    }

    pub(crate) fn ask_under(&mut self, method: &str, path: &str, body: &str, key: Option<&str>) -> Reply {
        let request = http::Request::builder().method(method).uri(path);
        let request = if let Some(key) = key { request.header("idempotency-key", key) } else { request };
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let reply = self.runtime.block_on(async {
            let response = self.router.clone().oneshot(request).await.unwrap();
            let status = response.status().as_u16();
            let retry_after = response.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
            let bytes = response.into_body().collect().await.unwrap().to_bytes();
            Reply { status, retry_after, body: serde_json::from_slice(&bytes).unwrap() }
        });
        self.endpoint.advance(Duration::ZERO);
        reply
    }

    pub(crate) fn get(&mut self, path: &str) -> Reply {
        self.ask("GET", path, "")
    }

    pub(crate) fn post(&mut self, path: &str, body: &Value) -> Reply {
        self.ask("POST", path, &body.to_string())
    }

    /// The catalog publishes event 1 with ticket type 2 at 25.00 EUR, at most 8 places.
    pub(crate) fn publish(&mut self) {
        self.endpoint.handle(EventPublished { event: event(1), ticket_types: vec![ticket_type(1, 2_500)] }).unwrap();
    }

    pub(crate) fn price(&mut self, version: u32, minor: i64) {
        self.endpoint.handle(TicketPriceChanged { ticket_type: ticket_type(version, minor) }).unwrap();
    }

    /// A new basket's path.
    pub(crate) fn basket(&mut self) -> String {
        let reply = self.post("/baskets", &json!({}));
        format!("/baskets/{}", reply.body["id"].as_str().unwrap())
    }

    /// Adds places of ticket type 2; answers the line's path and what the box office is asked.
    pub(crate) fn add(&mut self, basket: &str, quantity: u32) -> (String, HoldTickets) {
        let body =
            json!({"event_id": id::<contracts::EventId>(1), "ticket_type_id": id::<contracts::TicketTypeId>(2), "quantity": quantity});
        let reply = self.post(&format!("{basket}/lines"), &body);
        assert_eq!(reply.status, 201, "{reply:?}");
        (format!("{basket}/lines/{}", reply.body["id"].as_str().unwrap()), self.asked())
    }

    /// What the box office was asked last.
    pub(crate) fn asked(&self) -> HoldTickets {
        self.endpoint.sent::<HoldTickets>().pop().unwrap()
    }

    /// The box office holds what it was asked for, for ten minutes.
    pub(crate) fn hold(&mut self, asked: &HoldTickets) {
        let HoldTickets { hold_id, revision, basket_id, quantity, .. } = asked.clone();
        let until = self.endpoint.now().plus(Duration::from_secs(600));
        self.endpoint.handle(TicketsHeld { hold_id, revision, basket_id, quantity, until }).unwrap();
    }

    pub(crate) fn reject(&mut self, asked: &HoldTickets, left: u32) {
        let HoldTickets { hold_id, revision, basket_id, .. } = asked.clone();
        let reason = HoldRefusal::SoldOut;
        self.endpoint.handle(HoldRejected { hold_id, revision, basket_id, reason, left, held: 0, until: None }).unwrap();
    }

    /// A basket with two places held; answers its path and its line's.
    pub(crate) fn held(&mut self) -> (String, String) {
        let basket = self.basket();
        let (line, asked) = self.add(&basket, 2);
        self.hold(&asked);
        (basket, line)
    }

    pub(crate) fn check_out(&mut self, basket: &str) -> Reply {
        self.post(&format!("{basket}/checkout"), &json!({"email": "ada@example.com", "name": "Ada", "payment_method": "pm_1"}))
    }
}

pub(crate) fn event(version: u32) -> EventState {
    EventState {
        event_id: id(1),
        version,
        title: "A night of fado".into(),
        category: "Concert".into(),
        venue: "Casa".into(),
        city: "Lisbon".into(),
        starts: "2027-06-01T20:00:00Z".parse().unwrap(),
        status: EventStatus::Published,
    }
}

pub(crate) fn cancelled(version: u32) -> EventState {
    EventState { status: EventStatus::Cancelled, ..event(version) }
}

pub(crate) fn ticket_type(version: u32, minor: i64) -> TicketTypeState {
    TicketTypeState {
        ticket_type_id: id(2),
        event_id: id(1),
        version,
        name: "Stalls".into(),
        price: Money::new(eur(minor).amount_minor, Currency::EUR),
        capacity: 100,
        quantity_max: 8,
        sale_starts: "2027-01-01T00:00:00Z".parse().unwrap(),
        sale_ends: "2027-06-01T20:00:00Z".parse().unwrap(),
    }
}
