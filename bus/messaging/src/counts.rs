//! What became of the messages of an endpoint since its start, for people and metrics.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::step::Outcome;

/// How many messages ended how, since the endpoint was bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Counts {
    /// Handled.
    pub handled: u64,
    /// Delivered again after they were handled or put off (rule R1).
    pub duplicates: u64,
    /// Not handled because they were too old (rule R20).
    pub expired: u64,
    /// Failed and put off; a message counts once a round.
    pub put_off: u64,
    /// Sent to the dead letters.
    pub dead_lettered: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    handled: AtomicU64,
    duplicates: AtomicU64,
    expired: AtomicU64,
    put_off: AtomicU64,
    dead_lettered: AtomicU64,
}

impl Counters {
    pub(crate) fn count(&self, outcome: &Outcome) {
        let counter = match outcome {
            Outcome::Handled(_) => &self.handled,
            Outcome::Duplicate => &self.duplicates,
            Outcome::Expired => &self.expired,
            Outcome::PutOff { .. } => &self.put_off,
            Outcome::DeadLetter(_) => &self.dead_lettered,
            Outcome::Again { .. } => return,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> Counts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            handled: read(&self.handled),
            duplicates: read(&self.duplicates),
            expired: read(&self.expired),
            put_off: read(&self.put_off),
            dead_lettered: read(&self.dead_lettered),
        }
    }
}
