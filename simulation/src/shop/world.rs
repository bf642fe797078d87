//! The world of one history: the disks, what runs over them, and how each part is started, also after a crash. Starting
//! is production's code; what is ours here is only where things are.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use broker::{Broker, BrokerSettings};
use composition::invariants::Sources;
use composition::{GatewayAddress, Outward, Parts, ServiceName};
use embedded::Embedded;
use hosting::{Health, Outside, Protections};
use messaging::http::Access;
use messaging::{Settings, Topology, Transport as _};
use payment_gateway::{DropConnection, Gateway, Keys};
use storage::{Database, Driver, Location, Migrations};

use super::transport::SimTransport;
use crate::{Group, Random, Sim, SimHook};

/// Where the gateway answers.
const GATEWAY: &str = "gateway";
/// A part that crashed is started again after so many microseconds: from, to, and the longest outage.
const DOWN_US: (u64, u64, u64) = (5_000, 1_000_000, 20_000_000);
/// How often, in a million, an outage is a long one.
const LONG_OUTAGE: u32 = 150_000;

/// How often, in a million, the gateway is away so long that orders give up: from, to, in microseconds.
const GATEWAY_AWAY: u32 = 120_000;
const GATEWAY_AWAY_US: (u64, u64) = (600_000_000, 4_200_000_000);

/// Tells apart the databases of worlds in one process; no part of any history.
static WORLDS: AtomicU64 = AtomicU64::new(0);

/// What runs in a group of its own and crashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    Bus,
    Gateway,
    Service(ServiceName),
}

impl Role {
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        [Self::Bus, Self::Gateway].into_iter().chain(ServiceName::ALL.map(Self::Service))
    }

    fn name(self) -> &'static str {
        match self {
            Self::Bus => "bus",
            Self::Gateway => GATEWAY,
            Self::Service(name) => name.as_str(),
        }
    }

    fn migrations(self) -> Vec<Migrations> {
        match self {
            Self::Bus => vec![broker::MIGRATIONS],
            Self::Gateway => vec![payment_gateway::MIGRATIONS],
            Self::Service(name) => name.migrations(),
        }
    }
}

/// A database that outlives crashes: it lasts as long as somebody holds a connection to it, and this one is the world's.
struct Disk {
    group: Group,
    location: Location,
    database: Database,
}

pub(crate) struct World {
    pub(crate) sim: Sim,
    pub(crate) transport: Arc<SimTransport>,
    pub(crate) access: Access,
    disks: BTreeMap<Role, Disk>,
    outward: Outward,
    topology: Topology,
    protections: Protections,
}

/// Why there is no world.
#[derive(Debug, thiserror::Error)]
#[error("the simulated shop cannot be built: {0}")]
pub(crate) struct NoWorld(String);

impl World {
    pub(crate) fn build(sim: &Sim, protections: Protections) -> Result<Arc<Self>, NoWorld> {
        let number = WORLDS.fetch_add(1, Ordering::Relaxed);
        let gateway = GatewayAddress {
            url: format!("http://{GATEWAY}"),
            secret_key: "sk_test_globoticket".to_owned(),
            publishable_key: "pk_test_globoticket".to_owned(),
        };
        let mut disks = BTreeMap::new();
        for role in Role::all() {
            let location = Location::Memory(format!("world-{number}-{}", role.name()));
            let database = Database::open(&location, Driver::inline(), &role.migrations());
            let database = database.map_err(|error| NoWorld(error.to_string()))?;
            disks.insert(role, Disk { group: sim.group(role.name()), location, database });
        }
        sim.drop_connection_when(|response| response.extensions().get::<DropConnection>().is_some());
        let access = Access { organiser_key: "organiser".to_owned(), service_key: "service".to_owned() };
        let outward = Outward::in_one_process(gateway, &access);
        Ok(Arc::new(Self {
            sim: sim.clone(),
            transport: Arc::new(SimTransport::new(sim)),
            access,
            disks,
            topology: composition::topology(&outward).map_err(|misfit| NoWorld(misfit.to_string()))?,
            outward,
            protections,
        }))
    }

    /// Where the invariants read their facts.
    pub(crate) fn sources(&self) -> Sources {
        let services = ServiceName::ALL.iter().map(|name| (*name, self.disk(Role::Service(*name)).clone()));
        Sources { services: services.collect(), gateway: self.disk(Role::Gateway).clone() }
    }

    /// # Panics
    /// Never: every role has a disk.
    #[expect(clippy::expect_used, reason = "a disk is made for every role when the world is built")]
    pub(crate) fn disk(&self, role: Role) -> &Database {
        &self.disks.get(&role).expect("every role has a disk").database
    }

    /// The endpoints that get the events of `topic`.
    pub(crate) fn subscribers(&self, topic: &str) -> Vec<&str> {
        self.topology.subscriptions.iter().filter(|(of, _)| of == topic).map(|(_, endpoint)| endpoint.as_str()).collect()
    }

    /// Every part may crash from now on.
    pub(crate) fn let_crash(&self) {
        self.disks.values().for_each(|disk| self.sim.let_crash(disk.group));
    }

    pub(crate) fn start_all(self: &Arc<Self>) {
        for role in Role::all() {
            self.start(role);
        }
        let (world, group) = (Arc::clone(self), self.sim.group("world"));
        drop(self.sim.spawn(group, "supervisor", async move { world.supervise(group).await }));
    }

    /// Starts whatever crashed again, each after a while of its own.
    async fn supervise(self: Arc<Self>, group: Group) {
        let mut random = self.sim.random("supervisor");
        loop {
            let crashed = self.sim.next_crashed().await;
            let Some(role) = self.disks.iter().find(|(_, disk)| disk.group == crashed).map(|(role, _)| *role) else { continue };
            if role == Role::Bus {
                self.transport.detach();
            }
            let down = draw_outage(&mut random, role);
            let world = Arc::clone(&self);
            drop(self.sim.spawn(group, "restart", async move {
                world.sim.sleep(down).await;
                world.start(role);
            }));
        }
    }

    fn start(self: &Arc<Self>, role: Role) {
        let Some(disk) = self.disks.get(&role) else { return };
        let (world, group) = (Arc::clone(self), disk.group);
        drop(self.sim.spawn(group, "start", async move {
            world.sim.record("start", role.name(), &[]);
            // A part that cannot start ends its process, and is started again like any that crashed.
            if let Err(error) = world.run(role).await {
                tracing::warn!(part = role.name(), error, "a part did not start");
                world.sim.crash(group);
            }
        }));
    }

    /// Starts the part, and stays with it until it is killed.
    async fn run(&self, role: Role) -> Result<(), String> {
        let disk = self.disks.get(&role).ok_or("it has no disk")?;
        let hook = Driver::Inline(Arc::new(SimHook::new(&self.sim, disk.group)));
        let db = Database::open(&disk.location, hook, &role.migrations()).map_err(|error| error.to_string())?;
        let outside = self.sim.outside(disk.group, self.protections.clone());
        match role {
            Role::Bus => self.run_bus(outside, db).await,
            Role::Gateway => self.run_gateway(disk.group, outside, db).await,
            Role::Service(name) => self.run_service(name, disk.group, outside, db).await,
        }
    }

    async fn run_bus(&self, outside: Outside, db: Database) -> Result<(), String> {
        let broker = Broker::start(&outside, db, BrokerSettings::default()).await.map_err(|error| error.to_string())?;
        let bus = Embedded::new(broker);
        bus.provision(&self.topology).await.map_err(|error| error.to_string())?;
        self.transport.attach(bus);
        pending().await
    }

    async fn run_gateway(&self, group: Group, outside: Outside, db: Database) -> Result<(), String> {
        let GatewayAddress { secret_key, publishable_key, .. } = self.outward.gateway.clone();
        let keys = Keys { secret: secret_key, publishable: publishable_key };
        self.sim.serve(group, GATEWAY, Gateway::new(outside, db, &keys).router());
        pending().await
    }

    async fn run_service(&self, name: ServiceName, group: Group, outside: Outside, db: Database) -> Result<(), String> {
        let parts = Parts {
            outside,
            transport: Arc::clone(&self.transport) as Arc<dyn messaging::Transport>,
            access: self.access.clone(),
            outward: self.outward.clone(),
            health: Health::default(),
            settings: Settings::default(),
        };
        let running = composition::start_service(name, db, &parts).await.map_err(|error| error.to_string())?;
        let router = Router::new().nest(&format!("/api/{name}"), running.router.clone());
        self.sim.serve(group, &name.authority(), router);
        // What runs stops when its handle is dropped.
        let () = pending().await;
        drop(running);
        Ok(())
    }
}

fn draw_outage(random: &mut Random, role: Role) -> Duration {
    let (long, away) = (random.chance(LONG_OUTAGE), random.chance(GATEWAY_AWAY));
    let (from, to) = match role {
        Role::Gateway if away => GATEWAY_AWAY_US,
        _ if long => (DOWN_US.0, DOWN_US.2),
        _ => (DOWN_US.0, DOWN_US.1),
    };
    Duration::from_micros(random.between(from, to))
}
