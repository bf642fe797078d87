//! What a refused message is told (rule R11): never again, not to this destination for now, or that the broker is away.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use broker::{Broker, BrokerSettings, EntityDeclaration, QueueSettings};
use embedded::Embedded;
use messaging::{Destination, Headers, OutgoingMessage, Topology, Transport, TransportError};
use storage::{CommitFault, CommitHook, Database, Driver, Location};

use crate::world::World;

#[derive(Default)]
struct Faults(Mutex<VecDeque<CommitFault>>);

impl CommitHook for Faults {
    fn before_commit(&self, _database: &str) -> Result<(), CommitFault> {
        self.0.lock().unwrap().pop_front().map_or(Ok(()), Err)
    }

    fn after_commit(&self, _database: &str) {}
}

fn start(world: &World, name: &str, faults: Arc<Faults>) -> Embedded {
    let location = Location::Memory(format!("embedded-tests-sending-{name}"));
    let db = Database::open(&location, Driver::Inline(faults), &[broker::MIGRATIONS]).unwrap();
    let broker = world.wait(Broker::start(&world.outside(), db, BrokerSettings::default())).unwrap();
    let transport = Embedded::new(broker);
    let topology = Topology { queues: vec!["reader".to_owned()], topics: Vec::new(), subscriptions: Vec::new() };
    world.wait(transport.provision(&topology)).unwrap();
    transport
}

fn message(queue: &str, header_bytes: usize, body_bytes: usize) -> OutgoingMessage {
    OutgoingMessage {
        destination: Destination::Queue(queue.to_owned()),
        id: "00000000-0000-7000-8000-000000000001".to_owned(),
        headers: Headers::from([("long".to_owned(), "x".repeat(header_bytes))]),
        body: vec![0; body_bytes].into(),
    }
}

#[test]
fn a_refused_message_is_told_whether_it_can_ever_be_sent_and_its_neighbours_are_sent() {
    let world = World::default();
    let transport = start(&world, "refusals", Arc::default());
    let settings = QueueSettings { bytes_max: 10_000, ..Embedded::queue_settings() };
    let small = EntityDeclaration::Queue { name: "small".to_owned(), settings };
    world.wait(transport.broker().provision(&[small])).unwrap();
    let batch = [("reader", 0, 300_000), ("reader", 300_000, 10), ("nowhere", 0, 10), ("small", 0, 20_000), ("reader", 0, 10)];
    let batch = batch.map(|(queue, header_bytes, body_bytes)| message(queue, header_bytes, body_bytes)).to_vec();
    let results = world.wait(transport.send(batch)).unwrap();
    assert!(matches!(&results[0], Err(TransportError::Refused(_))), "{:?}", results[0]);
    assert!(matches!(&results[1], Err(TransportError::Refused(_))), "{:?}", results[1]);
    assert!(matches!(&results[2], Err(TransportError::Missing(queue)) if queue == "nowhere"), "{:?}", results[2]);
    assert!(matches!(&results[3], Err(TransportError::Busy { destination, .. }) if destination == "small"), "{:?}", results[3]);
    assert!(results[4].is_ok(), "{:?}", results[4]);
}

#[test]
fn a_broker_that_cannot_store_is_away_and_no_destination_is_to_blame() {
    let world = World::default();
    let faults = Arc::new(Faults::default());
    let transport = start(&world, "disk", faults.clone());
    for fault in [CommitFault::DiskFull, CommitFault::NotCommitted] {
        faults.0.lock().unwrap().push_back(fault);
        let results = world.wait(transport.send(vec![message("reader", 0, 10)])).unwrap();
        assert!(matches!(&results[0], Err(TransportError::Disconnected(_))), "{:?}", results[0]);
    }
    assert!(world.wait(transport.send(vec![message("reader", 0, 10)])).unwrap()[0].is_ok());
}
