//! Kills a process that sends, receives and settles under load, again and again, and compares what it had been told
//! with what is on disk. The process is this test binary itself, started with a variable that says where to work.

mod load;
mod record;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use broker::{Broker, BrokerSettings, Browsed, MIGRATIONS, Source};
use hosting::{Outside, real_outside};
use storage::{Database, Driver, Location};

use crate::harness::{HandClock, NoHttp, active, dead};
use record::Record;

const KILLS: u64 = 50;
/// How many lines a process may tell before it is killed, at most.
const LINES_MAX: u64 = 1_500;

#[test]
fn nothing_that_was_confirmed_is_lost_or_undone_when_the_process_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bus.sqlite");
    let mut record = Record::default();
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    for kill in 0..kills() {
        let mut child = start(&path);
        // xorshift64 (Marsaglia 2003): any moment will do, as long as it is another one each time.
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        listen(&mut child, 1 + seed % LINES_MAX, &mut record);
        let (there, dead) = look(&path);
        record.check(&there, &dead).unwrap_or_else(|fault| std::panic::panic_any(format!("after kill {kill}: {fault}")));
    }
    record.check_that_enough_happened();
}

/// The process that is killed; nothing of its own as a test.
#[test]
fn load_until_killed() {
    if let Ok(path) = std::env::var(load::PATH_VARIABLE) {
        load::run(Path::new(&path));
    }
}

fn kills() -> u64 {
    std::env::var("BROKER_TEST_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(KILLS)
}

fn start(path: &Path) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["crash::load_until_killed", "--exact", "--nocapture", "--test-threads=1"]);
    command.env(load::PATH_VARIABLE, path).stdout(Stdio::piped()).stderr(Stdio::inherit());
    command.spawn().unwrap()
}

/// Takes down what the process tells, kills it after that many lines, and takes down what it had told before it died.
fn listen(child: &mut Child, lines: u64, record: &mut Record) {
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut heard = 0;
    let mut line = String::new();
    while output.read_line(&mut line).unwrap() > 0 {
        // The last line may have been cut off by the kill.
        if line.ends_with('\n') {
            heard += u64::from(record.note(line.trim_end()));
        }
        line.clear();
        if heard == lines {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    assert!(heard >= lines, "the process ended by itself");
}

/// What a broker finds on the disk: active and scheduled messages, and dead letters.
fn look(path: &Path) -> (Vec<Browsed>, Vec<Browsed>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    // Nothing falls due between two pages: the clock stands.
    let outside = Outside { clock: Arc::new(HandClock::default()), ..real_outside(runtime.handle().clone(), Arc::new(NoHttp)) };
    runtime.block_on(async {
        let db = Database::open(&Location::File(path.to_owned()), Driver::inline(), &[MIGRATIONS]).unwrap();
        let broker = Broker::start(&outside, db.clone(), BrokerSettings::default()).await.unwrap();
        let found = (all(&broker, &active()).await, all(&broker, &dead()).await);
        broker.stop().await;
        db.close().await;
        found
    })
}

async fn all(broker: &Broker, source: &Source) -> Vec<Browsed> {
    let mut found: Vec<Browsed> = Vec::new();
    loop {
        let from = found.last().map_or(0, |last| last.sequence_number + 1);
        let page = broker.browse(source, from, 1_000).await.unwrap();
        if page.is_empty() {
            return found;
        }
        found.extend(page);
    }
}
