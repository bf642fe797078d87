//! Clients: those who publish one message after the other, and one who receives and completes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use broker::{Broker, Destination, Outgoing, SettleMode, Settlement, Source};

use crate::world::{QUEUE, World};

/// A message as the broker stores it.
pub(crate) const STORED_BYTES: usize = 1_024;
/// What version, id, session and headers take of that, as [`message`] makes them.
const AROUND_THE_BODY: usize = 1 + 4 + 36 + 1 + 4 + 8 + 4 + 16;
static BODY: [u8; STORED_BYTES - AROUND_THE_BODY] = [b'b'; STORED_BYTES - AROUND_THE_BODY];

/// What a load did.
pub(crate) struct Load {
    pub(crate) messages: u64,
    pub(crate) took: Duration,
    /// Of each publish, until it was answered.
    pub(crate) latencies: Vec<Duration>,
}

impl Load {
    pub(crate) fn per_second(&self) -> f64 {
        self.messages as f64 / self.took.as_secs_f64()
    }
}

/// A message with an id as long as a UUID, a header and a body that is there already.
pub(crate) fn message(number: u64) -> Outgoing {
    Outgoing {
        destination: Destination::Queue(QUEUE.to_owned()),
        message_id: format!("{number:036}"),
        session_id: None,
        time_to_live: None,
        scheduled: None,
        headers: BTreeMap::from([("type".to_owned(), "a-kind-of-things".to_owned())]),
        body: bytes::Bytes::from_static(&BODY),
    }
}

impl World {
    /// `in_flight` tasks, each sending its next message when the last one is on disk.
    pub(crate) fn publish(&self, in_flight: usize, round: Duration) -> Load {
        self.runtime.block_on(async {
            let began = Instant::now();
            let senders: Vec<_> = (0..in_flight)
                .map(|_| {
                    let broker = self.broker.clone();
                    self.runtime.spawn(async move {
                        let mut latencies = Vec::new();
                        while began.elapsed() < round {
                            let sent = Instant::now();
                            broker.send(vec![message(latencies.len() as u64)]).await.remove(0).unwrap();
                            latencies.push(sent.elapsed());
                        }
                        latencies
                    })
                })
                .collect();
            let mut latencies = Vec::new();
            for sender in senders {
                latencies.extend(sender.await.unwrap());
            }
            Load { messages: latencies.len() as u64, took: began.elapsed(), latencies }
        })
    }

    /// Messages a second that are published by `in_flight` tasks and completed by one receiver, all the way.
    pub(crate) fn through(&self, in_flight: usize, round: Duration) -> f64 {
        let (stop, completed) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let receiver = self.runtime.spawn(complete(self.broker.clone(), Arc::clone(&stop), Arc::clone(&completed)));
        let began = Instant::now();
        let published = self.publish(in_flight, round).messages;
        while completed.load(Ordering::Relaxed) < published {
            std::thread::sleep(Duration::from_micros(200));
        }
        let took = began.elapsed();
        stop.store(true, Ordering::Relaxed);
        receiver.abort();
        published as f64 / took.as_secs_f64()
    }

    /// Completes all that is there.
    pub(crate) fn drain(&self) {
        while self.active() > 0 {
            self.runtime.block_on(complete_some(&self.broker, 1_024));
        }
    }
}

async fn complete(broker: Broker, stop: Arc<AtomicBool>, completed: Arc<AtomicU64>) {
    while !stop.load(Ordering::Relaxed) {
        let count = complete_some(&broker, 64).await;
        completed.fetch_add(count, Ordering::Relaxed);
    }
}

async fn complete_some(broker: &Broker, max: usize) -> u64 {
    let deliveries = broker.receive(&Source::Queue(QUEUE.to_owned()), max).await.unwrap();
    let settlements: Vec<_> = deliveries.iter().map(|delivery| (delivery.lock_token, Settlement::Complete)).collect();
    let settled = broker.settle(settlements, SettleMode::Lazy).await;
    settled.into_iter().filter(Result::is_ok).count() as u64
}
