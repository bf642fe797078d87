//! Tasks as the executor finds them: started, woken, aborted, buried. No future is dropped inside a poll, which may hold
//! what the drop wants.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Wake;
use std::time::Duration;

use hosting::{BoxFuture, Spawner, TaskEnd};
use tokio::sync::oneshot;

use crate::network::{Network, Route};
use crate::sim::lock;
use crate::{Group, Sim};

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

pub(crate) struct Task {
    pub(crate) group: Group,
    pub(crate) name: String,
    /// Absent while it is polled.
    pub(crate) future: Option<BoxFuture<'static, ()>>,
    pub(crate) waker: Arc<TaskWaker>,
    pub(crate) ended: Option<oneshot::Sender<TaskEnd>>,
}

/// What was killed and is not dropped yet.
pub(crate) enum Doomed {
    Task(Task),
    Route(Route),
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
        if self.life(group) != life {
            return None;
        }
        let mut state = self.state();
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
        state.graveyard.extend(task.map(Doomed::Task));
        drop(state);
        self.bury();
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
            for doomed in dead {
                let (group, name) = match &doomed {
                    Doomed::Task(task) => (task.group, task.name.clone()),
                    Doomed::Route(route) => (route.group, "router".to_owned()),
                };
                if catch_unwind(AssertUnwindSafe(|| drop(doomed))).is_err() {
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

fn killed() -> TaskEnd {
    TaskEnd::Died("its group was killed".to_owned())
}

async fn end_of(ended: oneshot::Receiver<TaskEnd>) -> TaskEnd {
    ended.await.unwrap_or_else(|_| killed())
}

/// Spawns into one life of one group.
pub(crate) struct GroupSpawner {
    pub(crate) sim: Sim,
    pub(crate) group: Group,
    pub(crate) life: u32,
}

impl Spawner for GroupSpawner {
    fn spawn(&self, name: &str, task: BoxFuture<'static, ()>) -> BoxFuture<'static, TaskEnd> {
        match self.sim.start(self.group, self.life, name, task) {
            Some((_, ended)) => Box::pin(end_of(ended)),
            None => Box::pin(std::future::ready(killed())),
        }
    }
}
