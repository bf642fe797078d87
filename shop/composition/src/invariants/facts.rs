//! The facts of all services, each read in one transaction of its own.

use std::collections::BTreeMap;

use hosting::Timestamp;
use messaging::audit::EndpointFacts;
use storage::{Database, ReadError, SqlError};

use crate::ServiceName;

/// Where the facts are read from.
#[derive(Clone)]
pub struct Sources {
    /// The services' databases.
    pub services: BTreeMap<ServiceName, Database>,
    /// The gateway's.
    pub gateway: Database,
}

/// What lies in a queue of the bus. The shop knows no broker: whoever does reads it and hands it in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueFacts {
    /// The queue's name.
    pub name: String,
    /// Messages that are enqueued or locked.
    pub active: u64,
    /// Dead letters, by reason.
    pub dead_letters: BTreeMap<String, u64>,
}

/// Everything known at one moment, as far as several databases have one.
#[derive(Debug, Clone, PartialEq)]
pub struct ShopFacts {
    pub catalog: event_catalog::audit::Facts,
    pub basket: shopping_basket::audit::Facts,
    pub box_office: box_office::audit::Facts,
    pub ordering: ordering::audit::Facts,
    pub payment: payment::audit::Facts,
    pub marketing: marketing::audit::Facts,
    pub gateway: payment_gateway::audit::Facts,
    pub endpoints: BTreeMap<ServiceName, EndpointFacts>,
    pub queues: Vec<QueueFacts>,
}

/// A database whose facts cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the facts of {of} cannot be read: {why}")]
pub struct Unreadable {
    of: String,
    why: String,
}

impl ShopFacts {
    /// Reads everything once, as of `now`.
    ///
    /// # Errors
    /// If a database cannot be read.
    pub async fn read(sources: &Sources, queues: Vec<QueueFacts>, now: Timestamp) -> Result<Self, Unreadable> {
        let mut endpoints = BTreeMap::new();
        for (name, db) in &sources.services {
            let facts = db.read(move |tx| messaging::audit::read(tx, now)).await;
            endpoints.insert(*name, named(name.as_str(), facts)?);
        }
        let of = |name: ServiceName| {
            let why = "no database was handed in".to_owned();
            sources.services.get(&name).ok_or_else(|| Unreadable { of: name.to_string(), why })
        };
        let gateway = payment_gateway::audit::read(&sources.gateway).await;
        Ok(Self {
            catalog: named("event-catalog", of(ServiceName::EventCatalog)?.read(event_catalog::audit::read).await)?,
            basket: named("shopping-basket", of(ServiceName::ShoppingBasket)?.read(shopping_basket::audit::read).await)?,
            box_office: named("box-office", of(ServiceName::BoxOffice)?.read(box_office::audit::read).await)?,
            ordering: named("ordering", of(ServiceName::Ordering)?.read(ordering::audit::read).await)?,
            payment: named("payment", of(ServiceName::Payment)?.read(payment::audit::read).await)?,
            marketing: named("marketing", of(ServiceName::Marketing)?.read(marketing::audit::read).await)?,
            gateway: gateway.map_err(|error| Unreadable { of: "payment-gateway".to_owned(), why: error.to_string() })?,
            endpoints,
            queues,
        })
    }

    /// Why the shop is not at rest; nothing if it is.
    #[must_use]
    pub fn unrest(&self, now: Timestamp) -> Vec<String> {
        let mut why = Vec::new();
        why.extend(
            self.queues.iter().filter(|queue| queue.active > 0).map(|queue| format!("{} messages in queue {}", queue.active, queue.name)),
        );
        let busy = self.endpoints.iter().filter(|(_, facts)| !facts.is_at_rest());
        why.extend(
            busy.map(|(name, facts)| format!("{name}: {} to send, {} retries, {} calls", facts.ready, facts.delayed_retries, facts.calls)),
        );
        let open = self.box_office.open_holds().count();
        why.extend((open > 0).then(|| format!("{open} open holds")));
        let orders = self.ordering.orders.iter().filter(|order| !order.is_at_rest(now));
        why.extend(orders.map(|order| format!("order {} is {}", order.order_id, order.state)));
        let payments = self.payment.payments.iter().filter(|payment| !payment.is_at_rest);
        why.extend(payments.map(|payment| format!("payment {}/{} is {}", payment.order_id, payment.attempt, payment.state)));
        let (told, counted) = (self.basket.told, self.marketing.entries());
        why.extend((!self.marketing.incomplete && counted < told).then(|| format!("{} basket events for marketing", told - counted)));
        why
    }

    /// All dead letters, also those that never left an outbox.
    #[must_use]
    pub fn dead_letters(&self) -> u64 {
        let queued: u64 = self.queues.iter().flat_map(|queue| queue.dead_letters.values()).sum();
        queued + self.endpoints.values().map(|facts| facts.never_sent.len() as u64).sum::<u64>()
    }
}

fn named<T>(of: &str, read: Result<T, ReadError<SqlError>>) -> Result<T, Unreadable> {
    read.map_err(|error| {
        let why = match &error {
            ReadError::Refused(error) | ReadError::Failed(error) => error.to_string(),
            ReadError::Closed => "it is closed".to_owned(),
        };
        Unreadable { of: of.to_owned(), why }
    })
}
