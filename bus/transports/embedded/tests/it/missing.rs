//! A destination that is not there yet (rule R11): its own messages wait, all others go.

use std::sync::Arc;
use std::time::Duration;

use broker::{Broker, BrokerSettings};
use embedded::Embedded;
use hosting::{Health, Host};
use messaging::http::OperationKey;
use messaging::{Command, Endpoint, Message, Settings, Source, Topology, Transport};
use serde::{Deserialize, Serialize};
use storage::{Database, Driver, Location};

use crate::world::World;

#[derive(Serialize, Deserialize)]
struct File;

impl Message for File {
    const NAME: &'static str = "missing.file";
    const VERSION: u16 = 1;
}

impl Command for File {
    const ENDPOINT: &'static str = "archive";
}

#[derive(Serialize, Deserialize)]
struct Read;

impl Message for Read {
    const NAME: &'static str = "missing.read";
    const VERSION: u16 = 1;
}

impl Command for Read {
    const ENDPOINT: &'static str = "reader";
}

fn topology(queue: &str) -> Topology {
    Topology { queues: vec![queue.to_owned()], topics: Vec::new(), subscriptions: Vec::new() }
}

fn memory(name: &str, migrations: &[storage::Migrations]) -> Database {
    Database::open(&Location::Memory(format!("embedded-tests-missing-{name}")), Driver::inline(), migrations).unwrap()
}

#[test]
fn a_destination_that_is_missing_delays_its_own_messages_until_it_is_there() {
    let (world, health) = (World::default(), Health::default());
    let broker = world.wait(Broker::start(&world.outside(), memory("broker", &[broker::MIGRATIONS]), BrokerSettings::default())).unwrap();
    let transport = Arc::new(Embedded::new(broker));
    world.wait(transport.provision(&topology("writer"))).unwrap();
    world.wait(transport.provision(&topology("reader"))).unwrap();
    let writer = Endpoint::new("writer").sends::<File>().sends::<Read>();
    let db = memory("writer", writer.all_migrations());
    let (service, hosted) = world.wait(writer.bind(world.outside(), db, transport.clone(), &health, Settings::default())).unwrap();
    let mut host = Host::new(world.outside(), health.clone(), Duration::from_secs(10));
    for part in hosted {
        world.wait(host.start(part)).unwrap();
    }
    let write = service.operation(OperationKey::internal("write", None, b""), |ctx| {
        ctx.send(File)?;
        Ok(ctx.send(Read)?)
    });
    world.wait(write).unwrap();
    world.run_for(Duration::from_secs(10));
    let arrived = |queue: &str| world.wait(transport.browse(&Source::Queue(queue.to_owned()), 0, 10)).unwrap().len();
    assert_eq!(arrived("reader"), 1);
    let told = format!("{:?}", health.report().parts["writer"]);
    assert!(told.contains("destination `archive` does not exist"), "{told}");
    world.wait(transport.provision(&topology("archive"))).unwrap();
    world.run_for(Duration::from_secs(10));
    assert_eq!((arrived("reader"), arrived("archive")), (1, 1));
}
