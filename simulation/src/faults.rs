//! What can go wrong, how often, and how often it really did. Knows rates and counts; whoever breaks a thing asks here
//! first.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::Random;

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// A service dies just before a commit.
    CrashBeforeCommit,
    /// A service dies just after a commit, before anybody hears of it.
    CrashAfterCommit,
    /// A service dies between two steps.
    Crash,
    /// A commit fails; nothing is changed.
    CommitFailed,
    /// Commits of one database fail for a while.
    DiskFull,
    /// A commit is carried out, and answered with an error.
    CommitUnknown,
    /// A message is delivered again after it was settled.
    DuplicateDelivery,
    /// Messages overtake each other.
    Reordering,
    /// A message is held back for a while.
    DelayedDelivery,
    /// A request is carried out (or its server sees the client hang up), and the answer is lost.
    ReplyLost,
    /// A request takes effect after its caller gave up.
    LateEffect,
    /// A request does not reach its server, or something in between answers 503.
    HttpError,
    /// The wall clock jumps, ahead or back.
    ClockJump,
}

/// Every fault by name, with how often it strikes, in a million times it could: polls (crash), commits, deliveries,
/// requests, moves of the clock.
const TABLE: [(Fault, &str, u32); 13] = [
    (Fault::CrashBeforeCommit, "crash-before-commit", 1_500),
    (Fault::CrashAfterCommit, "crash-after-commit", 1_500),
    (Fault::Crash, "crash", 200),
    (Fault::CommitFailed, "commit-failed", 2_000),
    (Fault::DiskFull, "disk-full", 500),
    (Fault::CommitUnknown, "commit-unknown", 2_000),
    (Fault::DuplicateDelivery, "duplicate-delivery", 20_000),
    (Fault::Reordering, "reordering", 50_000),
    (Fault::DelayedDelivery, "delayed-delivery", 30_000),
    (Fault::ReplyLost, "reply-lost", 15_000),
    (Fault::LateEffect, "late-effect", 8_000),
    (Fault::HttpError, "http-error", 15_000),
    (Fault::ClockJump, "clock-jump", 300),
];

impl Fault {
    /// Every kind, in the order of the report.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|(fault, _, _)| *fault)
    }

    /// The name on the command line and in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        TABLE.iter().find(|(fault, _, _)| *fault == self).map_or("", |(_, name, _)| *name)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// No fault has that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is no fault; use `all`, `none`, or some of {known}, separated by commas")]
pub struct UnknownFault {
    name: String,
    known: String,
}

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = TABLE.iter().find(|(_, known, _)| *known == name).map(|(fault, _, _)| *fault);
        found.ok_or_else(|| UnknownFault { name: name.to_owned(), known: TABLE.map(|(_, known, _)| known).join(", ") })
    }
}

/// How often each fault strikes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FaultPlan {
    per_million: BTreeMap<Fault, u32>,
}

impl FaultPlan {
    /// Nothing goes wrong.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Everything goes wrong sometimes.
    #[must_use]
    pub fn all() -> Self {
        Self { per_million: TABLE.iter().map(|(fault, _, rate)| (*fault, *rate)).collect() }
    }

    /// The same plan, with `fault` striking `per_million` times in a million.
    #[must_use]
    pub fn with(mut self, fault: Fault, per_million: u32) -> Self {
        self.per_million.insert(fault, per_million);
        self
    }

    /// How often `fault` strikes, in a million.
    #[must_use]
    pub fn rate(&self, fault: Fault) -> u32 {
        self.per_million.get(&fault).copied().unwrap_or(0)
    }
}

impl FromStr for FaultPlan {
    type Err = UnknownFault;

    /// `all`, `none`, or names separated by commas.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "all" => Ok(Self::all()),
            "none" => Ok(Self::none()),
            list => {
                let all = Self::all();
                let named = list.split(',').map(|name| name.trim().parse::<Fault>());
                named
                    .map(|fault| fault.map(|fault| (fault, all.rate(fault))))
                    .collect::<Result<_, _>>()
                    .map(|per_million| Self { per_million })
            }
        }
    }
}

/// The faults of one history: each kind has its own random stream, and a count of how often it was really injected.
#[derive(Debug)]
pub struct Faults {
    plan: FaultPlan,
    streams: BTreeMap<Fault, Random>,
    counts: BTreeMap<Fault, u64>,
}

impl Faults {
    /// Faults as `plan` says, drawn from `seed`.
    #[must_use]
    pub fn new(seed: u64, plan: FaultPlan) -> Self {
        let streams = Fault::all().map(|fault| (fault, Random::labelled(seed, &format!("fault {fault}")))).collect();
        Self { plan, streams, counts: BTreeMap::new() }
    }

    /// From now on things go wrong as `plan` says; [`FaultPlan::none`] lets the world come to rest.
    pub fn set_plan(&mut self, plan: FaultPlan) {
        self.plan = plan;
    }

    /// Whether `fault` strikes now. Not counted: see [`Faults::count`].
    pub fn draw(&mut self, fault: Fault) -> bool {
        let rate = self.plan.rate(fault);
        rate > 0 && self.streams.get_mut(&fault).is_some_and(|random| random.chance(rate))
    }

    /// Counts a fault that was really injected.
    pub fn count(&mut self, fault: Fault) {
        *self.counts.entry(fault).or_default() += 1;
    }

    /// The details of a fault (how long, which one): a number from `low` to `high` of its own stream.
    pub fn detail(&mut self, fault: Fault, low: u64, high: u64) -> u64 {
        self.streams.get_mut(&fault).map_or(low, |random| random.between(low, high))
    }

    /// How often each kind was really injected, zeros included, by name.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        Fault::all().map(|fault| (fault.name(), self.counts.get(&fault).copied().unwrap_or(0))).collect()
    }
}
