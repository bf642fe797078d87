//! One thread, a clock that jumps to the next timer, tasks that are polled in order.

use std::collections::BTreeSet;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use hosting::{BoxFuture, Clock, Entropy, HttpClient, HttpError, Ids, Outside, Protections, Spawner, TaskEnd, Timestamp};
use uuid::Uuid;

type Task = BoxFuture<'static, ()>;

/// The world. Clones are one.
#[derive(Clone, Default)]
pub(crate) struct World {
    now: Arc<Mutex<Duration>>,
    timers: Arc<Mutex<BTreeSet<Duration>>>,
    tasks: Arc<Mutex<Vec<Task>>>,
}

impl World {
    pub(crate) fn outside(&self) -> Outside {
        Outside {
            clock: Arc::new(self.clone()),
            ids: Arc::new(Nothing),
            entropy: Arc::new(Nothing),
            spawner: Arc::new(self.clone()),
            http: Arc::new(Nothing),
            protections: Protections::all_on(),
        }
    }

    /// Runs everything until `future` ends: polls all there is, and when that changes nothing any more, lets time pass.
    pub(crate) fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        loop {
            // A task may wake one that was polled before it, so a few rounds for each moment.
            for _ in 0..8 {
                if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                    return value;
                }
                self.poll_tasks();
            }
            let next = self.timers.lock().unwrap().pop_first();
            let Some(deadline) = next else { panic!("nothing will ever happen again") };
            let mut now = self.now.lock().unwrap();
            *now = deadline.max(*now);
        }
    }

    /// Runs everything for that long.
    pub(crate) fn run_for(&self, duration: Duration) {
        self.wait(self.sleep(duration));
    }

    fn poll_tasks(&self) {
        let mut tasks = std::mem::take(&mut *self.tasks.lock().unwrap());
        tasks.retain_mut(|task| task.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        let mut since = self.tasks.lock().unwrap();
        tasks.append(&mut since);
        *since = tasks;
    }
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(0).plus(self.monotonic())
    }

    fn monotonic(&self) -> Duration {
        *self.now.lock().unwrap()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let (now, deadline) = (self.now.clone(), self.monotonic() + duration);
        self.timers.lock().unwrap().insert(deadline);
        Box::pin(std::future::poll_fn(move |_| if *now.lock().unwrap() >= deadline { Poll::Ready(()) } else { Poll::Pending }))
    }
}

impl Spawner for World {
    fn spawn(&self, _name: &str, mut task: Task) -> BoxFuture<'static, TaskEnd> {
        let end = Arc::new(Mutex::new(None));
        let told = end.clone();
        let watched = Box::pin(std::future::poll_fn(move |context| {
            let ended = match catch_unwind(AssertUnwindSafe(|| task.as_mut().poll(context))) {
                Ok(Poll::Pending) => return Poll::Pending,
                Ok(Poll::Ready(())) => TaskEnd::Done,
                Err(payload) => TaskEnd::Died(payload.downcast_ref::<&str>().map(|text| (*text).to_owned()).unwrap_or_default()),
            };
            *told.lock().unwrap() = Some(ended);
            Poll::Ready(())
        }));
        self.tasks.lock().unwrap().push(watched);
        Box::pin(std::future::poll_fn(move |_| end.lock().unwrap().take().map_or(Poll::Pending, Poll::Ready)))
    }
}

/// What a host does not need.
struct Nothing;

impl Ids for Nothing {
    fn next(&self, _now: Timestamp) -> Uuid {
        Uuid::nil()
    }
}

impl Entropy for Nothing {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

impl HttpClient for Nothing {
    fn send(&self, _request: http::Request<Bytes>, _timeout: Duration) -> BoxFuture<'_, Result<http::Response<Bytes>, HttpError>> {
        Box::pin(std::future::ready(Err(HttpError::NotSent)))
    }
}
