//! Crashes inside a synchronous step, and commits that fail: what happens to a service at its database.

use std::panic::resume_unwind;
use std::sync::Mutex;
use std::time::Duration;

use storage::{CommitFault, CommitHook};

use crate::sim::lock;
use crate::{Fault, Group, Sim};

/// A disk that ran full has room again after so many microseconds: from, to.
const DISK_FULL_US: (u64, u64) = (50_000, 3_000_000);

/// The payload of the unwinding that ends a crashed service's step. The executor catches it and kills the group;
/// nobody else may swallow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crash {
    /// Who crashed.
    pub group: Group,
}

impl Crash {
    /// Crashes `group` here and now. Only inside a task: the executor must be there to catch it.
    pub fn now(group: Group) -> ! {
        resume_unwind(Box::new(Self { group }))
    }
}

/// Breaks the commits of one group's database.
pub struct SimHook {
    sim: Sim,
    group: Group,
    full_until: Mutex<Duration>,
}

impl SimHook {
    /// A hook for a database of `group`. It does nothing outside of tasks, where no crash would be caught.
    #[must_use]
    pub fn new(sim: &Sim, group: Group) -> Self {
        Self { sim: sim.clone(), group, full_until: Mutex::new(Duration::ZERO) }
    }

    /// Recorded under the group's name: that of the database is unique in the process, and so no part of the history.
    fn strikes(&self, fault: Fault) -> bool {
        let strikes = self.sim.faults().draw(fault);
        if strikes {
            self.sim.injected(fault, &self.sim.name(self.group));
        }
        strikes
    }

    fn disk_is_full(&self) -> bool {
        let now = self.sim.monotonic();
        if self.strikes(Fault::DiskFull) {
            let for_us = self.sim.faults().detail(Fault::DiskFull, DISK_FULL_US.0, DISK_FULL_US.1);
            *lock(&self.full_until) = now + Duration::from_micros(for_us);
        }
        now < *lock(&self.full_until)
    }
}

impl CommitHook for SimHook {
    fn before_commit(&self, _database: &str) -> Result<(), CommitFault> {
        if !self.sim.is_polling() {
            return Ok(());
        }
        if self.strikes(Fault::CrashBeforeCommit) {
            Crash::now(self.group);
        }
        if self.disk_is_full() {
            return Err(CommitFault::DiskFull);
        }
        if self.strikes(Fault::CommitFailed) {
            return Err(CommitFault::NotCommitted);
        }
        if self.strikes(Fault::CommitUnknown) {
            return Err(CommitFault::CommittedButUnknown);
        }
        Ok(())
    }

    fn after_commit(&self, _database: &str) {
        if self.sim.is_polling() && self.strikes(Fault::CrashAfterCommit) {
            Crash::now(self.group);
        }
    }
}
