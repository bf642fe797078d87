//! The process that is killed: it sends, receives and settles as fast as it can, and tells each step in a line:
//! what it is about to do before it asks, what it was told after the answer.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use broker::{Broker, BrokerSettings, Delivery, MIGRATIONS, Outgoing, QueueSettings, SettleMode, Settlement};
use hosting::{Outside, real_outside};
use storage::{Database, Driver, Location};

use crate::harness::{NoHttp, active, message, queue};

pub(super) const PATH_VARIABLE: &str = "BROKER_TEST_LOAD_PATH";
const SENDERS: u64 = 4;
const RECEIVERS: u64 = 3;
const HOUR: Duration = Duration::from_secs(3_600);

pub(super) fn run(path: &Path) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    let outside = real_outside(runtime.handle().clone(), Arc::new(NoHttp));
    runtime.block_on(async {
        let db = Database::open(&Location::File(path.to_owned()), Driver::Thread, &[MIGRATIONS]).unwrap();
        let broker = Broker::start(&outside, db, BrokerSettings::default()).await.unwrap();
        let settings = QueueSettings { max_delivery_count: 10_000, ..QueueSettings::default() };
        broker.provision(&[queue("q", settings)]).await.unwrap();
        let mut tasks = Vec::new();
        for _ in 0..SENDERS {
            let task = send(broker.clone(), outside.clone());
            tasks.push(outside.spawner.spawn("sender", Box::pin(task)));
        }
        for _ in 0..RECEIVERS {
            let task = receive(broker.clone(), outside.clone());
            tasks.push(outside.spawner.spawn("receiver", Box::pin(task)));
        }
        for task in tasks {
            task.await;
        }
    });
}

fn tell(line: &str) {
    let mut output = std::io::stdout().lock();
    output.write_all(format!("@{line}\n").as_bytes()).and_then(|()| output.flush()).unwrap();
}

async fn send(broker: Broker, outside: Outside) {
    loop {
        let batch: Vec<Outgoing> = (0..=outside.entropy.below(4)).map(|_| outgoing(&outside)).collect();
        let told: Vec<(String, i64)> =
            batch.iter().map(|outgoing| (outgoing.message_id.clone(), outgoing.scheduled.map_or(0, |at| at.as_micros()))).collect();
        for ((id, due), result) in told.into_iter().zip(broker.send(batch).await) {
            result.unwrap();
            tell(&format!("sent {id} {due}"));
        }
    }
}

fn outgoing(outside: &Outside) -> Outgoing {
    let now = outside.clock.now();
    let scheduled = match outside.entropy.below(20) {
        0 => Some(now.plus(HOUR)),
        1..=3 => Some(now.plus(Duration::from_millis(30))),
        _ => None,
    };
    Outgoing { scheduled, ..message(&outside.ids.next(now).to_string()) }
}

async fn receive(broker: Broker, outside: Outside) {
    loop {
        let max = 1 + usize::try_from(outside.entropy.below(8)).unwrap();
        for delivery in broker.receive(&active(), max).await.unwrap() {
            if delivery.enqueued > outside.clock.now() {
                tell(&format!("early {}", delivery.message_id));
            }
            tell(&format!("got {} {}", delivery.message_id, delivery.delivery_count));
            settle(&broker, &outside, &delivery).await;
        }
    }
}

async fn settle(broker: &Broker, outside: &Outside, delivery: &Delivery) {
    let (name, settlement, mode) = match outside.entropy.below(20) {
        0..=8 => ("complete", Settlement::Complete, SettleMode::Synced),
        9..=14 => ("complete", Settlement::Complete, SettleMode::Lazy),
        15..=16 => ("abandon", Settlement::Abandon, SettleMode::Lazy),
        17..=18 => ("release", Settlement::Release, SettleMode::Lazy),
        _ => ("dead-letter", dead_letter(), SettleMode::Synced),
    };
    let id = &delivery.message_id;
    tell(&format!("settling {id} {name}"));
    broker.settle(vec![(delivery.lock_token, settlement)], mode).await.remove(0).unwrap();
    if mode == SettleMode::Synced {
        tell(&format!("settled {id} {name}"));
    }
}

fn dead_letter() -> Settlement {
    Settlement::DeadLetter { reason: "Poison".to_owned(), description: String::new(), headers: std::collections::BTreeMap::new() }
}
