//! The framework's transport over the in-process broker. Translates words; decides nothing.
#![warn(missing_docs)]

mod run;
mod translate;

pub use run::{RunError, Running, run, run_with};

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use broker::{Broker, EntityDeclaration, QueueSettings, ResubmitError, ResubmitRefusal, SettleMode, TopicSettings};
use hosting::{BoxFuture, Condition};
use messaging::{
    BatchResult, Browsed, Capabilities, Delivery, Headers, Lock, OutgoingMessage, Settlement, Source, Topology, Transport, TransportError,
};

use crate::translate::{browsed, delivery, outgoing, settlement, source, token};

/// The largest body, in bytes; the broker's limit counts headers too.
const BODY_BYTES_MAX: usize = 192 * 1024;
/// The broker's own maximum stands above the framework's ten deliveries, which decide (rule R16).
const MAX_DELIVERY_COUNT: u16 = 20;
const LOCK_DURATION: Duration = Duration::from_secs(60);

/// Messages through a [`Broker`] in this process. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Embedded {
    broker: Arc<Mutex<Broker>>,
}

impl Embedded {
    /// A transport over `broker`.
    #[must_use]
    pub fn new(broker: Broker) -> Self {
        Self { broker: Arc::new(Mutex::new(broker)) }
    }

    /// The broker underneath.
    #[must_use]
    pub fn broker(&self) -> Broker {
        self.broker.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Goes on over `broker`, once the one before has stopped. What is under way on that one fails there, and whoever
    /// asked tries again: endpoints do so by themselves.
    pub fn attach(&self, broker: Broker) {
        *self.broker.lock().unwrap_or_else(PoisonError::into_inner) = broker;
    }

    /// How an endpoint's queue is made: no duplicate detection (it would drop a delayed retry, rule R15), no time to
    /// live, the framework's delivery limit below the broker's.
    #[must_use]
    pub fn queue_settings() -> QueueSettings {
        QueueSettings { lock: LOCK_DURATION, max_delivery_count: MAX_DELIVERY_COUNT, ..QueueSettings::default() }
    }
}

impl Transport for Embedded {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            body_bytes_max: BODY_BYTES_MAX,
            durable: true,
            competing: true,
            release_uncounted: true,
            max_hold: None,
            browse: true,
            replays_to_new_subscriber: false,
            multi_process: false,
        }
    }

    fn provision<'a>(&'a self, topology: &'a Topology) -> BoxFuture<'a, Result<(), TransportError>> {
        Box::pin(async move {
            let queues =
                topology.queues.iter().map(|name| EntityDeclaration::Queue { name: name.clone(), settings: Self::queue_settings() });
            let topics =
                topology.topics.iter().map(|name| EntityDeclaration::Topic { name: name.clone(), settings: TopicSettings::default() });
            let subscriptions = topology.subscriptions.iter().map(|(topic, endpoint)| EntityDeclaration::Subscription {
                topic: topic.clone(),
                name: endpoint.clone(),
                forward_to: endpoint.clone(),
            });
            let entities: Vec<EntityDeclaration> = queues.chain(topics).chain(subscriptions).collect();
            self.broker().provision(&entities).await.map_err(translate::provisioning)?;
            Ok(())
        })
    }

    fn send(&self, batch: Vec<OutgoingMessage>) -> BoxFuture<'_, BatchResult> {
        Box::pin(async move {
            let fits = |message: &OutgoingMessage| message.body.len() <= BODY_BYTES_MAX;
            let checked: Vec<Result<String, TransportError>> =
                batch.iter().map(|message| translate::checked(message, BODY_BYTES_MAX)).collect();
            let sent = self.broker().send(batch.into_iter().filter(fits).map(outgoing).collect()).await;
            let mut sent = sent.into_iter();
            let mut next = |name: String| match sent.next() {
                Some(result) => result.map(drop).map_err(|error| translate::sending(error, name)),
                None => Err(TransportError::Disconnected("the broker gave no answer".to_owned())),
            };
            Ok(checked.into_iter().map(|name| name.and_then(&mut next)).collect())
        })
    }

    fn receive<'a>(&'a self, from: &'a Source, max: usize) -> BoxFuture<'a, Result<Vec<Delivery>, TransportError>> {
        Box::pin(async move {
            let received = self.broker().receive(&source(from), max).await.map_err(translate::querying)?;
            Ok(received.into_iter().map(|message| delivery(message, LOCK_DURATION)).collect())
        })
    }

    fn settle(&self, settlements: Vec<(Lock, Settlement)>) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move {
            // What is given back must not count even if this process ends right after (rule R16).
            let releases = settlements.iter().any(|(_, decision)| *decision == Settlement::Release);
            let mode = if releases { SettleMode::Synced } else { SettleMode::Lazy };
            let settlements = settlements.into_iter().filter_map(|(lock, decision)| Some((token(&lock)?, settlement(decision)))).collect();
            // A lost lock is no error: the message comes again.
            self.broker().settle(settlements, mode).await;
            Ok(())
        })
    }

    fn renew(&self, locks: Vec<Lock>) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move {
            self.broker().renew(locks.iter().filter_map(token).collect()).await;
            Ok(())
        })
    }

    fn browse<'a>(&'a self, from: &'a Source, position: u64, max: usize) -> BoxFuture<'a, Result<Vec<Browsed>, TransportError>> {
        Box::pin(async move {
            let found = self.broker().browse(&source(from), position, max).await.map_err(translate::querying)?;
            Ok(found.into_iter().map(browsed).collect())
        })
    }

    fn resubmit<'a>(&'a self, endpoint: &'a str, position: u64, headers: Headers) -> BoxFuture<'a, Result<bool, TransportError>> {
        Box::pin(async move {
            match self.broker().resubmit(endpoint, position, headers).await {
                Ok(_) => Ok(true),
                Err(ResubmitError::Refused(ResubmitRefusal::NotThere { .. })) => Ok(false),
                Err(error) => Err(translate::resubmitting(error, endpoint)),
            }
        })
    }

    fn trouble(&self) -> Option<String> {
        match self.broker().health() {
            Condition::Ready => None,
            Condition::Starting => Some("the broker is starting".to_owned()),
            Condition::Degraded { reason } | Condition::Stopped { reason } => Some(reason),
        }
    }
}
