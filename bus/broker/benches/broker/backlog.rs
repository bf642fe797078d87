//! A million messages in the queue: what they cost in memory, whether the broker is as fast as an empty one, and how
//! long a start takes, after an orderly end and after a kill.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::load::message;
use crate::settings::Settings;
use crate::world::World;
use crate::{median, ratio};

/// The first argument of the process that fills a file and dies.
pub(crate) const FILL: &str = "fill-and-die";
const IN_ONE_SEND: u64 = 500;

pub(crate) fn run(settings: &Settings) {
    let wanted = settings.messages;
    println!("\n{wanted} queued messages");
    let path = settings.folder.path().join("backlog.sqlite");
    let began = Instant::now();
    let status = Command::new(std::env::current_exe().unwrap()).args([FILL, &wanted.to_string()]).arg(&path).status().unwrap();
    println!("  filled in {:.1} s, then the process aborted itself ({status})", began.elapsed().as_secs_f64());
    let before = resident_mib();
    let loaded = start(&path, "after a kill", wanted);
    println!("  resident {before} MiB before, {} MiB after the start", resident_mib());
    compare(settings, &loaded);
    println!("  resident {} MiB after the load", resident_mib());
    let left = loaded.active();
    let began = Instant::now();
    loaded.close();
    println!("  orderly end in {:.2} s", began.elapsed().as_secs_f64());
    start(&path, "after an orderly end", left).close();
}

fn start(path: &Path, when: &str, expected: u64) -> World {
    let began = Instant::now();
    let world = World::open_file(path.to_owned());
    println!("  start {when}: {:.2} s", began.elapsed().as_secs_f64());
    assert_eq!(world.active(), expected, "messages that were confirmed are missing");
    world
}

/// In turns, so that a busy neighbour meets both.
fn compare(settings: &Settings, loaded: &World) {
    let empty = World::open(settings.folder.path(), "empty");
    let mut rates = [Vec::new(), Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..settings.rounds {
        rates[0].push(empty.publish(256, settings.round).per_second());
        rates[1].push(loaded.publish(256, settings.round).per_second());
        empty.drain();
        rates[2].push(empty.through(256, settings.round));
        rates[3].push(loaded.through(256, settings.round));
    }
    let mut line = |what: &str, empty: usize, loaded: usize| {
        let of_empty = 100.0 * ratio(&rates[loaded], &rates[empty]);
        let [empty, loaded] = [empty, loaded].map(|which| median(&mut rates[which]));
        println!("  {what}: {empty:.0}/s empty, {loaded:.0}/s loaded ({of_empty:.0}% of empty)");
    };
    line("publish, 256 in flight", 0, 1);
    line("publish, receive, complete", 2, 3);
    empty.close();
}

/// Fills a file and dies without a goodbye.
pub(crate) fn fill_and_die(arguments: &[String]) {
    let [count, path] = arguments else {
        eprintln!("usage: {FILL} COUNT PATH");
        std::process::exit(2);
    };
    let (count, path): (u64, PathBuf) = (count.parse().unwrap(), PathBuf::from(path));
    let world = World::open_file(path);
    let before = resident_mib();
    world.runtime.block_on(async {
        let mut sent = 0;
        while sent < count {
            let until = (sent + IN_ONE_SEND).min(count);
            let answers = world.broker.send((sent..until).map(message).collect()).await;
            assert!(answers.iter().all(Result::is_ok));
            sent = until;
        }
    });
    println!("  resident while it was filled: {before} MiB before, {} MiB at its end", resident_mib());
    // A moment for what is written without a sync.
    std::thread::sleep(Duration::from_millis(50));
    std::process::abort();
}

fn resident_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) / 1_024
}
