//! One thread, a virtual clock, tasks that are polled in order: enough of a world for an endpoint's loops.

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use hosting::{BoxFuture, Clock, Entropy, Health, Host, HttpClient, HttpError, Ids, Outside, Protections, Spawner, TaskEnd, Timestamp};
use messaging::{Endpoint, Service, Settings, Transport};
use storage::{CommitFault, CommitHook, Database, Driver, Location};
use uuid::Uuid;

static NAMES: AtomicU64 = AtomicU64::new(0);
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
    wall_offset_us: i64,
    timers: BTreeMap<(Duration, u64), Waker>,
    timers_ever: u64,
    tasks: Vec<Task>,
    ids: u64,
    others: Option<Arc<dyn HttpClient>>,
}

/// The world. Clones are one.
#[derive(Clone, Default)]
pub(crate) struct World {
    state: Arc<Mutex<State>>,
    pub(crate) health: Health,
}

/// An endpoint at work, with the faults of its commits.
pub(crate) struct Party {
    pub(crate) service: Service,
    pub(crate) host: Host,
    pub(crate) commits: Arc<Commits>,
}

/// The next commits go wrong like this.
#[derive(Default)]
pub(crate) struct Commits {
    pub(crate) faults: Mutex<VecDeque<CommitFault>>,
}

impl CommitHook for Commits {
    fn before_commit(&self, _database: &str) -> Result<(), CommitFault> {
        self.faults.lock().unwrap().pop_front().map_or(Ok(()), Err)
    }

    fn after_commit(&self, _database: &str) {}
}

/// A database's name that outlives the processes which open it.
pub(crate) struct Disk {
    location: Location,
    _kept: Database,
}

pub(crate) fn disk() -> Disk {
    let location = Location::Memory(format!("messaging-tests-{}", NAMES.fetch_add(1, Ordering::Relaxed)));
    let kept = Database::open(&location, Driver::inline(), &[]).unwrap();
    Disk { location, _kept: kept }
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

    /// Starts an endpoint on a disk.
    pub(crate) fn start(&self, bus: &Arc<impl Transport + 'static>, disk: &Disk, endpoint: Endpoint, settings: Settings) -> Party {
        let (service, hosted, commits) = self.bind(bus, disk, endpoint, settings);
        let mut host = Host::new(self.outside(), self.health.clone(), Duration::from_secs(10));
        for service in hosted {
            self.wait(host.start(service)).unwrap();
        }
        self.run_for(Duration::from_millis(1));
        Party { service, host, commits }
    }

    pub(crate) fn bind(
        &self,
        bus: &Arc<impl Transport + 'static>,
        disk: &Disk,
        endpoint: Endpoint,
        settings: Settings,
    ) -> (Service, Vec<Arc<dyn hosting::HostedService>>, Arc<Commits>) {
        let commits = Arc::new(Commits::default());
        let hook: Arc<dyn CommitHook> = commits.clone();
        let db = Database::open(&disk.location, Driver::Inline(hook), endpoint.all_migrations()).unwrap();
        let (service, hosted) = self.wait(endpoint.bind(self.outside(), db, bus.clone(), &self.health, settings)).unwrap();
        (service, hosted, commits)
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

    /// Waits for an answer from a thread, while the world stands still.
    pub(crate) fn wait_for_threads<T>(&self, future: impl Future<Output = T>) -> T {
        let mut future = std::pin::pin!(future);
        loop {
            if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                return value;
            }
            std::thread::yield_now();
        }
    }

    /// Who answers HTTP requests: nobody, unless told otherwise.
    pub(crate) fn serve(&self, others: Option<Arc<dyn HttpClient>>) {
        self.state.lock().unwrap().others = others;
    }

    /// Sets the wall clock forward, or back.
    pub(crate) fn jump(&self, by_s: i64) {
        self.state.lock().unwrap().wall_offset_us += by_s * 1_000_000;
    }

    /// What health says of a part.
    pub(crate) fn health_of(&self, part: &str) -> String {
        self.health.report().parts.get(part).map_or_else(String::new, |condition| format!("{condition:?}"))
    }
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        let state = self.state.lock().unwrap();
        Timestamp::from_micros(START_US + state.wall_offset_us).plus(state.now)
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
        request: http::Request<bytes::Bytes>,
        timeout: Duration,
    ) -> BoxFuture<'_, Result<http::Response<bytes::Bytes>, HttpError>> {
        let others = self.state.lock().unwrap().others.clone();
        Box::pin(async move {
            match others {
                Some(others) => others.send(request, timeout).await,
                None => Err(HttpError::NotSent),
            }
        })
    }
}
