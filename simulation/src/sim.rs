//! The handle on a simulated world: its groups and tasks, its time, its faults, its digest. What the executor runs and
//! what the world above asks for meet here. No lock is held while a future is polled or dropped, or a task is woken.

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use hosting::Timestamp;

use crate::clock::{Sleep, WALL_START};
use crate::group::GroupState;
use crate::network::Network;
use crate::task::{Doomed, ReadyList, Task};
use crate::{Death, Digest, Fault, FaultPlan, Faults, Group, Random};

/// The wall clock is never further from the truth than this, either way.
const CLOCK_JUMP_MAX: Duration = Duration::from_mins(10);

/// A handle on the world. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Sim {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) seed: u64,
    pub(crate) state: Mutex<State>,
    pub(crate) ready: Arc<ReadyList>,
    pub(crate) network: Mutex<Network>,
    faults: Mutex<Faults>,
    digest: Mutex<Digest>,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) now: Duration,
    wall_offset_us: i64,
    pub(crate) tasks: BTreeMap<u64, Task>,
    pub(crate) tasks_ever: u64,
    pub(crate) timers: BTreeMap<(Duration, u64), Waker>,
    timers_ever: u64,
    pub(crate) groups: Vec<GroupState>,
    /// Whether the executor is inside a poll: then nothing may be dropped but by the executor, afterwards.
    pub(crate) polling: bool,
    pub(crate) graveyard: Vec<Doomed>,
    pub(crate) crashed: VecDeque<Group>,
    pub(crate) crash_waker: Option<Waker>,
    pub(crate) deaths: Vec<Death>,
}

/// Locks also after a panic: tasks die by panics here, and the data stays whole because no lock is held then.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Sim {
    pub(crate) fn new(seed: u64, plan: FaultPlan) -> Self {
        let sim = Self {
            shared: Arc::new(Shared {
                seed,
                state: Mutex::default(),
                ready: Arc::default(),
                network: Mutex::new(Network::new(seed)),
                faults: Mutex::new(Faults::new(seed, plan)),
                digest: Mutex::default(),
            }),
        };
        sim.group("network");
        sim
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.shared.state)
    }

    /// The faults of this history. Hold them for one question: everybody else waits.
    pub fn faults(&self) -> MutexGuard<'_, Faults> {
        lock(&self.shared.faults)
    }

    /// The digest of this history. Hold it as briefly.
    pub fn digest(&self) -> MutexGuard<'_, Digest> {
        lock(&self.shared.digest)
    }

    /// A random stream of this history for the world's own use; the same label gives the same stream again.
    #[must_use]
    pub fn random(&self, label: &str) -> Random {
        Random::labelled(self.shared.seed, &format!("world {label}"))
    }

    /// Adds to the digest what happened now.
    pub fn record(&self, kind: &str, service: &str, bytes: &[u8]) {
        let now = self.monotonic();
        self.digest().record(now, kind, service, bytes);
    }

    /// Whether `fault` strikes now; if so it is counted and recorded, and the caller must inject it.
    pub fn strikes(&self, fault: Fault, service: &str) -> bool {
        let strikes = self.faults().draw(fault);
        if strikes {
            self.injected(fault, service);
        }
        strikes
    }

    /// Counts and records a fault that was drawn before and is injected now.
    pub fn injected(&self, fault: Fault, service: &str) {
        self.faults().count(fault);
        self.record("fault", service, fault.name().as_bytes());
    }
}

/// Time.
impl Sim {
    /// What the wall clock says.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let state = self.state();
        Timestamp::from_micros(WALL_START.plus(state.now).as_micros().saturating_add(state.wall_offset_us))
    }

    /// Virtual time since the start.
    #[must_use]
    pub fn monotonic(&self) -> Duration {
        self.state().now
    }

    /// Sets the wall clock to a drawn distance from the truth: at most ten minutes ahead or behind.
    pub fn jump_clock(&self) {
        let reach_us = u64::try_from(CLOCK_JUMP_MAX.as_micros()).unwrap_or(0);
        let drawn = self.faults().detail(Fault::ClockJump, 0, 2 * reach_us);
        let offset_us = drawn.cast_signed() - reach_us.cast_signed();
        self.state().wall_offset_us = offset_us;
        self.record("clock-jump", "", offset_us.to_string().as_bytes());
    }

    /// Ends after `duration` of virtual time, at least a microsecond.
    pub fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send + 'static {
        Sleep::new(self, duration)
    }

    pub(crate) fn set_timer(&self, deadline: Duration, timer: Option<u64>, waker: &Waker) -> u64 {
        let mut state = self.state();
        let timer = timer.unwrap_or_else(|| {
            state.timers_ever += 1;
            state.timers_ever
        });
        let before = state.timers.insert((deadline, timer), waker.clone());
        drop(state);
        drop(before);
        timer
    }

    pub(crate) fn drop_timer(&self, deadline: Duration, timer: u64) {
        let waker = self.state().timers.remove(&(deadline, timer));
        drop(waker);
    }
}
