//! A bus in memory that can be away, full, forgetful or slow, and remembers all that was asked of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use hosting::{BoxFuture, Clock, race};
use messaging::{
    BatchResult, Browsed, Capabilities, Delivery, Destination, Headers, Lock, OutgoingMessage, Settlement, Source, Topology, Transport,
    TransportError,
};
use tokio::sync::Notify;

use crate::world::World;

pub(crate) const LOCK: Duration = Duration::from_secs(60);
pub(crate) const BODY_BYTES_MAX: usize = 10_000;

#[derive(Clone)]
pub(crate) struct Item {
    pub(crate) message: OutgoingMessage,
    pub(crate) count: u32,
    position: u64,
    enqueued: hosting::Timestamp,
    lock: Option<(Vec<u8>, Duration)>,
    pub(crate) reason: Option<(String, String)>,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) queues: BTreeMap<String, Vec<Item>>,
    pub(crate) dead: BTreeMap<String, Vec<Item>>,
    pub(crate) subscriptions: BTreeSet<(String, String)>,
    pub(crate) topics: BTreeSet<String>,
    /// Nobody reaches it.
    pub(crate) away: bool,
    /// It gives, and takes nothing.
    pub(crate) sends_nothing: bool,
    /// Message types at which the line breaks.
    pub(crate) dropped: BTreeSet<String>,
    /// It takes what it is sent, and the answer is lost.
    pub(crate) loses_confirmations: bool,
    /// Settlements get lost.
    pub(crate) loses_settlements: bool,
    /// Queues that take nothing.
    pub(crate) full: BTreeSet<String>,
    /// Message types that are never taken.
    pub(crate) refused: BTreeSet<String>,
    /// A batch of more than one is refused as a whole.
    pub(crate) refuses_batches: bool,
    /// All that was taken, in order.
    pub(crate) sent: Vec<OutgoingMessage>,
    /// The sizes of the batches that came.
    pub(crate) batches: Vec<usize>,
    /// Message ids and what became of them.
    pub(crate) settled: Vec<(String, Settlement)>,
    pub(crate) renewed: usize,
    /// When something was received, and how many.
    pub(crate) received: Vec<(Duration, usize)>,
    ever: u64,
}

pub(crate) struct Bus {
    state: Mutex<State>,
    world: World,
    changed: Notify,
}

impl Bus {
    pub(crate) fn new(world: &World) -> Arc<Self> {
        Arc::new(Self { state: Mutex::default(), world: world.clone(), changed: Notify::new() })
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Puts a message into a queue, as another endpoint's.
    pub(crate) fn put(&self, queue: &str, message: OutgoingMessage, count: u32) {
        let enqueued = self.world.now();
        let mut state = self.state();
        state.ever += 1;
        let position = state.ever;
        state.queues.entry(queue.to_owned()).or_default().push(Item { message, count, position, enqueued, lock: None, reason: None });
        drop(state);
        self.changed.notify_waiters();
    }

    pub(crate) fn ready(&self, queue: &str) -> usize {
        self.state().queues.get(queue).map_or(0, Vec::len)
    }

    pub(crate) fn dead(&self, queue: &str) -> Vec<Item> {
        self.state().dead.get(queue).cloned().unwrap_or_default()
    }

    /// The types of all that was taken.
    pub(crate) fn sent_types(&self) -> Vec<String> {
        self.state().sent.iter().map(|message| message.headers["type"].clone()).collect()
    }

    /// As when the process of a receiver dies: all its locks lapse.
    pub(crate) fn drop_locks(&self) {
        for item in self.state().queues.values_mut().flatten().filter(|item| item.lock.is_some()) {
            item.lock = None;
            item.count += 1;
        }
    }

    fn take(&self, queue: &str, max: usize) -> Vec<Delivery> {
        let now = self.world.monotonic();
        let mut state = self.state();
        let mut ever = state.ever;
        let mut taken = Vec::new();
        for item in state.queues.entry(queue.to_owned()).or_default() {
            if item.lock.as_ref().is_some_and(|(_, until)| *until <= now) {
                item.lock = None;
                item.count += 1;
            }
            if item.lock.is_some() || taken.len() == max {
                continue;
            }
            ever += 1;
            let token = ever.to_be_bytes().to_vec();
            item.lock = Some((token.clone(), now + LOCK));
            taken.push(Delivery {
                lock: Lock(token),
                lock_duration: LOCK,
                id: item.message.id.clone(),
                headers: item.message.headers.clone(),
                body: item.message.body.clone(),
                delivery_count: item.count,
            });
        }
        state.ever = ever;
        if !taken.is_empty() {
            state.received.push((now, taken.len()));
        }
        taken
    }

    fn accept(&self, message: OutgoingMessage) -> Result<(), TransportError> {
        let kind = message.headers.get("type").cloned().unwrap_or_default();
        if self.state().dropped.contains(&kind) {
            return Err(TransportError::Disconnected("the line broke".to_owned()));
        }
        if self.state().refused.contains(&kind) {
            return Err(TransportError::Refused(format!("`{kind}` is not welcome")));
        }
        let queues: Vec<String> = match &message.destination {
            Destination::Queue(queue) => vec![queue.clone()],
            Destination::Topic(topic) => {
                self.state().subscriptions.iter().filter(|(of, _)| of == topic).map(|(_, queue)| queue.clone()).collect()
            }
        };
        if let Some(full) = queues.iter().find(|queue| self.state().full.contains(*queue)) {
            return Err(TransportError::Busy { destination: full.clone(), reason: "it is full".to_owned() });
        }
        self.state().sent.push(message.clone());
        queues.iter().for_each(|queue| self.put(queue, message.clone(), 0));
        Ok(())
    }

    fn settle_one(&self, lock: &Lock, settlement: Settlement) {
        let mut state = self.state();
        let held = |item: &Item| item.lock.as_ref().is_some_and(|(token, _)| *token == lock.0);
        let found = state.queues.iter_mut().find_map(|(name, items)| Some((name.clone(), items.iter().position(held)?)));
        let Some((queue, index)) = found else { return };
        let id = state.queues[&queue][index].message.id.clone();
        state.settled.push((id, settlement.clone()));
        let Some(items) = state.queues.get_mut(&queue) else { return };
        match settlement {
            Settlement::Complete => drop(items.remove(index)),
            Settlement::Release => items[index].lock = None,
            Settlement::DeadLetter { reason, description, headers } => {
                let mut item = items.remove(index);
                item.message.headers.extend(headers);
                item.reason = Some((reason, description));
                item.lock = None;
                state.dead.entry(queue).or_default().push(item);
            }
        }
    }
}

impl Transport for Bus {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            body_bytes_max: BODY_BYTES_MAX,
            durable: false,
            competing: true,
            release_uncounted: true,
            max_hold: None,
            browse: true,
            replays_to_new_subscriber: false,
            multi_process: false,
        }
    }

    fn provision<'a>(&'a self, topology: &'a Topology) -> BoxFuture<'a, Result<(), TransportError>> {
        let mut state = self.state();
        for queue in &topology.queues {
            state.queues.entry(queue.clone()).or_default();
        }
        state.topics.extend(topology.topics.iter().cloned());
        state.subscriptions.extend(topology.subscriptions.iter().cloned());
        Box::pin(std::future::ready(Ok(())))
    }

    fn send(&self, batch: Vec<OutgoingMessage>) -> BoxFuture<'_, BatchResult> {
        Box::pin(async move {
            self.state().batches.push(batch.len());
            if self.state().away || self.state().sends_nothing {
                return Err(TransportError::Disconnected("no route".to_owned()));
            }
            if batch.len() > 1 && self.state().refuses_batches {
                return Err(TransportError::Refused("one of them is not welcome".to_owned()));
            }
            let results = batch.into_iter().map(|message| self.accept(message)).collect();
            if self.state().loses_confirmations {
                return Err(TransportError::Disconnected("the answer was lost".to_owned()));
            }
            Ok(results)
        })
    }

    fn receive<'a>(&'a self, source: &'a Source, max: usize) -> BoxFuture<'a, Result<Vec<Delivery>, TransportError>> {
        let Source::Queue(queue) = source else { return Box::pin(std::future::pending()) };
        Box::pin(async move {
            loop {
                if self.state().away {
                    return Err(TransportError::Disconnected("no route".to_owned()));
                }
                let taken = self.take(queue, max);
                if !taken.is_empty() {
                    return Ok(taken);
                }
                race(self.changed.notified(), self.world.sleep(Duration::from_secs(1))).await;
            }
        })
    }

    fn settle(&self, settlements: Vec<(Lock, Settlement)>) -> BoxFuture<'_, Result<(), TransportError>> {
        if self.state().loses_settlements {
            return Box::pin(std::future::ready(Err(TransportError::Disconnected("the settlement was lost".to_owned()))));
        }
        settlements.into_iter().for_each(|(lock, settlement)| self.settle_one(&lock, settlement));
        self.changed.notify_waiters();
        Box::pin(std::future::ready(Ok(())))
    }

    fn renew(&self, locks: Vec<Lock>) -> BoxFuture<'_, Result<(), TransportError>> {
        let until = self.world.monotonic() + LOCK;
        let mut state = self.state();
        let mut renewed = 0;
        for (token, end) in state.queues.values_mut().flatten().filter_map(|item| item.lock.as_mut()) {
            if locks.iter().any(|lock| lock.0 == *token) {
                *end = until;
                renewed += 1;
            }
        }
        state.renewed += renewed;
        Box::pin(std::future::ready(Ok(())))
    }

    fn browse<'a>(&'a self, source: &'a Source, position: u64, max: usize) -> BoxFuture<'a, Result<Vec<Browsed>, TransportError>> {
        let state = self.state();
        let items = match source {
            Source::Queue(queue) => state.queues.get(queue),
            Source::DeadLetters(queue) => state.dead.get(queue),
        };
        let found = items.into_iter().flatten().filter(|item| item.position >= position).take(max);
        let found = found.map(|item| Browsed {
            position: item.position,
            id: item.message.id.clone(),
            since: item.enqueued,
            headers: item.message.headers.clone(),
            body: item.message.body.clone(),
            dead_letter: item.reason.clone(),
        });
        Box::pin(std::future::ready(Ok(found.collect())))
    }

    fn resubmit<'a>(&'a self, endpoint: &'a str, position: u64, headers: Headers) -> BoxFuture<'a, Result<bool, TransportError>> {
        let taken = {
            let mut state = self.state();
            let dead = state.dead.entry(endpoint.to_owned()).or_default();
            dead.iter().position(|item| item.position == position).map(|index| dead.remove(index))
        };
        let found = taken.is_some();
        if let Some(item) = taken {
            self.put(endpoint, OutgoingMessage { headers, ..item.message }, 0);
        }
        Box::pin(std::future::ready(Ok(found)))
    }

    fn trouble(&self) -> Option<String> {
        self.state().away.then(|| "no route".to_owned())
    }
}
