//! What a running shop is built from: databases in the data folder, the broker, the gateway, the services.

use std::collections::BTreeMap;
use std::sync::Arc;

use broker::{Broker, BrokerSettings};
use composition::{GatewayAddress, Outward, Parts, ServiceName, Shop};
use embedded::Embedded;
use hosting::{Health, Outside};
use messaging::Settings;
use messaging::function::Function;
use messaging::http::Access;
use payment_gateway::{Gateway, Keys};
use storage::{Database, Driver, Location, Migrations};

use crate::data_folder::{BUS, DataFolder, FUNCTION, GATEWAY};
use crate::failure::{Failure, about_database, chain};
use crate::text::complain;

/// How long a stop waits for a batch or calls under way: less than half of what a service gets to stop.
const STOP_MS_MAX: u64 = 1_500;

/// Opens the external gateway on a database of its own.
pub(super) fn gateway(outside: &Outside, folder: &DataFolder, keys: &Keys) -> Result<Gateway, Failure> {
    let db = open(folder, GATEWAY, &[payment_gateway::MIGRATIONS])?;
    Ok(Gateway::new(outside.clone(), db, keys))
}

/// Starts the bus on its database.
pub(super) async fn broker(outside: &Outside, folder: &DataFolder) -> Result<Broker, Failure> {
    let path = folder.database(BUS);
    let db = open(folder, BUS, &[broker::MIGRATIONS])?;
    let started = Broker::start(outside, db, BrokerSettings::default()).await;
    started.map_err(|error| Failure::because(format!("the bus cannot start on {}", path.display()), &error))
}

/// Starts all services, each on its database.
pub(super) async fn shop(
    outside: &Outside,
    folder: &DataFolder,
    broker: &Broker,
    health: &Health,
    gateway_url: &str,
    settings: &super::Settings,
) -> Result<Shop, Failure> {
    let keys = folder.keys(&*outside.entropy)?;
    let databases = databases(folder)?;
    let functions = functions(folder, &settings.functions)?;
    let gateway_keys = &settings.gateway_keys;
    let access = Access { organiser_key: keys.organiser, service_key: keys.service };
    let gateway = GatewayAddress {
        url: gateway_url.to_owned(),
        secret_key: gateway_keys.secret.clone(),
        publishable_key: gateway_keys.publishable.clone(),
    };
    let parts = Parts {
        outside: outside.clone(),
        transport: Arc::new(Embedded::new(broker.clone())),
        outward: Outward::in_one_process(gateway, &access),
        access,
        health: health.clone(),
        settings: Settings { stop_ms_max: STOP_MS_MAX, ..Settings::default() },
    };
    Shop::start_with(parts, databases, functions).await.map_err(|error| Failure::because("the shop cannot start", &error))
}

/// # Errors
/// What is wrong with any of them.
fn databases(folder: &DataFolder) -> Result<BTreeMap<ServiceName, Database>, Failure> {
    let mut databases = BTreeMap::new();
    let mut failed: Option<Failure> = None;
    for name in ServiceName::ALL {
        match open(folder, name.as_str(), &name.migrations()) {
            Ok(database) => drop(databases.insert(name, database)),
            Err(failure) => {
                failed = Some(match failed {
                    Some(before) => before.and(failure),
                    None => failure,
                });
            }
        }
    }
    failed.map_or(Ok(databases), Err)
}

/// Functions, each with its database. One that was taken out of the configuration is told: its messages go on coming.
fn functions(folder: &DataFolder, functions: &[Function]) -> Result<Vec<(Function, Database)>, Failure> {
    for gone in folder.functions()?.iter().filter(|name| functions.iter().all(|function| function.name != name.as_str())) {
        complain(format!("warning: function `{gone}` is no longer set up, and what comes for it waits in its queue"));
    }
    let opened = functions.iter().map(|function| {
        let db = open(folder, &format!("{FUNCTION}{}", function.name), &[messaging::MIGRATIONS])?;
        Ok((function.clone(), db))
    });
    opened.collect()
}

fn open(folder: &DataFolder, name: &str, migrations: &[Migrations]) -> Result<Database, Failure> {
    let path = folder.database(name);
    let opened = Database::open(&Location::File(path.clone()), Driver::Thread, migrations);
    let database = opened.map_err(|error| Failure::new(about_database(&path, &chain(&error))))?;
    folder.note_database(name)?;
    Ok(database)
}
