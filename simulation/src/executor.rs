//! Runs the tasks of one world in one thread. The next task is drawn from all that are ready; when none is, time moves
//! to the next timer, and all timers of that moment fire together. Polls take no virtual time.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use hosting::{BoxFuture, TaskEnd};

use crate::sim::lock;
use crate::task::Task;
use crate::{Crash, Fault, FaultPlan, Group, Random, Sim};

/// So many polls without time moving are taken for tasks that wake each other for ever.
const POLLS_AT_ONE_MOMENT_MAX: u64 = 1_000_000;

/// Why a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunEnd {
    /// What it ran for has come true.
    Met,
    /// The deadline came first; it is that time now.
    Deadline,
    /// Nothing is ready, and nothing waits for a time: without an impulse from outside nothing will ever happen.
    Idle,
    /// Tasks wake each other without end, and time stands still.
    Stuck,
}

/// The executor of one world. Dropping it drops the world.
pub struct Executor {
    sim: Sim,
    scheduling: Random,
}

impl Executor {
    /// A world in which every choice comes from `seed`, and things go wrong as `plan` says.
    #[must_use]
    pub fn new(seed: u64, plan: FaultPlan) -> Self {
        Self { sim: Sim::new(seed, plan), scheduling: Random::labelled(seed, "scheduling") }
    }

    /// A handle on the world.
    #[must_use]
    pub fn sim(&self) -> Sim {
        self.sim.clone()
    }

    /// Runs until `met` answers true, which is asked before each step, or until `deadline` (virtual time since the start).
    pub fn run_until(&mut self, mut met: impl FnMut() -> bool, deadline: Duration) -> RunEnd {
        let mut polls = 0;
        loop {
            if met() {
                return RunEnd::Met;
            }
            if let Some(task) = self.draw_ready() {
                if polls == POLLS_AT_ONE_MOMENT_MAX {
                    return RunEnd::Stuck;
                }
                polls += 1;
                self.step(task);
                continue;
            }
            let next = self.sim.state().timers.first_key_value().map(|((at, _), _)| *at);
            match next {
                None => return RunEnd::Idle,
                Some(at) if at > deadline => {
                    let mut state = self.sim.state();
                    state.now = state.now.max(deadline);
                    return RunEnd::Deadline;
                }
                Some(at) => self.advance(at),
            }
            polls = 0;
        }
    }

    /// Runs until nothing is ready and nothing waits for a time, or until `deadline`.
    pub fn run_until_idle_or(&mut self, deadline: Duration) -> RunEnd {
        self.run_until(|| false, deadline)
    }

    /// Runs everything until `future`, a task of `group`, has its result.
    ///
    /// # Errors
    /// Why there is none by `deadline`; [`RunEnd::Met`] if the task died.
    pub fn complete<T: Send + 'static>(
        &mut self,
        group: Group,
        future: impl Future<Output = T> + Send + 'static,
        deadline: Duration,
    ) -> Result<T, RunEnd> {
        let result = Arc::new(Mutex::new(None));
        let place = Arc::clone(&result);
        let mut ended = self.sim.spawn(group, "complete", async move {
            let value = future.await;
            *lock(&place) = Some(value);
        });
        let over = || ended.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready();
        let end = self.run_until(over, deadline);
        let value = lock(&result).take();
        value.ok_or(end)
    }

    fn draw_ready(&mut self) -> Option<u64> {
        let mut ready = lock(&self.sim.shared.ready);
        if ready.is_empty() {
            return None;
        }
        let index = self.scheduling.index(ready.len());
        Some(ready.swap_remove(index))
    }

    fn advance(&self, at: Duration) {
        let mut state = self.sim.state();
        state.now = state.now.max(at);
        let mut due = Vec::new();
        while let Some(entry) = state.timers.first_entry().filter(|entry| entry.key().0 <= at) {
            due.push(entry.remove());
        }
        drop(state);
        due.into_iter().for_each(Waker::wake);
        if self.sim.strikes(Fault::ClockJump, "") {
            self.sim.jump_clock();
        }
    }

    /// One poll of one task, or the crash of its group instead of it.
    fn step(&self, id: u64) {
        let Some(group) = self.sim.state().tasks.get(&id).map(|task| task.group) else { return };
        if self.sim.may_crash(group) && self.sim.faults().draw(Fault::Crash) {
            self.sim.injected(Fault::Crash, &self.sim.name(group));
            self.sim.crash(group);
            return;
        }
        let Some((mut future, waker)) = self.begin_poll(id) else { return };
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(&mut Context::from_waker(&waker))));
        self.sim.state().polling = false;
        match polled {
            Ok(Poll::Pending) => self.put_back(id, group, future),
            Ok(Poll::Ready(())) => {
                self.drop_future(id, group, future);
                self.finish(id, TaskEnd::Done);
            }
            Err(payload) => {
                self.drop_future(id, group, future);
                self.fell(id, group, payload);
            }
        }
        self.sim.bury();
    }

    fn begin_poll(&self, id: u64) -> Option<(BoxFuture<'static, ()>, Waker)> {
        let mut state = self.sim.state();
        let task = state.tasks.get_mut(&id)?;
        let future = task.future.take()?;
        task.waker.queued.store(false, Ordering::SeqCst);
        let waker = Waker::from(Arc::clone(&task.waker));
        state.polling = true;
        Some((future, waker))
    }

    fn put_back(&self, id: u64, group: Group, future: BoxFuture<'static, ()>) {
        let mut state = self.sim.state();
        let orphan = match state.tasks.get_mut(&id) {
            Some(task) => {
                task.future = Some(future);
                None
            }
            None => Some(future),
        };
        drop(state);
        // Killed during its own poll.
        if let Some(orphan) = orphan {
            self.drop_future(id, group, orphan);
        }
    }

    fn drop_future(&self, id: u64, group: Group, future: BoxFuture<'static, ()>) {
        if catch_unwind(AssertUnwindSafe(|| drop(future))).is_err() {
            let name = self.sim.state().tasks.get(&id).map_or_else(String::new, |task| task.name.clone());
            self.sim.died(group, &name, "a panic while it was dropped");
        }
    }

    fn finish(&self, id: u64, end: TaskEnd) {
        let task = self.sim.state().tasks.remove(&id);
        if let Some(Task { ended: Some(ended), .. }) = task {
            // Nobody may be waiting for its end.
            let _ = ended.send(end);
        }
    }

    /// The poll unwound: a crash takes its group down, any other panic is the task's own death.
    fn fell(&self, id: u64, group: Group, payload: Box<dyn Any + Send>) {
        match payload.downcast::<Crash>() {
            Ok(crash) => {
                self.sim.crash(crash.group);
                if crash.group != group {
                    self.sim.crash(group);
                }
            }
            Err(payload) => {
                let text = text_of(payload.as_ref());
                let name = self.sim.state().tasks.get(&id).map_or_else(String::new, |task| task.name.clone());
                self.sim.died(group, &name, &text);
                self.finish(id, TaskEnd::Died(text));
            }
        }
    }
}

impl Drop for Executor {
    fn drop(&mut self) {
        self.sim.end();
    }
}

fn text_of(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without words".to_owned())
}
