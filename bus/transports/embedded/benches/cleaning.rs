//! What cleaning costs those who change something meanwhile (rule R22): two endpoints with a million inbox rows each, one
//! whose rows are out of retention, and operations at both in turns. `cargo bench -p embedded --bench cleaning -- [--quick]`.
#![allow(clippy::print_stdout, clippy::disallowed_methods, clippy::unwrap_used, reason = "a measurement: it reads the clock and prints")]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use broker::{Broker, BrokerSettings};
use embedded::Embedded;
use hosting::{BoxFuture, Health, Host, HttpClient, HttpError, Outside, real_outside};
use messaging::http::OperationKey;
use messaging::storage::{Database, Driver, Location, Migrations, SqlError, Tx, params};
use messaging::{Endpoint, Service, Settings, Transport, topology};
use tokio::runtime::Runtime;

const DAY: Duration = Duration::from_secs(24 * 3_600);
const IN_ONE_WRITE: u64 = 20_000;
const MIGRATIONS: Migrations =
    Migrations { set: "things", files: &[("0001_things", "CREATE TABLE things (id AUTO_KEY, name TEXT NOT NULL)")] };

/// How long and how much.
struct Scale {
    rows: u64,
    rounds: usize,
    round: Duration,
}

fn main() {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let scale = match quick {
        true => Scale { rows: 200_000, rounds: 5, round: Duration::from_millis(800) },
        false => Scale { rows: 1_000_000, rounds: 11, round: Duration::from_millis(2_000) },
    };
    let build = std::env::current_exe().unwrap().parent().unwrap().to_owned();
    let folder = tempfile::Builder::new().prefix("bench-").tempdir_in(build).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_time().build().unwrap();
    println!("\ncleaning {} inbox rows while operations go on; {} rounds of {:?}, in turns", scale.rows, scale.rounds, scale.round);
    for at_once in [1, 16] {
        compare(&runtime, folder.path(), &scale, at_once);
    }
}

fn compare(runtime: &Runtime, folder: &Path, scale: &Scale, at_once: usize) {
    let outside = real_outside(runtime.handle().clone(), Arc::new(NoHttp));
    let mut pair = runtime.block_on(Pair::open(&outside, &folder.join(at_once.to_string()), scale.rows));
    let (mut without, mut with) = (Vec::new(), Vec::new());
    let before = runtime.block_on(rows(&pair.cleaned));
    let began = Instant::now();
    for _ in 0..scale.rounds {
        without.push(operate(runtime, &pair.kept, at_once, scale.round));
        with.push(operate(runtime, &pair.cleaned, at_once, scale.round));
    }
    let (left, seconds) = (runtime.block_on(rows(&pair.cleaned)), began.elapsed().as_secs_f64());
    println!("  {at_once} at once; {:.0} rows a second went, {left} are left", (before - left) as f64 / seconds);
    assert!(left > 0, "nothing was left to clean: the last rounds compared nothing");
    line("without", &without);
    line("with", &with);
    let share = |quantile| 100.0 * ratio(&with, &without, quantile);
    println!("    with, of without: p50 {:.0}%, p99 {:.0}% (medians of the rounds)", share(0.5), share(0.99));
    runtime.block_on(async {
        pair.host.stop().await;
        pair.broker.stop().await;
    });
}

/// Two endpoints, of whose inboxes one is cleaned.
struct Pair {
    kept: Service,
    cleaned: Service,
    host: Host,
    broker: Broker,
}

impl Pair {
    async fn open(outside: &Outside, folder: &Path, count: u64) -> Self {
        std::fs::create_dir(folder).unwrap();
        let (health, endpoints) = (Health::default(), ["kept", "cleaned"].map(|name| Endpoint::new(name).migrations(MIGRATIONS)));
        let store = database(folder, "broker", &[broker::MIGRATIONS]);
        let broker = Broker::start(outside, store, BrokerSettings::default()).await.unwrap();
        let transport = Embedded::new(broker.clone());
        transport.provision(&topology::check(&endpoints.each_ref().map(Endpoint::declaration)).unwrap()).await.unwrap();
        let mut host = Host::new(outside.clone(), health.clone(), Duration::from_secs(10));
        let mut services = Vec::new();
        for (endpoint, days_kept) in endpoints.into_iter().zip([30, 7]) {
            let db = database(folder, endpoint.declaration().name, endpoint.all_migrations());
            fill(outside, &db, endpoint.declaration().name, count).await;
            let settings = Settings { inbox_retention_s: days_kept * DAY.as_secs(), ..Settings::default() };
            let (service, hosted) = endpoint.bind(outside.clone(), db, Arc::new(transport.clone()), &health, settings).await.unwrap();
            for part in hosted {
                host.start(part).await.unwrap();
            }
            services.push(service);
        }
        let [kept, cleaned] = services.try_into().ok().unwrap();
        Self { kept, cleaned, host, broker }
    }
}

fn database(folder: &Path, name: &str, migrations: &[Migrations]) -> Database {
    Database::open(&Location::File(folder.join(format!("{name}.sqlite"))), Driver::Thread, migrations).unwrap()
}

/// Rows from eight days ago, a thousandth of a second apart, with ids in order of time as ours are.
async fn fill(outside: &Outside, db: &Database, endpoint: &'static str, count: u64) {
    let from = outside.clock.now().minus(8 * DAY);
    for first in (0..count).step_by(IN_ONE_WRITE as usize) {
        let write = move |tx: &mut Tx<'_>| {
            let sql = "INSERT INTO inbox (endpoint, message_id, handled, round, at) VALUES ($1, $2, TRUE, 0, $3)";
            for number in first..(first + IN_ONE_WRITE).min(count) {
                let id = uuid::Uuid::from_u128(u128::from(number) << 64 | 7);
                tx.execute(sql, params![endpoint, id, from.plus(Duration::from_millis(number))])?;
            }
            Ok::<_, SqlError>(())
        };
        db.write(write).await.unwrap();
    }
}

async fn rows(service: &Service) -> u64 {
    let count = |tx: &mut Tx<'_>| tx.query_one("SELECT count(*) FROM inbox", params![], |row| row.get(0));
    service.read::<u64, SqlError>(count).await.unwrap()
}

/// The latencies of `at_once` clients, each asking for its next operation when the last one is answered; sorted.
fn operate(runtime: &Runtime, service: &Service, at_once: usize, round: Duration) -> Vec<Duration> {
    runtime.block_on(async {
        let began = Instant::now();
        let clients: Vec<_> = (0..at_once).map(|_| runtime.spawn(client(service.clone(), began, round))).collect();
        let mut latencies = Vec::new();
        for client in clients {
            latencies.extend(client.await.unwrap());
        }
        latencies.sort_unstable();
        latencies
    })
}

async fn client(service: Service, began: Instant, round: Duration) -> Vec<Duration> {
    let mut latencies = Vec::new();
    while began.elapsed() < round {
        let asked = Instant::now();
        let key = OperationKey::internal("add", Some(service.outside().ids.next(service.now()).to_string()), b"a thing");
        let added = service.operation(key, |ctx| {
            ctx.tx().execute("INSERT INTO things (name) VALUES ($1)", params!["a thing"]).map_err(messaging::HandlerError::from)?;
            Ok(())
        });
        added.await.unwrap();
        latencies.push(asked.elapsed());
    }
    latencies
}

fn line(what: &str, rounds: &[Vec<Duration>]) {
    let mut all: Vec<Duration> = rounds.iter().flatten().copied().collect();
    all.sort_unstable();
    let [p50, p99, most] = [0.5, 0.99, 1.0].map(|share| quantile(&all, share).as_secs_f64() * 1_000.0);
    println!("    {what:>7}: {:>6} operations, p50 {p50:.2} ms, p99 {p99:.2} ms, longest {most:.1} ms", all.len());
}

fn ratio(with: &[Vec<Duration>], without: &[Vec<Duration>], share: f64) -> f64 {
    let rounds = with.iter().zip(without);
    let mut ratios: Vec<f64> =
        rounds.map(|(with, without)| quantile(with, share).as_secs_f64() / quantile(without, share).as_secs_f64()).collect();
    ratios.sort_by(f64::total_cmp);
    ratios[ratios.len() / 2]
}

fn quantile(sorted: &[Duration], share: f64) -> Duration {
    sorted[((sorted.len() as f64 * share) as usize).min(sorted.len() - 1)]
}

/// Nobody asks another process.
struct NoHttp;

impl HttpClient for NoHttp {
    fn send(&self, _: http::Request<bytes::Bytes>, _: Duration) -> BoxFuture<'_, Result<http::Response<bytes::Bytes>, HttpError>> {
        Box::pin(async { Err(HttpError::NotSent) })
    }
}
