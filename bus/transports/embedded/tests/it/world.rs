//! One thread, a virtual clock, tasks that are polled in order: minutes of locks pass in no time, the same way each time.

use std::collections::BTreeMap;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use hosting::{BoxFuture, Clock, Entropy, HttpClient, HttpError, Ids, Outside, Protections, Spawner, TaskEnd, Timestamp};
use uuid::Uuid;

const START_US: i64 = 1_798_761_600_000_000;

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

struct Task {
    flag: Arc<Flag>,
    future: BoxFuture<'static, ()>,
}

#[derive(Default)]
struct State {
    now: Duration,
    timers: BTreeMap<(Duration, u64), Waker>,
    timers_ever: u64,
    tasks: Vec<Task>,
    ids: u64,
}

/// The world. Clones are one.
#[derive(Clone, Default)]
pub(crate) struct World {
    state: Arc<Mutex<State>>,
}

impl World {
    pub(crate) fn outside(&self) -> Outside {
        Outside {
            clock: Arc::new(self.clone()),
            ids: Arc::new(self.clone()),
            entropy: Arc::new(self.clone()),
            spawner: Arc::new(self.clone()),
            http: Arc::new(self.clone()),
            protections: Protections::all_on(),
        }
    }

    /// Ends every task at once, as a killed process does.
    pub(crate) fn kill(&self) {
        let tasks = std::mem::take(&mut self.state.lock().unwrap().tasks);
        drop(tasks);
    }

    /// Runs everything for that long.
    pub(crate) fn run_for(&self, duration: Duration) {
        let end = self.monotonic() + duration;
        loop {
            self.settle();
            let waker = {
                let mut state = self.state.lock().unwrap();
                match state.timers.first_key_value().map(|(key, _)| *key) {
                    Some(key) if key.0 <= end => {
                        state.now = state.now.max(key.0);
                        state.timers.remove(&key)
                    }
                    _ => {
                        state.now = end;
                        return;
                    }
                }
            };
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }

    /// Polls what is woken, until nothing is.
    fn settle(&self) {
        for _ in 0..100_000 {
            let mut tasks = std::mem::take(&mut self.state.lock().unwrap().tasks);
            let mut polled = false;
            tasks.retain_mut(|task| {
                if !task.flag.0.swap(false, Ordering::AcqRel) {
                    return true;
                }
                polled = true;
                task.future.as_mut().poll(&mut Context::from_waker(&Waker::from(task.flag.clone()))).is_pending()
            });
            let mut state = self.state.lock().unwrap();
            tasks.append(&mut state.tasks);
            state.tasks = tasks;
            if !polled {
                return;
            }
        }
        panic!("tasks wake each other for ever");
    }

    /// Runs the world until `future` ends; within a day of its time.
    pub(crate) fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        let mut future = std::pin::pin!(future);
        let flag = Arc::new(Flag(AtomicBool::new(true)));
        let waker = Waker::from(flag.clone());
        for _ in 0..86_400_000 {
            if flag.0.swap(false, Ordering::AcqRel)
                && let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker))
            {
                return value;
            }
            self.settle();
            if !flag.0.load(Ordering::Acquire) {
                self.run_for(Duration::from_millis(1));
            }
        }
        panic!("it did not end within a day");
    }
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(START_US).plus(self.monotonic())
    }

    fn monotonic(&self) -> Duration {
        self.state.lock().unwrap().now
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let (state, deadline) = (self.state.clone(), self.monotonic() + duration.max(Duration::from_micros(1)));
        let mut key = None;
        Box::pin(std::future::poll_fn(move |context| {
            let mut state = state.lock().unwrap();
            if state.now >= deadline {
                return Poll::Ready(());
            }
            let number = *key.get_or_insert_with(|| {
                state.timers_ever += 1;
                state.timers_ever
            });
            state.timers.insert((deadline, number), context.waker().clone());
            Poll::Pending
        }))
    }
}

impl Ids for World {
    fn next(&self, now: Timestamp) -> Uuid {
        let mut state = self.state.lock().unwrap();
        state.ids += 1;
        let mut tail = [0; 10];
        tail[2..].copy_from_slice(&state.ids.to_be_bytes());
        uuid::Builder::from_unix_timestamp_millis(now.as_millis().cast_unsigned(), &tail).into_uuid()
    }
}

impl Entropy for World {
    fn fill(&self, bytes: &mut [u8]) {
        let mut state = self.state.lock().unwrap();
        for chunk in bytes.chunks_mut(8) {
            // One step of SplitMix64: no two draws are alike.
            state.ids += 1;
            let mut draw = state.ids.wrapping_mul(0x9E37_79B9_7F4A_7C15);
            draw = (draw ^ (draw >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            draw = (draw ^ (draw >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            chunk.copy_from_slice(&(draw ^ (draw >> 31)).to_le_bytes()[..chunk.len()]);
        }
    }
}

impl Spawner for World {
    fn spawn(&self, _name: &str, mut task: BoxFuture<'static, ()>) -> BoxFuture<'static, TaskEnd> {
        let (ended, end) = tokio::sync::oneshot::channel();
        let mut ended = Some(ended);
        let future = Box::pin(std::future::poll_fn(move |context| {
            let polled = catch_unwind(AssertUnwindSafe(|| task.as_mut().poll(context)));
            let end = match polled {
                Ok(Poll::Pending) => return Poll::Pending,
                Ok(Poll::Ready(())) => TaskEnd::Done,
                Err(_) => TaskEnd::Died("it panicked".to_owned()),
            };
            let _ = ended.take().map(|ended| ended.send(end));
            Poll::Ready(())
        }));
        self.state.lock().unwrap().tasks.push(Task { flag: Arc::new(Flag(AtomicBool::new(true))), future });
        Box::pin(async move { end.await.unwrap_or(TaskEnd::Died("it was killed".to_owned())) })
    }
}

impl HttpClient for World {
    fn send(
        &self,
        _request: http::Request<bytes::Bytes>,
        _timeout: Duration,
    ) -> BoxFuture<'_, Result<http::Response<bytes::Bytes>, HttpError>> {
        Box::pin(std::future::ready(Err(HttpError::NotSent)))
    }
}
