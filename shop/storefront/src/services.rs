//! The services as the storefront sees them: requests to their HTTP APIs, and the parts of their answers that pages show.

use std::time::Duration;

use bytes::Bytes;
use contracts::{EventId, LineId, OrderId, TicketTypeId};
use hosting::{Outside, Timestamp};
use http::{Method, Request, StatusCode, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// For one answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// A service that asks for patience is asked again, so many times in all.
const TRIES: u32 = 4;
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// Where the services' APIs are, such as `http://ordering.internal/api/ordering`.
#[derive(Debug, Clone)]
pub struct Addresses {
    /// What is on sale.
    pub event_catalog: String,
    /// What buyers want.
    pub shopping_basket: String,
    /// Orders.
    pub ordering: String,
    /// Tickets.
    pub box_office: String,
    /// The way to the gateway's page for cards.
    pub payment: String,
}

/// A service's answer that is not what was asked for.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Refused {
    /// It refused, and said why.
    #[error("{detail}")]
    ByService {
        status: StatusCode,
        /// The problem's `type`.
        kind: String,
        /// For people.
        detail: String,
        /// Everything else that the problem says.
        more: Value,
    },
    /// It could not be reached, or asked for patience to the end.
    #[error("the service does not answer at the moment")]
    Unavailable,
    /// It said something that is not understood.
    #[error("the service's answer is not understood: {0}")]
    Unclear(String),
}

impl Refused {
    /// The problem's `type`, or nothing where no service spoke.
    pub(crate) fn kind(&self) -> &str {
        match self {
            Self::ByService { kind, .. } => kind,
            Self::Unavailable | Self::Unclear(_) => "",
        }
    }

    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, Self::ByService { status: StatusCode::NOT_FOUND, .. })
    }
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct EventPage {
    pub(crate) events: Vec<Event>,
    pub(crate) next: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Event {
    pub(crate) id: EventId,
    pub(crate) title: String,
    /// `on_sale`, `not_yet_on_sale`, `sale_ended` or `cancelled`.
    pub(crate) status: String,
    pub(crate) starts: Timestamp,
    /// IANA name of the zone that the venue's clocks show.
    #[serde(default = "utc")]
    pub(crate) zone: String,
    pub(crate) category: String,
    pub(crate) city: String,
    pub(crate) venue: String,
    #[serde(default)]
    pub(crate) description: String,
    pub(crate) ticket_types: Vec<TicketType>,
}

fn utc() -> String {
    "UTC".to_owned()
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct TicketType {
    pub(crate) id: TicketTypeId,
    pub(crate) name: String,
    pub(crate) price_minor: i64,
    pub(crate) currency: String,
    pub(crate) available: u32,
    pub(crate) quantity_max: u32,
    pub(crate) sale_starts: Timestamp,
    pub(crate) sale_ends: Timestamp,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Basket {
    pub(crate) order_id: Option<OrderId>,
    pub(crate) lines: Vec<Line>,
    pub(crate) total_minor: i64,
    pub(crate) currency: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Line {
    pub(crate) id: LineId,
    pub(crate) event_id: EventId,
    pub(crate) event_title: Option<String>,
    #[serde(default)]
    pub(crate) event_starts: Option<Timestamp>,
    pub(crate) ticket_type_name: Option<String>,
    pub(crate) state: String,
    pub(crate) quantity: u32,
    pub(crate) price_minor: i64,
    pub(crate) currency: String,
    pub(crate) raised_price_minor: Option<i64>,
    pub(crate) held_until: Option<Timestamp>,
    pub(crate) left: Option<u32>,
    pub(crate) refused_because: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Order {
    pub(crate) state: String,
    pub(crate) reason: Option<String>,
    pub(crate) total_minor: i64,
    pub(crate) currency: String,
    pub(crate) lines: Vec<OrderLine>,
    pub(crate) placed: Timestamp,
    pub(crate) until: Option<Timestamp>,
    pub(crate) action_url: Option<String>,
    pub(crate) attempts_left: u32,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct OrderLine {
    pub(crate) event_id: String,
    pub(crate) event_title: String,
    /// When it starts, as far as ordering knows; and when it was to start as it was bought.
    #[serde(default)]
    pub(crate) event_starts: Option<Timestamp>,
    #[serde(default)]
    pub(crate) event_starts_bought: Option<Timestamp>,
    pub(crate) ticket_type_name: String,
    pub(crate) quantity: u32,
    pub(crate) price_minor: i64,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct TicketPage {
    pub(crate) tickets: Vec<Ticket>,
    pub(crate) next: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Ticket {
    pub(crate) code: String,
    pub(crate) event_id: String,
    pub(crate) valid: bool,
}

#[derive(Debug, Deserialize)]
struct Created {
    id: String,
}

#[derive(Debug, Deserialize)]
struct Placed {
    order_id: OrderId,
}

#[derive(Debug, Deserialize)]
struct CardEntry {
    url: String,
}

/// What the catalogue is looked through for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Search {
    pub(crate) text: String,
    pub(crate) city: String,
    pub(crate) from: Option<Timestamp>,
    pub(crate) after: Option<String>,
}

impl Search {
    fn query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("limit", "24");
        for (name, value) in [("q", &self.text), ("city", &self.city)] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        match (&self.after, self.from) {
            (Some(after), _) => drop(query.append_pair("after", after)),
            (None, Some(from)) => drop(query.append_pair("from", &from.to_string())),
            (None, None) => {}
        }
        query.finish()
    }
}

/// What the gateway's page says the card is for.
#[derive(Debug, Clone)]
pub(crate) struct CardFor {
    pub(crate) return_url: String,
    pub(crate) title: String,
    pub(crate) amount_minor: i64,
    pub(crate) currency: String,
}

/// Who checks out, and with what.
#[derive(Debug, Clone)]
pub(crate) struct Checkout {
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) payment_method: Option<String>,
}

/// The services' APIs.
pub(crate) struct Services {
    outside: Outside,
    at: Addresses,
    service_key: String,
}

/// One request: what changes carries a key, so that asking again does nothing twice.
struct Ask<'a> {
    method: Method,
    url: String,
    body: Option<Value>,
    once: Option<&'a str>,
    authorization: Option<String>,
}

impl Services {
    pub(crate) fn new(outside: Outside, at: Addresses, service_key: String) -> Self {
        Self { outside, at, service_key }
    }

    pub(crate) async fn events(&self, search: &Search) -> Result<EventPage, Refused> {
        self.get(format!("{}/events?{}", self.at.event_catalog, search.query())).await
    }

    pub(crate) async fn event(&self, id: EventId) -> Result<Event, Refused> {
        self.get(format!("{}/events/{id}", self.at.event_catalog)).await
    }

    pub(crate) async fn basket(&self, id: &str) -> Result<Basket, Refused> {
        self.get(format!("{}/baskets/{id}", self.at.shopping_basket)).await
    }

    /// Answers the basket's secret.
    pub(crate) async fn new_basket(&self, once: &str) -> Result<String, Refused> {
        let url = format!("{}/baskets", self.at.shopping_basket);
        self.change::<Created>(Method::POST, url, json!({}), once).await.map(|created| created.id)
    }

    pub(crate) async fn add(&self, basket: &str, wish: (EventId, TicketTypeId, u32), once: &str) -> Result<(), Refused> {
        let url = format!("{}/baskets/{basket}/lines", self.at.shopping_basket);
        let (event_id, ticket_type_id, quantity) = wish;
        let body = json!({ "event_id": event_id, "ticket_type_id": ticket_type_id, "quantity": quantity });
        self.change::<Value>(Method::POST, url, body, once).await.map(drop)
    }

    pub(crate) async fn change_quantity(&self, basket: &str, line: LineId, quantity: u32, once: &str) -> Result<(), Refused> {
        let url = format!("{}/baskets/{basket}/lines/{line}", self.at.shopping_basket);
        self.change::<Value>(Method::PUT, url, json!({ "quantity": quantity }), once).await.map(drop)
    }

    pub(crate) async fn remove(&self, basket: &str, line: LineId, once: &str) -> Result<(), Refused> {
        let url = format!("{}/baskets/{basket}/lines/{line}", self.at.shopping_basket);
        self.change::<Value>(Method::DELETE, url, json!({}), once).await.map(drop)
    }

    pub(crate) async fn accept_price(&self, basket: &str, line: LineId, price_minor: i64, once: &str) -> Result<(), Refused> {
        let url = format!("{}/baskets/{basket}/lines/{line}/accept-price", self.at.shopping_basket);
        self.change::<Value>(Method::POST, url, json!({ "price_minor": price_minor }), once).await.map(drop)
    }

    pub(crate) async fn check_out(&self, basket: &str, checkout: &Checkout, once: &str) -> Result<OrderId, Refused> {
        let url = format!("{}/baskets/{basket}/checkout", self.at.shopping_basket);
        let body = json!({ "name": checkout.name, "email": checkout.email, "payment_method": checkout.payment_method });
        self.change::<Placed>(Method::POST, url, body, once).await.map(|placed| placed.order_id)
    }

    /// Where the buyer types the card: a page of the gateway's, which comes back with a token.
    pub(crate) async fn card_entry(&self, card: &CardFor) -> Result<String, Refused> {
        let body = json!({
            "return_url": card.return_url, "title": card.title, "amount_minor": card.amount_minor, "currency": card.currency,
        });
        let url = format!("{}/card-entries", self.at.payment);
        let authorization = Some(format!("Bearer {}", self.service_key));
        let ask = Ask { method: Method::POST, url, body: Some(body), once: None, authorization };
        self.patiently::<CardEntry>(ask).await.map(|entry| entry.url)
    }

    pub(crate) async fn order(&self, id: OrderId) -> Result<Order, Refused> {
        self.get(format!("{}/orders/{id}", self.at.ordering)).await
    }

    pub(crate) async fn cancel(&self, id: OrderId, once: &str) -> Result<(), Refused> {
        let url = format!("{}/orders/{id}/cancel", self.at.ordering);
        self.change::<Value>(Method::POST, url, json!({}), once).await.map(drop)
    }

    pub(crate) async fn pay_again(&self, id: OrderId, payment_method: &str, once: &str) -> Result<(), Refused> {
        let url = format!("{}/orders/{id}/pay", self.at.ordering);
        self.change::<Value>(Method::POST, url, json!({ "payment_method": payment_method }), once).await.map(drop)
    }

    /// All tickets of an order, which has at most 100 places (10 lines of 10).
    pub(crate) async fn tickets(&self, id: OrderId) -> Result<Vec<Ticket>, Refused> {
        let url = format!("{}/orders/{id}/tickets?limit=100", self.at.box_office);
        let mut page: TicketPage = self.get(url.clone()).await?;
        let mut tickets = Vec::new();
        loop {
            tickets.append(&mut page.tickets);
            let Some(next) = page.next else { return Ok(tickets) };
            page = self.get(format!("{url}&after={next}")).await?;
        }
    }

    async fn get<T: DeserializeOwned>(&self, url: String) -> Result<T, Refused> {
        let ask = Ask { method: Method::GET, url, body: None, once: None, authorization: None };
        self.patiently(ask).await
    }

    async fn change<T: DeserializeOwned>(&self, method: Method, url: String, body: Value, once: &str) -> Result<T, Refused> {
        self.patiently(Ask { method, url, body: Some(body), once: Some(once), authorization: None }).await
    }

    /// Asks again while the service asks for patience; what changes something has a key for it.
    async fn patiently<T: DeserializeOwned>(&self, ask: Ask<'_>) -> Result<T, Refused> {
        for _ in 1..TRIES {
            match self.ask(&ask).await {
                Err(Refused::Unavailable) => self.outside.clock.sleep(PAUSE_MAX).await,
                answer => return answer,
            }
        }
        self.ask(&ask).await
    }

    async fn ask<T: DeserializeOwned>(&self, ask: &Ask<'_>) -> Result<T, Refused> {
        let mut request = Request::builder().method(ask.method.clone()).uri(&ask.url);
        if let Some(once) = ask.once {
            request = request.header("idempotency-key", once);
        }
        if let Some(authorization) = &ask.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let body = match &ask.body {
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Bytes::from(body.to_string())
            }
            None => Bytes::new(),
        };
        let request = request.body(body).map_err(|error| Refused::Unclear(error.to_string()))?;
        let answer = self.outside.http.send(request, ANSWER_WITHIN).await.map_err(|_| Refused::Unavailable)?;
        understood(answer.status(), answer.body())
    }
}

fn understood<T: DeserializeOwned>(status: StatusCode, body: &[u8]) -> Result<T, Refused> {
    if status.is_success() {
        return serde_json::from_slice(body).map_err(|error| Refused::Unclear(error.to_string()));
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        return Err(Refused::Unavailable);
    }
    let more: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |name: &str| more[name].as_str().unwrap_or_default().to_owned();
    Err(Refused::ByService { status, kind: text("type"), detail: text("detail"), more: more.clone() })
}
