//! `globoticket verify`: whether everything that the databases say is true, also while the shop runs and after it was
//! killed. Takes no lock and changes nothing.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::Path;
use std::time::Duration;

use clap::Args;
use composition::ServiceName;
use composition::invariants::{QueueFacts, Report, ShopFacts, Sources, judge};
use hosting::Outside;
use storage::Database;

use crate::config::Faults;
use crate::data_folder::{BUS, DEFAULT_DATA, GATEWAY, database};
use crate::failure::{FAILED, Failure, about_database, chain};
use crate::runtime;
use crate::text::{complain, counted, say};

/// What the exit codes mean.
pub(crate) const EXITS: &str = "\
Exit codes:
  0  at rest, and everything is true
  1  something is not true, at rest or not
  2  it could not be judged: wrong use, or a database that is missing, damaged or cannot be read
  3  still not at rest after --wait seconds";

const NOT_AT_REST: u8 = 3;
/// Between two looks at a shop that is not at rest.
const LOOK_AGAIN: Duration = Duration::from_millis(200);
/// How many reasons and rows a person is shown.
const SHOWN_MAX: usize = 20;

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// The shop's data folder.
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DATA)]
    data: String,
    /// How many seconds to wait for the shop to come to rest.
    #[arg(long, value_name = "SECS", default_value = "0")]
    wait: String,
    /// Answer with one JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) fn carry_out(args: VerifyArgs, mut faults: Faults) -> Result<(), Failure> {
    let wait = Duration::from_secs(faults.number("wait", &args.wait, 0..=86_400));
    faults.finish()?;
    runtime::run_here(|outside| async move {
        let judged = wait_for_rest(Path::new(&args.data), &outside, wait).await;
        let (report, dead) = judged.map_err(|failure| not_judged(failure, args.json))?;
        if args.json {
            say(serde_json::to_string(&report).unwrap_or_default());
        } else {
            tell(&report, &dead);
        }
        match (report.violations.is_empty(), report.at_rest) {
            (true, true) => Ok(()),
            (true, false) => Err(Failure::silent(NOT_AT_REST)),
            (false, _) => Err(Failure::silent(FAILED)),
        }
    })
}

/// Nothing is known to be untrue.
fn not_judged(failure: Failure, json: bool) -> Failure {
    if json {
        say(serde_json::json!({ "error": failure.text }));
    }
    Failure::usage(failure.text)
}

/// Judges again and again, until the shop is at rest, something is untrue, or the time is up. A shop that did not run may
/// have been started meanwhile: then the databases, which were looked at as they stood still, are opened anew.
async fn wait_for_rest(data: &Path, outside: &Outside, wait: Duration) -> Result<(Report, DeadLetters), Failure> {
    let began = outside.clock.monotonic();
    let runs = || data.join(format!("{BUS}.sqlite-wal")).exists();
    let (mut ran, mut databases, mut shown) = (runs(), Databases::open(data)?, false);
    loop {
        if runs() != ran {
            (ran, databases) = (runs(), Databases::open(data)?);
        }
        let (first, dead) = databases.read(outside).await?;
        let (again, _) = databases.read(outside).await?;
        let report = judge(&first, &again, outside.clock.now());
        let is_over = outside.clock.monotonic() - began >= wait;
        if report.at_rest || !report.violations.is_empty() || is_over {
            return Ok((report, dead));
        }
        if !shown && std::io::stderr().is_terminal() {
            complain(format!("waiting up to {} s for rest: {}", wait.as_secs(), report.under_way.join("; ")));
            shown = true;
        }
        outside.clock.sleep(LOOK_AGAIN).await;
    }
}

/// All databases of a shop, opened only to be read.
struct Databases {
    sources: Sources,
    bus: Database,
}

/// Dead letters by endpoint and reason.
type DeadLetters = BTreeMap<(String, String), u64>;

impl Databases {
    fn open(data: &Path) -> Result<Self, Failure> {
        let shown = data.display();
        match database(data, BUS).try_exists() {
            Ok(true) => {}
            Ok(false) => {
                let text = format!("{shown} is no data folder of a shop: it has no {BUS}.sqlite; name the right one with --data");
                return Err(Failure::usage(text));
            }
            Err(error) => return Err(Failure::new(format!("the data folder {shown} cannot be read ({error}); let this user read there"))),
        }
        let open = |name: &str| {
            let path = database(data, name);
            Database::open_read_only(&path).map_err(|error| Failure::new(about_database(&path, &chain(&error))))
        };
        let mut services = BTreeMap::new();
        for name in ServiceName::ALL {
            services.insert(name, open(name.as_str())?);
        }
        Ok(Self { sources: Sources { services, gateway: open(GATEWAY)? }, bus: open(BUS)? })
    }

    async fn read(&self, outside: &Outside) -> Result<(ShopFacts, DeadLetters), Failure> {
        let queues = self.bus.read(broker::audit).await.map_err(|error| Failure::because("the bus's database cannot be read", &error))?;
        let named = |name: &str, reason: &str| (name.to_owned(), reason.to_owned());
        let letters = queues.iter().flat_map(|queue| queue.dead_letters.iter().map(|(reason, count)| (named(&queue.name, reason), *count)));
        let mut dead: DeadLetters = letters.collect();
        let queues =
            queues.into_iter().map(|queue| QueueFacts { name: queue.name, active: queue.active, dead_letters: queue.dead_letters });
        let facts = ShopFacts::read(&self.sources, queues.collect(), outside.clock.now()).await;
        let facts = facts.map_err(|error| Failure::new(chain(&error)))?;
        let unsendable = facts.endpoints.iter().filter(|(_, endpoint)| !endpoint.never_sent.is_empty());
        dead.extend(unsendable.map(|(name, endpoint)| (named(name.as_str(), "Unsendable"), endpoint.never_sent.len() as u64)));
        Ok((facts, dead))
    }
}

/// The first ones, and how many more there are.
fn tell_some(lines: &[String]) {
    lines.iter().take(SHOWN_MAX).for_each(|line| say(format!("  {line}")));
    if lines.len() > SHOWN_MAX {
        say(format!("  … and {} more", lines.len() - SHOWN_MAX));
    }
}

fn tell(report: &Report, dead: &DeadLetters) {
    let checked = &report.checked;
    let found = [(checked.orders, "order"), (checked.holds, "hold"), (checked.charges, "charge"), (checked.tickets, "ticket")];
    say(format!("checked {}", found.map(|(count, one)| counted(count as u64, one)).join(", ")));
    for ((endpoint, reason), count) in dead {
        say(format!("{} of {endpoint}: {reason}", counted(*count, "dead letter")));
    }
    for violation in &report.violations {
        say(format!("invariant {} does not hold:", violation.invariant));
        tell_some(&violation.rows);
    }
    if !report.at_rest {
        say("not at rest:");
        tell_some(&report.under_way);
    }
    if report.at_rest && report.violations.is_empty() {
        say("at rest, and everything is true");
    }
}
