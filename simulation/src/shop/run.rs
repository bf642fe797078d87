//! Many histories, one seed after the other, and what they came to.

use std::collections::BTreeMap;

use hosting::Protections;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::history::{Ended, history};
use super::judge::Finding;
use crate::{Fault, FaultPlan};

/// The protections that a simulation can do without, to show what each is for.
pub const PROTECTIONS: [&str; 9] =
    ["inbox", "outbox", "confirm", "price-events", "version-check", "expiry-check", "look-up", "release-check", "feed-cursor"];
/// After so many histories with violations a run ends.
const VIOLATIONS_MAX: usize = 10;

/// What to run.
#[derive(Debug, Clone)]
pub struct Options {
    /// The seed of the first history; the next has the next one.
    pub seed: u64,
    /// How many.
    pub histories: u64,
    /// What goes wrong.
    pub faults: FaultPlan,
    /// The protection that is switched off, one of [`PROTECTIONS`]: then the run ends with the first history in which
    /// that is found.
    pub without: Option<String>,
}

/// No protection has that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is no protection; those that can be switched off are {}", PROTECTIONS.join(", "))]
pub struct UnknownProtection {
    name: String,
}

/// What the histories came to. The same for the same [`Options`], byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The first seed.
    pub seed: u64,
    /// How many were run.
    pub histories: u64,
    /// Messages that the bus accepted.
    pub messages: u64,
    /// Parts that died, the bus included.
    pub crashes: u64,
    /// How often each kind of fault struck; those that were not asked for are not listed.
    pub faults: BTreeMap<&'static str, u64>,
    /// Orders by their last state.
    pub orders: BTreeMap<String, u64>,
    /// SHA-256 over everything observable in all histories.
    pub digest: String,
    /// Histories in which something was wrong.
    pub violations: Vec<Violation>,
}

/// A history in which something was wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// Its seed: a run of one history from it replays it.
    pub seed: u64,
    /// What does not hold.
    pub findings: Vec<Finding>,
    /// How it came to that, a line an entry.
    pub story: Vec<String>,
}

/// Runs the histories; `progress` hears after each how many are done.
///
/// # Errors
/// [`UnknownProtection`] if there is none of the name that is to be switched off.
pub fn run(options: &Options, progress: &mut dyn FnMut(u64)) -> Result<Report, UnknownProtection> {
    let protections = protections(options.without.as_deref())?;
    let mut report = Report::new(options);
    let mut hash = Sha256::new();
    for number in 0..options.histories {
        let seed = options.seed.wrapping_add(number);
        let ended = history(seed, &options.faults, &protections);
        hash.update(&ended.digest);
        let wrong = !ended.findings.is_empty();
        report.add(seed, ended);
        progress(number + 1);
        if report.violations.len() >= VIOLATIONS_MAX || (wrong && options.without.is_some()) {
            break;
        }
    }
    report.digest = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(report)
}

fn protections(without: Option<&str>) -> Result<Protections, UnknownProtection> {
    match without {
        None => Ok(Protections::all_on()),
        Some(name) if PROTECTIONS.contains(&name) => Ok(Protections::without(name)),
        Some(name) => Err(UnknownProtection { name: name.to_owned() }),
    }
}

impl Report {
    fn new(options: &Options) -> Self {
        let asked = Fault::all().filter(|fault| options.faults.rate(*fault) > 0);
        Self {
            seed: options.seed,
            histories: 0,
            messages: 0,
            crashes: 0,
            faults: asked.map(|fault| (fault.name(), 0)).collect(),
            orders: BTreeMap::new(),
            digest: String::new(),
            violations: Vec::new(),
        }
    }

    fn add(&mut self, seed: u64, ended: Ended) {
        self.histories += 1;
        self.messages += ended.messages;
        for (name, count) in ended.faults {
            if let Some(sum) = self.faults.get_mut(name) {
                *sum += count;
            }
            if name.starts_with("crash") {
                self.crashes += count;
            }
        }
        for (state, count) in ended.orders {
            *self.orders.entry(state).or_default() += count;
        }
        if !ended.findings.is_empty() {
            self.violations.push(Violation { seed, findings: ended.findings, story: ended.story });
        }
    }
}
