//! The embedded transport passes the suite, on database files; a bus that forgets does not.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use broker::{Broker, BrokerSettings, EntityDeclaration, QueueSettings};
use conformance::{Ending, Place};
use embedded::Embedded;
use hosting::{BoxFuture, Clock, Outside};
use messaging::{Endpoint, Transport};
use storage::{Database, Driver, Location, Migrations};
use tempfile::TempDir;

use crate::world::World;

/// A folder with the broker's and the endpoints' databases.
struct Folder {
    world: World,
    folder: TempDir,
    broker: Mutex<Option<Broker>>,
    /// Those that live over it.
    transports: Mutex<Vec<Embedded>>,
    /// A kill takes the broker's store along.
    forgets: bool,
}

impl Folder {
    fn open(&self, name: &str, migrations: &[Migrations]) -> Result<Database, String> {
        let location = Location::File(self.folder.path().join(format!("{name}.sqlite")));
        Database::open(&location, Driver::inline(), migrations).map_err(|error| format!("{error:?}"))
    }

    async fn start_broker(&self) -> Result<Broker, String> {
        let db = self.open("broker", &[broker::MIGRATIONS])?;
        let broker = Broker::start(&self.world.outside(), db, BrokerSettings::default()).await.map_err(|error| error.to_string())?;
        *self.broker.lock().unwrap() = Some(broker.clone());
        Ok(broker)
    }
}

impl Place for Folder {
    fn outside(&self) -> Outside {
        self.world.outside()
    }

    fn start(&self) -> BoxFuture<'_, Result<Arc<dyn Transport>, String>> {
        Box::pin(async {
            let running = self.broker.lock().unwrap().clone();
            let broker = match running {
                Some(broker) => broker,
                None => self.start_broker().await?,
            };
            let transport = Embedded::new(broker);
            self.transports.lock().unwrap().push(transport.clone());
            Ok(Arc::new(transport) as Arc<dyn Transport>)
        })
    }

    fn restart_bus(&self) -> BoxFuture<'_, Result<bool, String>> {
        Box::pin(async {
            self.stop().await;
            self.world.sleep(Duration::from_secs(7)).await;
            let broker = self.start_broker().await?;
            self.transports.lock().unwrap().iter().for_each(|transport| transport.attach(broker.clone()));
            Ok(true)
        })
    }

    fn stop(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            let broker = self.broker.lock().unwrap().take();
            if let Some(broker) = broker {
                broker.stop().await;
            }
        })
    }

    fn kill(&self) {
        self.broker.lock().unwrap().take();
        self.transports.lock().unwrap().clear();
        self.world.kill();
        if self.forgets {
            std::fs::remove_file(self.folder.path().join("broker.sqlite")).unwrap();
        }
    }

    fn database(&self, endpoint: &Endpoint) -> Result<Database, String> {
        self.open(endpoint.declaration().name, endpoint.all_migrations())
    }

    fn spoil<'a>(&'a self, queue: &'a str) -> BoxFuture<'a, bool> {
        Box::pin(async {
            let Some(broker) = self.broker.lock().unwrap().clone() else { return false };
            let settings = QueueSettings { max_delivery_count: 3, ..Embedded::queue_settings() };
            broker.provision(&[EntityDeclaration::Queue { name: queue.to_owned(), settings }]).await.is_ok()
        })
    }
}

fn place(world: &World, forgets: bool) -> Box<dyn Place> {
    // Each row begins without the tasks of the last.
    world.kill();
    Box::new(Folder {
        world: world.clone(),
        folder: tempfile::tempdir().unwrap(),
        broker: Mutex::default(),
        transports: Mutex::default(),
        forgets,
    })
}

#[test]
fn the_embedded_transport_keeps_every_promise_of_the_suite() {
    let world = World::default();
    let report = world.wait(conformance::suite(|_| place(&world, false)));
    report.assert();
    assert_eq!(report.rows.len(), 30);
    assert_eq!(report.skipped(), [""; 0], "nothing is ruled out");
}

#[test]
fn a_bus_that_forgets_what_it_confirmed_fails_the_suite() {
    let world = World::default();
    let report = world.wait(conformance::rows(&["T01", "T07", "T31"], |_| place(&world, true)));
    let failed = report.rows.iter().filter(|row| matches!(row.ending, Ending::Failed(_))).map(|row| row.id);
    assert_eq!(failed.collect::<Vec<_>>(), ["T07", "T31"], "{report}");
}
