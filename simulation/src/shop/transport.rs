//! The bus as services meet it: the embedded transport over whatever broker runs at the moment, with messages that come
//! twice, late, or overtake each other. Notes everything that is sent and delivered.

use std::sync::Mutex;
use std::time::Duration;

use embedded::Embedded;
use hosting::{BoxFuture, Either, race};
use messaging::{
    BatchResult, Browsed, Capabilities, Delivery, Headers, Lock, OutgoingMessage, Settlement, Source, Topology, Transport, TransportError,
};

use super::ledger::Ledger;
use crate::sim::lock;
use crate::{Fault, Random, Sim};

/// Without a bus, a call fails after so long.
const NO_BUS_AFTER: Duration = Duration::from_millis(20);
/// A delayed message is held back for so many microseconds: from, to. Less than its lock lasts.
const DELAY_US: (u64, u64) = (1_000, 40_000_000);
/// One that is overtaken is held back for so many microseconds: from, to.
const OVERTAKEN_US: (u64, u64) = (100, 500_000);
/// A second delivery comes so many microseconds later: from, to.
const AGAIN_US: (u64, u64) = (0, 60_000_000);
/// The largest body, in bytes, as long as no bus says otherwise.
const LARGEST_BODY: usize = 192 * 1024;

pub(crate) struct SimTransport {
    sim: Sim,
    state: Mutex<State>,
}

struct State {
    bus: Option<Embedded>,
    held: Vec<Held>,
    random: Random,
    ledger: Ledger,
}

/// A delivery that its endpoint gets later.
struct Held {
    due: Duration,
    endpoint: String,
    delivery: Delivery,
}

impl SimTransport {
    pub(crate) fn new(sim: &Sim) -> Self {
        let state = State { bus: None, held: Vec::new(), random: sim.random("transport"), ledger: Ledger::default() };
        Self { sim: sim.clone(), state: Mutex::new(state) }
    }

    pub(crate) fn attach(&self, bus: Embedded) {
        lock(&self.state).bus = Some(bus);
    }

    pub(crate) fn detach(&self) {
        let before = lock(&self.state).bus.take();
        drop(before);
    }

    /// Whether nothing is held back.
    pub(crate) fn is_quiet(&self) -> bool {
        lock(&self.state).held.is_empty()
    }

    /// What was sent and delivered; it is empty afterwards.
    pub(crate) fn take_ledger(&self) -> Ledger {
        std::mem::take(&mut lock(&self.state).ledger)
    }

    async fn bus(&self) -> Result<Embedded, TransportError> {
        let bus = lock(&self.state).bus.clone();
        match bus {
            Some(bus) => Ok(bus),
            None => {
                self.sim.sleep(NO_BUS_AFTER).await;
                Err(TransportError::Disconnected("the bus is down".to_owned()))
            }
        }
    }

    async fn receive_at(&self, endpoint: &str, source: &Source, max: usize) -> Result<Vec<Delivery>, TransportError> {
        loop {
            let due = self.take_due(endpoint, max);
            if !due.is_empty() {
                return Ok(self.deliver(endpoint, due));
            }
            let bus = self.bus().await?;
            let received = match self.next_due(endpoint) {
                None => bus.receive(source, max).await?,
                Some(after) => match race(bus.receive(source, max), self.sim.sleep(after)).await {
                    Either::First(received) => received?,
                    Either::Second(()) => continue,
                },
            };
            let now = self.disturb(endpoint, received);
            if !now.is_empty() {
                return Ok(self.deliver(endpoint, now));
            }
        }
    }

    fn take_due(&self, endpoint: &str, max: usize) -> Vec<Delivery> {
        let now = self.sim.monotonic();
        let mut state = lock(&self.state);
        let mut due: Vec<Held> = state.held.extract_if(.., |held| held.endpoint == endpoint && held.due <= now).collect();
        let rest = due.split_off(due.len().min(max));
        state.held.extend(rest);
        due.into_iter().map(|held| held.delivery).collect()
    }

    fn next_due(&self, endpoint: &str) -> Option<Duration> {
        let now = self.sim.monotonic();
        let state = lock(&self.state);
        let next = state.held.iter().filter(|held| held.endpoint == endpoint).map(|held| held.due).min()?;
        Some(next.saturating_sub(now))
    }

    fn deliver(&self, endpoint: &str, deliveries: Vec<Delivery>) -> Vec<Delivery> {
        let at = self.sim.monotonic();
        for delivery in &deliveries {
            self.sim.record("deliver", endpoint, format!("{} {}", delivery.id, delivery.delivery_count).as_bytes());
            lock(&self.state).ledger.delivered(at, endpoint, delivery);
        }
        deliveries
    }

    /// What of a batch arrives now; the rest is held back.
    fn disturb(&self, endpoint: &str, received: Vec<Delivery>) -> Vec<Delivery> {
        let mut now = Vec::with_capacity(received.len());
        for delivery in received {
            if self.sim.strikes(Fault::DuplicateDelivery, endpoint) {
                let again = self.without_lock(&delivery);
                match self.detail(Fault::DuplicateDelivery, (0, 3)) {
                    0 => now.push(again),
                    _ => self.hold(Fault::DuplicateDelivery, AGAIN_US, endpoint, again),
                }
            }
            if self.sim.strikes(Fault::DelayedDelivery, endpoint) {
                self.hold(Fault::DelayedDelivery, DELAY_US, endpoint, delivery);
            } else if self.sim.strikes(Fault::Reordering, endpoint) {
                self.hold(Fault::Reordering, OVERTAKEN_US, endpoint, delivery);
            } else {
                now.push(delivery);
            }
        }
        now
    }

    fn hold(&self, fault: Fault, for_us: (u64, u64), endpoint: &str, delivery: Delivery) {
        let due = self.sim.monotonic() + Duration::from_micros(self.detail(fault, for_us));
        lock(&self.state).held.push(Held { due, endpoint: endpoint.to_owned(), delivery });
    }

    fn detail(&self, fault: Fault, (low, high): (u64, u64)) -> u64 {
        self.sim.faults().detail(fault, low, high)
    }

    /// The same delivery under a lock that the broker does not know: settling it settles nothing.
    fn without_lock(&self, delivery: &Delivery) -> Delivery {
        let mut token = vec![0; 16];
        lock(&self.state).random.fill(&mut token);
        Delivery { lock: Lock(token), ..delivery.clone() }
    }
}

impl Transport for SimTransport {
    fn capabilities(&self) -> Capabilities {
        let bus = lock(&self.state).bus.clone();
        let down = Capabilities {
            body_bytes_max: LARGEST_BODY,
            durable: true,
            competing: true,
            release_uncounted: true,
            max_hold: None,
            browse: true,
            replays_to_new_subscriber: false,
            multi_process: false,
        };
        bus.map_or(down, |bus| bus.capabilities())
    }

    fn provision<'a>(&'a self, topology: &'a Topology) -> BoxFuture<'a, Result<(), TransportError>> {
        Box::pin(async move { self.bus().await?.provision(topology).await })
    }

    fn send(&self, batch: Vec<OutgoingMessage>) -> BoxFuture<'_, BatchResult> {
        Box::pin(async move {
            let bus = self.bus().await?;
            let now = self.sim.monotonic();
            let at = lock(&self.state).ledger.moment(now);
            for message in &batch {
                let title = format!("{:?} {}\n", message.destination, message.id);
                let from = message.headers.get("source").map_or("", String::as_str);
                self.sim.record("send", from, &[title.as_bytes(), &message.body].concat());
            }
            let sent: Vec<OutgoingMessage> = batch.clone();
            let results = bus.send(batch).await?;
            let mut state = lock(&self.state);
            for (message, result) in sent.into_iter().zip(&results) {
                if result.is_ok() {
                    state.ledger.sent(at, message);
                }
            }
            drop(state);
            Ok(results)
        })
    }

    fn receive<'a>(&'a self, source: &'a Source, max: usize) -> BoxFuture<'a, Result<Vec<Delivery>, TransportError>> {
        Box::pin(async move {
            match source {
                Source::Queue(endpoint) => self.receive_at(endpoint, source, max).await,
                Source::DeadLetters(_) => self.bus().await?.receive(source, max).await,
            }
        })
    }

    fn settle(&self, settlements: Vec<(Lock, Settlement)>) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move {
            let bus = self.bus().await?;
            for (_, settlement) in &settlements {
                self.sim.record("settle", "", format!("{settlement:?}").as_bytes());
            }
            bus.settle(settlements).await
        })
    }

    fn renew(&self, locks: Vec<Lock>) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move { self.bus().await?.renew(locks).await })
    }

    fn browse<'a>(&'a self, source: &'a Source, position: u64, max: usize) -> BoxFuture<'a, Result<Vec<Browsed>, TransportError>> {
        Box::pin(async move { self.bus().await?.browse(source, position, max).await })
    }

    fn resubmit<'a>(&'a self, endpoint: &'a str, position: u64, headers: Headers) -> BoxFuture<'a, Result<bool, TransportError>> {
        Box::pin(async move { self.bus().await?.resubmit(endpoint, position, headers).await })
    }

    fn trouble(&self) -> Option<String> {
        let bus = lock(&self.state).bus.clone();
        bus.map_or_else(|| Some("the bus is down".to_owned()), |bus| bus.trouble())
    }
}
