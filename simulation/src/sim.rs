//! The handle on a simulated world: its groups and tasks, its time, its faults, its digest. What the executor runs and
//! what the world above asks for meet here. No lock is held while a future is polled or dropped, or a task is woken.

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Wake, Waker};
use std::time::Duration;

use hosting::{BoxFuture, Outside, Protections, Spawner, TaskEnd, Timestamp};
use tokio::sync::oneshot;

use crate::clock::{SimClock, Sleep, WALL_START};
use crate::network::{Network, SimHttp};
use crate::random::{SimEntropy, SimIds};
use crate::{Digest, Fault, FaultPlan, Faults, Random};

/// The wall clock is never further from the truth than this, either way.
const CLOCK_JUMP_MAX: Duration = Duration::from_mins(10);

/// What dies together: one service, or the buyers, or the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group(pub(crate) u32);

/// The group of what carries requests; nothing kills it.
pub(crate) const NETWORK: Group = Group(0);

/// A task that ended by a panic of its own: a fault of the code under test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Death {
    /// Virtual time since the start.
    pub at: Duration,
    /// The group's name.
    pub group: String,
    /// The task's name.
    pub task: String,
    /// What the panic said.
    pub text: String,
}

/// A handle on the world. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Sim {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    seed: u64,
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
    tasks_ever: u64,
    pub(crate) timers: BTreeMap<(Duration, u64), Waker>,
    timers_ever: u64,
    groups: Vec<GroupState>,
    /// Whether the executor is inside a poll: then nothing may be dropped but by the executor, afterwards.
    pub(crate) polling: bool,
    graveyard: Vec<Task>,
    crashed: VecDeque<Group>,
    crash_waker: Option<Waker>,
    deaths: Vec<Death>,
}

pub(crate) struct Task {
    pub(crate) group: Group,
    pub(crate) name: String,
    /// Absent while it is polled.
    pub(crate) future: Option<BoxFuture<'static, ()>>,
    pub(crate) waker: Arc<TaskWaker>,
    pub(crate) ended: Option<oneshot::Sender<TaskEnd>>,
}

struct GroupState {
    name: String,
    /// How often it was killed. Handles of an earlier life spawn nothing any more.
    life: u32,
    crashes: bool,
    ids: Arc<Mutex<Random>>,
    entropy: Arc<Mutex<Random>>,
}

/// The tasks that want to be polled.
pub(crate) type ReadyList = Mutex<Vec<u64>>;

pub(crate) struct TaskWaker {
    id: u64,
    pub(crate) queued: AtomicBool,
    ready: Arc<ReadyList>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        if !self.queued.swap(true, Ordering::SeqCst) {
            lock(&self.ready).push(self.id);
        }
    }
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

    /// The faults of this history.
    pub fn faults(&self) -> MutexGuard<'_, Faults> {
        lock(&self.shared.faults)
    }

    /// The digest of this history.
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

/// Groups: their lives and deaths.
impl Sim {
    /// The group called `name`, made if there is none yet. It does not crash by itself: see [`Sim::let_crash`].
    pub fn group(&self, name: &str) -> Group {
        let mut state = self.state();
        if let Some(index) = state.groups.iter().position(|group| group.name == name) {
            return Group(u32::try_from(index).unwrap_or(u32::MAX));
        }
        let stream = |kind: &str| Arc::new(Mutex::new(Random::labelled(self.shared.seed, &format!("{kind} {name}"))));
        let (ids, entropy) = (stream("ids"), stream("entropy"));
        state.groups.push(GroupState { name: name.to_owned(), life: 0, crashes: false, ids, entropy });
        Group(u32::try_from(state.groups.len() - 1).unwrap_or(u32::MAX))
    }

    /// The group's name.
    #[must_use]
    pub fn name(&self, group: Group) -> String {
        self.state().group(group).name.clone()
    }

    /// From now on `group` may crash between any two steps.
    pub fn let_crash(&self, group: Group) {
        self.state().group_mut(group).crashes = true;
    }

    pub(crate) fn may_crash(&self, group: Group) -> bool {
        self.state().group(group).crashes
    }

    pub(crate) fn life(&self, group: Group) -> u32 {
        self.state().group(group).life
    }

    /// The outside world of `group` in its present life. Its random streams go on where an earlier life left them; its
    /// spawner is dead once the group is killed.
    #[must_use]
    pub fn outside(&self, group: Group, protections: Protections) -> Outside {
        let state = self.state();
        let GroupState { life, ids, entropy, .. } = state.group(group);
        Outside {
            clock: Arc::new(SimClock(self.clone())),
            ids: Arc::new(SimIds::new(Arc::clone(ids))),
            entropy: Arc::new(SimEntropy(Arc::clone(entropy))),
            spawner: Arc::new(GroupSpawner { sim: self.clone(), group, life: *life }),
            http: Arc::new(SimHttp { sim: self.clone() }),
            protections,
        }
    }

    /// Drops every task and route of `group`, without a word to anyone. Inside a poll the dropping waits for its end.
    /// What is spawned for the group afterwards belongs to its next life.
    pub fn kill(&self, group: Group) {
        let mut state = self.state();
        state.group_mut(group).life += 1;
        let doomed: Vec<Task> = state.tasks.extract_if(.., |_, task| task.group == group).map(|(_, task)| task).collect();
        state.graveyard.extend(doomed);
        drop(state);
        let routes = lock(&self.shared.network).take_routes_of(group);
        drop(routes);
        self.bury();
    }

    /// Kills `group` and reports it to [`Sim::take_crashed`].
    pub fn crash(&self, group: Group) {
        self.record("crash", &self.name(group), &[]);
        self.kill(group);
        let mut state = self.state();
        state.crashed.push_back(group);
        let waker = state.crash_waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// The groups that crashed since the last call, in that order: the world starts them again.
    #[must_use]
    pub fn take_crashed(&self) -> Vec<Group> {
        self.state().crashed.drain(..).collect()
    }

    /// Ends with the next crashed group, which [`Sim::take_crashed`] then does not report. One task at a time may wait.
    pub fn next_crashed(&self) -> impl Future<Output = Group> + Send + 'static {
        let sim = self.clone();
        std::future::poll_fn(move |context| {
            let mut state = sim.state();
            if let Some(group) = state.crashed.pop_front() {
                return Poll::Ready(group);
            }
            let before = state.crash_waker.replace(context.waker().clone());
            drop(state);
            drop(before);
            Poll::Pending
        })
    }

    /// The tasks that panicked since the last call.
    #[must_use]
    pub fn take_deaths(&self) -> Vec<Death> {
        std::mem::take(&mut self.state().deaths)
    }

    pub(crate) fn died(&self, group: Group, task: &str, text: &str) {
        let group = self.name(group);
        self.record("death", &group, text.as_bytes());
        let mut state = self.state();
        let at = state.now;
        state.deaths.push(Death { at, group, task: task.to_owned(), text: text.to_owned() });
    }
}

/// Tasks.
impl Sim {
    /// Starts `task` in the present life of `group`; the answer ends when the task has ended, however it ended.
    pub fn spawn(&self, group: Group, name: &str, task: impl Future<Output = ()> + Send + 'static) -> BoxFuture<'static, TaskEnd> {
        let life = self.life(group);
        match self.start(group, life, name, Box::pin(task)) {
            Some((_, ended)) => Box::pin(end_of(ended)),
            None => Box::pin(std::future::ready(killed())),
        }
    }

    /// Nothing is started if `life` is over.
    pub(crate) fn start(
        &self,
        group: Group,
        life: u32,
        name: &str,
        future: BoxFuture<'static, ()>,
    ) -> Option<(u64, oneshot::Receiver<TaskEnd>)> {
        let mut state = self.state();
        if state.group(group).life != life {
            drop(state);
            return None;
        }
        state.tasks_ever += 1;
        let id = state.tasks_ever;
        let waker = Arc::new(TaskWaker { id, queued: AtomicBool::new(false), ready: Arc::clone(&self.shared.ready) });
        let (ended, end) = oneshot::channel();
        let task = Task { group, name: name.to_owned(), future: Some(future), waker: Arc::clone(&waker), ended: Some(ended) };
        state.tasks.insert(id, task);
        drop(state);
        waker.wake();
        Some((id, end))
    }

    /// Drops one task, at the end of the poll if inside one.
    pub(crate) fn abort(&self, id: u64) {
        let mut state = self.state();
        let task = state.tasks.remove(&id);
        state.graveyard.extend(task);
        drop(state);
        self.bury();
    }

    pub(crate) fn is_polling(&self) -> bool {
        self.state().polling
    }

    /// Drops what was killed, unless inside a poll: the poll may hold what a drop wants.
    pub(crate) fn bury(&self) {
        loop {
            let mut state = self.state();
            if state.polling || state.graveyard.is_empty() {
                return;
            }
            let dead = std::mem::take(&mut state.graveyard);
            drop(state);
            for task in dead {
                let (group, name) = (task.group, task.name.clone());
                if catch_unwind(AssertUnwindSafe(|| drop(task))).is_err() {
                    self.died(group, &name, "a panic while it was dropped");
                }
            }
        }
    }

    /// Drops everything: tasks and routes hold this handle, which would otherwise keep itself alive.
    pub(crate) fn end(&self) {
        let groups = u32::try_from(self.state().groups.len()).unwrap_or(u32::MAX);
        (0..groups).for_each(|group| self.kill(Group(group)));
        let network = std::mem::replace(&mut *lock(&self.shared.network), Network::new(0));
        drop(network);
        let mut state = self.state();
        let timers = std::mem::take(&mut state.timers);
        let waker = state.crash_waker.take();
        drop(state);
        drop((timers, waker));
    }
}

impl State {
    /// # Panics
    /// On a group of another world.
    fn group(&self, group: Group) -> &GroupState {
        &self.groups[group.0 as usize]
    }

    fn group_mut(&mut self, group: Group) -> &mut GroupState {
        &mut self.groups[group.0 as usize]
    }
}

fn killed() -> TaskEnd {
    TaskEnd::Died("its group was killed".to_owned())
}

async fn end_of(ended: oneshot::Receiver<TaskEnd>) -> TaskEnd {
    ended.await.unwrap_or_else(|_| killed())
}

/// Spawns into one life of one group.
struct GroupSpawner {
    sim: Sim,
    group: Group,
    life: u32,
}

impl Spawner for GroupSpawner {
    fn spawn(&self, name: &str, task: BoxFuture<'static, ()>) -> BoxFuture<'static, TaskEnd> {
        match self.sim.start(self.group, self.life, name, task) {
            Some((_, ended)) => Box::pin(end_of(ended)),
            None => Box::pin(std::future::ready(killed())),
        }
    }
}
