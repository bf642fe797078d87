//! The handle to a database: hands closures to whoever runs them and brings back what they return.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use tokio::sync::oneshot;

use crate::error::{OpenError, ReadError, SqlClass, SqlError, WriteError};
use crate::group::{Answer, Counters, Durability, Write, Writer};
use crate::hook::{Driver, NoFaults};
use crate::integrity;
use crate::link::{Link, Standing, own};
use crate::location::Location;
use crate::migrate::{self, Migrations};
use crate::threads::{READERS, Threads, thread_gone};
use crate::tx::{Access, Tx};

/// A database. Cheap to clone; closed with its last clone, or by [`Database::close`].
///
/// A future that is dropped while it waits does not call its closure back: it may still run and be committed.
#[derive(Clone)]
pub struct Database {
    shared: Arc<Shared>,
}

struct Shared {
    name: String,
    engine: Engine,
    counters: Arc<Counters>,
}

enum Engine {
    /// None: closed.
    Inline(Mutex<Option<Writer>>),
    Threads(Threads),
    ReadOnly(Threads),
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("name", &self.shared.name).finish_non_exhaustive()
    }
}

impl Database {
    /// Opens the database, creates it if it is not there, and applies what is new in `migrations`. Waits on the disk:
    /// for start-up.
    ///
    /// # Errors
    /// If it cannot be reached, is damaged, or the migrations do not fit what was applied before.
    pub fn open(location: &Location, driver: Driver, migrations: &[Migrations]) -> Result<Self, OpenError> {
        let link = integrity::open_sound(location)?;
        migrate::apply(&link, migrations)?;
        let counters = Arc::new(Counters::default());
        let writer = |hook| Writer::new(location.clone(), link, hook, Arc::clone(&counters));
        let name = location.short_name();
        let engine = match driver {
            Driver::Inline(hook) => Engine::Inline(Mutex::new(Some(writer(hook)))),
            Driver::Thread => {
                let readers = (0..READERS).map(|_| Link::open_reader(location)).collect::<Result<_, _>>();
                let readers = readers.map_err(|error| integrity::unreachable(location, error))?;
                let threads = Threads::start(&name, Some(writer(Arc::new(NoFaults))), readers);
                Engine::Threads(threads.map_err(|error| integrity::unreachable(location, error))?)
            }
        };
        Ok(Self { shared: Arc::new(Shared { name, engine, counters }) })
    }

    /// Opens an existing file to look at, also while another process writes to it: applies no migration, changes
    /// nothing, serves only [`Database::read`]. A file that nobody writes to is seen as it is now: whoever waits for a
    /// writer to come opens it again.
    ///
    /// # Errors
    /// If the file is not there, cannot be read or is damaged.
    pub fn open_read_only(path: &Path) -> Result<Self, OpenError> {
        let link = integrity::open_sound_read_only(path)?;
        let location = Location::File(path.to_owned());
        let name = location.short_name();
        let threads = Threads::start(&name, None, vec![link]).map_err(|error| integrity::unreachable(&location, error))?;
        Ok(Self { shared: Arc::new(Shared { name, engine: Engine::ReadOnly(threads), counters: Arc::default() }) })
    }

    /// Runs `work` in a transaction that it may share with others, and answers once that is committed and synced.
    /// `work` may run again, so it must not do anything but read and write through its [`Tx`]; waiting for this
    /// database in it would wait for ever.
    ///
    /// # Errors
    /// See [`WriteError`].
    ///
    /// # Panics
    /// Goes on with a panic of `work`, after undoing what it did.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, WriteError<E>>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Send + 'static,
    {
        self.write_with(Durability::Synced, work).await
    }

    /// As [`Database::write`], with a choice of what the answer promises.
    ///
    /// # Errors
    /// See [`WriteError`].
    ///
    /// # Panics
    /// Goes on with a panic of `work`, after undoing what it did.
    pub async fn write_with<T, E, F>(&self, durability: Durability, work: F) -> Result<T, WriteError<E>>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Send + 'static,
    {
        let (answer, answered) = oneshot::channel::<Answer<T, WriteError<E>>>();
        let job = Box::new(Write::new(work, durability, answer));
        match &self.shared.engine {
            Engine::Inline(writer) => match &mut *writer.lock().unwrap_or_else(PoisonError::into_inner) {
                Some(writer) => writer.group(vec![job]),
                None => return Err(WriteError::Closed),
            },
            Engine::Threads(threads) => {
                if !threads.write(job).await {
                    return Err(WriteError::Closed);
                }
            }
            Engine::ReadOnly(_) => {
                return Err(WriteError::NotCommitted(SqlError::new(SqlClass::Other, "the database was opened only to be read", "")));
            }
        }
        match answered.await {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => resume_unwind(panic),
            Err(_) => Err(WriteError::InDoubt(thread_gone())),
        }
    }

    /// Runs `work` in a short read transaction begun after this call: it sees everything that was answered before.
    ///
    /// # Errors
    /// See [`ReadError`].
    ///
    /// # Panics
    /// Goes on with a panic of `work`.
    pub async fn read<T, E, F>(&self, work: F) -> Result<T, ReadError<E>>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Send + 'static,
    {
        let threads = match &self.shared.engine {
            Engine::Inline(writer) => return read_inline(writer, work),
            Engine::Threads(threads) | Engine::ReadOnly(threads) => threads,
        };
        let (answer, answered) = oneshot::channel::<Answer<T, ReadError<E>>>();
        let job = Box::new(move |link: &Link| {
            // Whoever asked may have gone.
            let _ = answer.send(catch_unwind(AssertUnwindSafe(|| run_read(link, work))));
        });
        if !threads.read(job).await {
            return Err(ReadError::Closed);
        }
        match answered.await {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => resume_unwind(panic),
            Err(_) => Err(ReadError::Closed),
        }
    }

    /// What the database lacks of these migrations, all at once: those that were never applied to it, and tables that
    /// they made and that are gone. For whoever was handed a database that somebody else has opened.
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn lacks(&self, migrations: &[Migrations]) -> Result<Vec<String>, ReadError<SqlError>> {
        let migrations = migrations.to_vec();
        self.read(move |tx| migrate::lacking(tx, &migrations)).await
    }

    /// [`Database::write`] for tests and start-up; not on a runtime's thread, which it would hold up.
    ///
    /// # Errors
    /// See [`WriteError`].
    pub fn write_blocking<T, E, F>(&self, work: F) -> Result<T, WriteError<E>>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Send + 'static,
    {
        wait_for(self.write(work))
    }

    /// [`Database::read`] for tests and start-up; not on a runtime's thread, which it would hold up.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub fn read_blocking<T, E, F>(&self, work: F) -> Result<T, ReadError<E>>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Send + 'static,
    {
        wait_for(self.read(work))
    }

    /// Carries out what was handed in before, then closes the database for all clones.
    pub async fn close(&self) {
        match &self.shared.engine {
            Engine::Inline(writer) => drop(writer.lock().unwrap_or_else(PoisonError::into_inner).take()),
            Engine::Threads(threads) | Engine::ReadOnly(threads) => threads.close().await,
        }
    }

    /// Commits since the opening: for tests and benchmarks.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.shared.counters.commits.load(Ordering::Relaxed)
    }

    /// Commits since the opening that waited for the disk: for tests and benchmarks.
    #[must_use]
    pub fn syncs(&self) -> u64 {
        self.shared.counters.syncs.load(Ordering::Relaxed)
    }
}

fn read_inline<T, E>(writer: &Mutex<Option<Writer>>, work: impl FnOnce(&mut Tx<'_>) -> Result<T, E>) -> Result<T, ReadError<E>> {
    match &mut *writer.lock().unwrap_or_else(PoisonError::into_inner) {
        Some(writer) => run_read(writer.link().map_err(ReadError::Failed)?, work),
        None => Err(ReadError::Closed),
    }
}

fn run_read<T, E>(link: &Link, work: impl FnOnce(&mut Tx<'_>) -> Result<T, E>) -> Result<T, ReadError<E>> {
    link.run(own::BEGIN_READ).map_err(ReadError::Failed)?;
    let _standing = Standing(link);
    let mut tx = Tx::new(link, Access::Read);
    let result = work(&mut tx);
    match tx.environment_error() {
        Some(error) => Err(ReadError::Failed(error.clone())),
        None => result.map_err(ReadError::Refused),
    }
}

/// Wakes a waiting thread.
struct Unpark(std::thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Runs the future to its end on this thread; unlike a runtime's way to block, also where a runtime is entered.
fn wait_for<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}
