//! Databases for tests, with one table of notes; and ways to let writes share a commit.

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};

use storage::{CommitFault, CommitHook, Database, Driver, Location, Migrations, OpenError, ReadError, SqlError, Tx, WriteError, params};

pub(crate) const NOTES: Migrations =
    Migrations { set: "notes", files: &[("0001_notes.sql", "CREATE TABLE notes (id AUTO_KEY, text TEXT NOT NULL UNIQUE, body BYTES);")] };

/// A database in memory under a name that only this test uses, run in the caller's task.
pub(crate) fn in_memory(name: &str) -> Database {
    open_inline(name, Driver::inline())
}

pub(crate) fn open_inline(name: &str, driver: Driver) -> Database {
    Database::open(&Location::Memory(name.to_owned()), driver, &[NOTES]).expect("opens")
}

/// A database in a folder of its own, with threads.
pub(crate) fn on_disk() -> (Database, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    (reopen(&folder), folder)
}

/// Opens the folder's database again.
pub(crate) fn reopen(folder: &tempfile::TempDir) -> Database {
    try_reopen(folder).expect("opens")
}

pub(crate) fn try_reopen(folder: &tempfile::TempDir) -> Result<Database, OpenError> {
    Database::open(&Location::File(file_in(folder)), Driver::Thread, &[NOTES])
}

pub(crate) fn file_in(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("notes.sqlite")
}

pub(crate) fn note(tx: &mut Tx<'_>, text: &str) -> Result<u64, SqlError> {
    tx.execute("INSERT INTO notes (text) VALUES ($1)", params![text])
}

/// A note with a body of that many bytes.
pub(crate) fn big_note(tx: &mut Tx<'_>, text: &str, body_bytes: usize) -> Result<u64, SqlError> {
    tx.execute("INSERT INTO notes (text, body) VALUES ($1, $2)", params![text, vec![7_u8; body_bytes]])
}

pub(crate) fn texts(tx: &mut Tx<'_>) -> Result<Vec<String>, SqlError> {
    tx.query("SELECT text FROM notes ORDER BY id", params![], |row| row.get(0))
}

pub(crate) fn write_note(database: &Database, text: &'static str) -> Result<u64, WriteError<SqlError>> {
    database.write_blocking(move |tx| note(tx, text))
}

pub(crate) fn all(database: &Database) -> Vec<String> {
    let read: Result<_, ReadError<SqlError>> = database.read_blocking(texts);
    read.expect("reads")
}

/// A write that is handed in and waits.
pub(crate) type Waiting = Pin<Box<dyn Future<Output = Result<u64, WriteError<SqlError>>>>>;

/// Hands all writes to the writer while it is busy, so that they share one commit; then waits for each.
pub(crate) fn together(database: &Database, writes: impl IntoIterator<Item = Waiting>) -> Vec<Result<u64, WriteError<SqlError>>> {
    let (release, released) = mpsc::channel::<()>();
    let (began, begun) = mpsc::channel();
    let mut first: Waiting = Box::pin({
        let database = database.clone();
        async move {
            let wait = move |_: &mut Tx<'_>| {
                began.send(()).expect("the test waits");
                released.recv().expect("the test releases");
                Ok(0)
            };
            database.write(wait).await
        }
    });
    hand_in(&mut first);
    begun.recv().expect("the first write begins");
    let mut waiting: Vec<Waiting> = writes.into_iter().collect();
    waiting.iter_mut().for_each(hand_in);
    release.send(()).expect("the first write waits");
    wait_for(first).expect("the first write ends");
    waiting.into_iter().map(wait_for).collect()
}

pub(crate) fn waiting<F>(database: &Database, work: F) -> Waiting
where
    F: Fn(&mut Tx<'_>) -> Result<u64, SqlError> + Send + 'static,
{
    let database = database.clone();
    Box::pin(async move { database.write(work).await })
}

fn hand_in(write: &mut Waiting) {
    let mut context = Context::from_waker(Waker::noop());
    assert!(write.as_mut().poll(&mut context).is_pending());
}

struct Unpark(std::thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Runs the future to its end.
pub(crate) fn wait_for<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}

/// What goes wrong around the next commit.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Next {
    Fault(CommitFault),
    CrashBefore,
    CrashAfter,
}

/// What a crash unwinds with.
pub(crate) struct Crash;

/// Spoils one commit, when told to.
#[derive(Default)]
pub(crate) struct Spoiler(Mutex<Option<Next>>);

impl Spoiler {
    pub(crate) fn set(&self, next: Next) {
        *self.0.lock().expect("not poisoned") = Some(next);
    }

    fn take_if(&self, wanted: impl Fn(Next) -> bool) -> Option<Next> {
        self.0.lock().expect("not poisoned").take_if(|next| wanted(*next))
    }
}

impl CommitHook for Spoiler {
    fn before_commit(&self, _database: &str) -> Result<(), CommitFault> {
        match self.take_if(|next| !matches!(next, Next::CrashAfter)) {
            Some(Next::Fault(fault)) => Err(fault),
            Some(_) => std::panic::resume_unwind(Box::new(Crash)),
            None => Ok(()),
        }
    }

    fn after_commit(&self, _database: &str) {
        if self.take_if(|next| matches!(next, Next::CrashAfter)).is_some() {
            std::panic::resume_unwind(Box::new(Crash));
        }
    }
}

/// A database in memory and the one who spoils its commits.
pub(crate) fn spoiled(name: &str) -> (Database, Arc<Spoiler>) {
    let spoiler = Arc::new(Spoiler::default());
    (open_inline(name, Driver::Inline(Arc::clone(&spoiler) as Arc<dyn CommitHook>)), spoiler)
}
