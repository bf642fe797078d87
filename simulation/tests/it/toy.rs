//! A toy world: a counter service with a database and an axum router, clients that add to it over HTTP, and a
//! supervisor that starts the service again after each crash.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use hosting::{Outside, Protections};
use http::{Request, StatusCode};
use serde::{Deserialize, Serialize};
use simulation::{Executor, FaultPlan, Group, Sim, SimHook};
use storage::{Database, Driver, Location, Migrations, WriteError, params};

pub(crate) const COUNTER: &str = "counter:80";
pub(crate) const TIMEOUT: Duration = Duration::from_secs(2);
pub(crate) const LONG: Duration = Duration::from_secs(600);

const MIGRATIONS: [Migrations; 1] = [Migrations {
    set: "counter",
    files: &[("0001_additions", "CREATE TABLE additions (id BIGINT PRIMARY KEY, client TEXT NOT NULL, amount BIGINT NOT NULL);")],
}];

#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub(crate) struct Addition {
    pub(crate) id: i64,
    pub(crate) amount: i64,
}

#[derive(Clone)]
struct Counter {
    outside: Outside,
    database: Database,
}

/// The disk outlives the service: a connection of the world's own keeps the memory database alive.
pub(crate) fn disk(name: &str) -> (Location, Database) {
    let location = Location::Memory(name.to_owned());
    let disk = Database::open(&location, Driver::Inline(Arc::new(storage::NoFaults)), &MIGRATIONS).unwrap();
    (location, disk)
}

/// Starts the service in its own group, where a crash or a failure over its database is its own.
pub(crate) fn start_counter(sim: &Sim, group: Group, location: &Location) {
    let (inside, location) = (sim.clone(), location.clone());
    drop(sim.spawn(group, "start", async move {
        let hook = Arc::new(SimHook::new(&inside, group));
        let Ok(database) = Database::open(&location, Driver::Inline(hook), &MIGRATIONS) else {
            inside.crash(group);
            return;
        };
        let state = Counter { outside: inside.outside(group, Protections::all_on()), database };
        let router = Router::new().route("/add/{client}", post(add)).route("/sum", get(sum)).with_state(state);
        inside.record("start", &inside.name(group), &[]);
        inside.serve(group, COUNTER, router);
    }));
}

async fn add(State(counter): State<Counter>, Path(client): Path<String>, Json(addition): Json<Addition>) -> (StatusCode, String) {
    counter.outside.clock.sleep(Duration::from_micros(counter.outside.entropy.below(3_000))).await;
    let written = counter.database.write(move |tx| {
        tx.execute(
            "INSERT INTO additions (id, client, amount) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING",
            params![addition.id, client, addition.amount],
        )
    });
    match written.await {
        Ok(rows) => (StatusCode::OK, format!("{rows} {}", counter.outside.ids.next(counter.outside.clock.now()))),
        Err(WriteError::Refused(error)) => (StatusCode::CONFLICT, error.to_string()),
        Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, "not written, or perhaps".to_owned()),
    }
}

async fn sum(State(counter): State<Counter>) -> String {
    total(&counter.database).await.to_string()
}

pub(crate) async fn total(database: &Database) -> i64 {
    let rows = database.read(|tx| tx.query("SELECT amount FROM additions ORDER BY id", params![], |row| row.get::<i64>(0)));
    rows.await.unwrap_or_default().into_iter().sum()
}

pub(crate) fn addition(client: &str, id: i64) -> Request<Bytes> {
    let body = serde_json::to_vec(&Addition { id, amount: 1 }).unwrap();
    let request = Request::post(format!("http://{COUNTER}/add/{client}")).header("content-type", "application/json");
    request.body(Bytes::from(body)).unwrap()
}

pub(crate) fn ask(path: &str) -> Request<Bytes> {
    Request::get(format!("http://{COUNTER}{path}")).body(Bytes::new()).unwrap()
}

/// Repeats each addition until it is confirmed.
async fn client(outside: Outside, name: String, ids: std::ops::Range<i64>) {
    for id in ids {
        loop {
            let answer = outside.http.send(addition(&name, id), TIMEOUT).await;
            if answer.is_ok_and(|answer| answer.status() == StatusCode::OK) {
                break;
            }
            outside.clock.sleep(Duration::from_millis(50)).await;
        }
    }
}

async fn supervise(sim: Sim, location: Location) {
    loop {
        let group = sim.next_crashed().await;
        sim.sleep(Duration::from_millis(20)).await;
        start_counter(&sim, group, &location);
    }
}

/// What a history of the toy world came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct History {
    pub(crate) hash: String,
    pub(crate) lines: Vec<String>,
    pub(crate) total: i64,
    pub(crate) crashes: usize,
}

/// Four clients make ten additions each. `run` tells apart histories in one process.
pub(crate) fn history(seed: u64, plan: FaultPlan, run: &str) -> History {
    let mut executor = Executor::new(seed, plan);
    let sim = executor.sim();
    sim.digest().keep_text();
    let (location, disk) = disk(&format!("toy-{run}-{seed}"));
    let counter = sim.group("counter");
    sim.let_crash(counter);
    start_counter(&sim, counter, &location);
    let world = sim.group("world");
    drop(sim.spawn(world, "supervisor", supervise(sim.clone(), location)));
    let clients = sim.group("clients");
    let all = sim.clone();
    let result = executor.complete(
        world,
        async move {
            let mut ends = Vec::new();
            for number in 0..4 {
                let (name, ids) = (format!("client-{number}"), number * 10..(number + 1) * 10);
                ends.push(all.spawn(clients, &name, client(all.outside(clients, Protections::all_on()), name.clone(), ids)));
            }
            for end in ends {
                end.await;
            }
            total(&disk).await
        },
        LONG,
    );
    assert_eq!(sim.take_deaths(), []);
    let digest = sim.digest();
    let lines = digest.lines().to_vec();
    let crashes = lines.iter().filter(|line| line.contains(" crash counter")).count();
    History { hash: digest.hex(), lines, total: result.unwrap(), crashes }
}
