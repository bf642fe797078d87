//! What `run` finds out before anything runs (rule R37).

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use embedded::{RunError, Running, run_with};
use hosting::{BoxFuture, Outside, Spawner, TaskEnd, real_outside};
use messaging::{Command, Endpoint, Message};
use serde::{Deserialize, Serialize};
use storage::{Database, Driver, Location, params};

use crate::world::World;

#[derive(Serialize, Deserialize)]
struct File;

impl Message for File {
    const NAME: &'static str = "starting.file";
    const VERSION: u16 = 1;
}

impl Command for File {
    const ENDPOINT: &'static str = "nobody";
}

/// Counts the tasks that are spawned.
struct Counting(Arc<dyn Spawner>, AtomicUsize);

impl Spawner for Counting {
    fn spawn(&self, name: &str, task: BoxFuture<'static, ()>) -> BoxFuture<'static, TaskEnd> {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.spawn(name, task)
    }
}

/// How many tasks were spawned, and what came of it.
async fn start(folder: &Path, endpoints: Vec<Endpoint>) -> (usize, Result<Running, RunError>) {
    let real = real_outside(tokio::runtime::Handle::current(), Arc::new(World::default()));
    let spawner = Arc::new(Counting(real.spawner.clone(), AtomicUsize::default()));
    let running = run_with(Outside { spawner: spawner.clone(), ..real }, folder, endpoints).await;
    (spawner.1.load(Ordering::SeqCst), running)
}

#[tokio::test]
async fn misfits_and_damaged_and_lacking_databases_are_told_at_once_and_nothing_ran() {
    let folder = tempfile::tempdir().unwrap();
    let sound = || Vec::from(["first", "second", "third", "fourth"].map(Endpoint::new));
    let (spawned, running) = start(folder.path(), sound()).await;
    assert!(spawned > 0);
    running.unwrap().stop().await.unwrap();
    for name in ["second", "third"] {
        std::fs::write(folder.path().join(format!("{name}.sqlite")), "no database ".repeat(1_000)).unwrap();
    }
    let fourth = Location::File(folder.path().join("fourth.sqlite"));
    let db = Database::open(&fourth, Driver::inline(), sound()[3].all_migrations()).unwrap();
    db.write_blocking(|tx| tx.execute("DROP TABLE outbox", params![])).unwrap();
    drop(db);
    let mut endpoints = sound();
    endpoints[0] = Endpoint::new("first").sends::<File>();
    let (spawned, running) = start(folder.path(), endpoints).await;
    let Err(RunError::Unfit(faults)) = running else { panic!("it runs") };
    assert_eq!((spawned, faults.len()), (0, 4), "{faults:?}");
    let said = |index: usize, words: &[&str]| assert!(words.iter().all(|word| faults[index].contains(word)), "{faults:?}");
    said(0, &["starting.file", "`nobody`"]);
    said(1, &["second.sqlite", "damaged"]);
    said(2, &["third.sqlite", "damaged"]);
    said(3, &["`fourth`", "lacks", "outbox"]);
}
