//! Group commit: whatever waits runs in one transaction, a savepoint each, and is answered after one commit. The same
//! function serves both drivers; it knows neither threads nor tasks.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::oneshot;

use crate::error::{SqlClass, SqlError, WriteError};
use crate::hook::{CommitFault, CommitHook};
use crate::link::{Link, Standing, own};
use crate::location::Location;
use crate::tx::{Access, Tx};

/// Whether a write must survive a power cut before it is answered. A killed process loses neither kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// On disk before the answer.
    Synced,
    /// On disk with the next synced write, or the next checkpoint.
    Unsynced,
}

/// What a panic carries.
pub(crate) type Panic = Box<dyn Any + Send>;
/// A closure's result or its panic, which goes on in the task that asked.
pub(crate) type Answer<T, E> = Result<Result<T, E>, Panic>;

/// Commits and syncs since the opening.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) commits: AtomicU64,
    pub(crate) syncs: AtomicU64,
}

/// How the group ended for its closures.
#[derive(Clone)]
pub(crate) enum Ending {
    /// What they did is in force.
    Committed,
    /// Certainly nothing changed.
    NotCommitted(SqlError),
    /// Nobody knows.
    InDoubt(SqlError),
}

/// What a closure's run left to keep.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Left {
    Kept,
    Undone,
}

/// A closure that waits for its transaction, and the one who waits for its answer.
pub(crate) trait Job: Send {
    fn durability(&self) -> Durability;
    /// Runs the closure and keeps its result for the answer.
    fn run(&mut self, tx: &mut Tx<'_>) -> Left;
    /// Answers. Called once.
    fn finish(self: Box<Self>, ending: Ending);
}

/// The only [`Job`], with the closure's types.
pub(crate) struct Write<T, E, F> {
    work: F,
    durability: Durability,
    outcome: Option<Outcome<T, E>>,
    /// None: answered.
    answer: Option<oneshot::Sender<Answer<T, WriteError<E>>>>,
}

enum Outcome<T, E> {
    Kept(T),
    Refused(E),
    Failed(SqlError),
    Panicked(Panic),
}

impl<T, E, F> Write<T, E, F>
where
    F: Fn(&mut Tx<'_>) -> Result<T, E> + Send,
{
    pub(crate) fn new(work: F, durability: Durability, answer: oneshot::Sender<Answer<T, WriteError<E>>>) -> Self {
        Self { work, durability, outcome: None, answer: Some(answer) }
    }
}

impl<T, E, F> Job for Write<T, E, F>
where
    F: Fn(&mut Tx<'_>) -> Result<T, E> + Send,
    T: Send,
    E: Send,
{
    fn durability(&self) -> Durability {
        self.durability
    }

    fn run(&mut self, tx: &mut Tx<'_>) -> Left {
        let outcome = match catch_unwind(AssertUnwindSafe(|| (self.work)(tx))) {
            Err(panic) => Outcome::Panicked(panic),
            Ok(result) => match (tx.environment_error(), result) {
                (Some(error), _) => Outcome::Failed(error.clone()),
                (None, Ok(value)) => Outcome::Kept(value),
                (None, Err(error)) => Outcome::Refused(error),
            },
        };
        let left = if matches!(outcome, Outcome::Kept(_)) { Left::Kept } else { Left::Undone };
        self.outcome = Some(outcome);
        left
    }

    fn finish(mut self: Box<Self>, ending: Ending) {
        let answer = match (self.outcome.take(), ending) {
            (Some(Outcome::Panicked(panic)), _) => Err(panic),
            (Some(Outcome::Failed(error)), _) => Ok(Err(WriteError::NotCommitted(error))),
            (Some(Outcome::Kept(value)), Ending::Committed) => Ok(Ok(value)),
            (Some(Outcome::Kept(_)), Ending::InDoubt(error)) => Ok(Err(WriteError::InDoubt(error))),
            (Some(Outcome::Refused(error)), Ending::Committed) => Ok(Err(WriteError::Refused(error))),
            // Its reason may be something that another closure of the group did, which did not come to be.
            (Some(Outcome::Refused(_)) | None, Ending::InDoubt(error)) | (_, Ending::NotCommitted(error)) => {
                Ok(Err(WriteError::NotCommitted(error)))
            }
            (None, Ending::Committed) => Ok(Err(WriteError::Closed)),
        };
        self.answer(answer);
    }
}

impl<T, E, F> Write<T, E, F> {
    fn answer(&mut self, answer: Answer<T, WriteError<E>>) {
        if let Some(sender) = self.answer.take() {
            // Whoever asked may have gone.
            let _ = sender.send(answer);
        }
    }
}

impl<T, E, F> Drop for Write<T, E, F> {
    /// A closure that was never run: its database was closed while it waited.
    fn drop(&mut self) {
        if self.outcome.is_none() {
            self.answer(Ok(Err(WriteError::Closed)));
        }
    }
}

/// A commit that went well.
struct Done;

/// The one who writes to a database.
pub(crate) struct Writer {
    location: Location,
    name: String,
    /// None after a failed commit, until it can be opened again.
    link: Option<Link>,
    hook: Arc<dyn CommitHook>,
    counters: Arc<Counters>,
    syncs: Durability,
    /// Something was committed, or perhaps was, that no sync has followed.
    unsynced: bool,
}

impl Writer {
    pub(crate) fn new(location: Location, link: Link, hook: Arc<dyn CommitHook>, counters: Arc<Counters>) -> Self {
        let name = location.short_name();
        Self { location, name, link: Some(link), hook, counters, syncs: Durability::Synced, unsynced: false }
    }

    /// The connection as it is, for reads in the caller's task.
    pub(crate) fn link(&mut self) -> Result<&Link, SqlError> {
        let link = match self.link.take() {
            Some(link) => link,
            None => {
                let link = Link::open(&self.location)?;
                self.syncs = Durability::Synced;
                link
            }
        };
        Ok(self.link.insert(link))
    }

    /// Runs all jobs in one transaction, commits once, answers each. If a hook unwinds, so does this: nobody is
    /// answered, and the writer can be used on.
    pub(crate) fn group(&mut self, mut jobs: Vec<Box<dyn Job>>) {
        let ending = self.run_and_commit(&mut jobs);
        if let Ending::NotCommitted(error) = &ending
            && matches!(error.class(), SqlClass::Constraint(_) | SqlClass::Other)
            && jobs.len() > 1
        {
            // A constraint that is checked at the commit does not say whose it is; and one closure that rolls
            // everything back must not hold up the others.
            return jobs.into_iter().for_each(|job| self.group(vec![job]));
        }
        for job in jobs {
            job.finish(ending.clone());
        }
    }

    fn run_and_commit(&mut self, jobs: &mut [Box<dyn Job>]) -> Ending {
        let synced = jobs.iter().any(|job| job.durability() == Durability::Synced);
        let durability = if synced { Durability::Synced } else { Durability::Unsynced };
        if let Err(error) = self.set_syncs(durability) {
            return Ending::NotCommitted(error);
        }
        let committed = self.run_in_transaction(jobs, durability);
        self.settle(durability, committed)
    }

    /// All of a group but its bookkeeping. None: nothing was left to commit.
    fn run_in_transaction(&self, jobs: &mut [Box<dyn Job>], durability: Durability) -> Result<Option<Done>, Ending> {
        let Some(link) = &self.link else { return Ok(None) };
        link.run(own::BEGIN_WRITE).map_err(Ending::NotCommitted)?;
        let _standing = Standing(link);
        match run_all(link, jobs).map_err(Ending::NotCommitted)? {
            Left::Undone => Ok(None),
            Left::Kept => self.commit(link, durability).map(Some),
        }
    }

    /// Commits the open transaction. What goes wrong in SQLite's own commit is in doubt, but for a constraint that is
    /// checked only then; a database that others held too long; and a full disk: the log ends before the frame that
    /// makes the transaction count (a failed sync has another code).
    fn commit(&self, link: &Link, durability: Durability) -> Result<Done, Ending> {
        if durability == Durability::Synced && self.unsynced {
            link.run(own::TOUCH).map_err(Ending::NotCommitted)?;
        }
        let injected = |message| SqlError::new(SqlClass::Environment, message, "");
        let fault = self.hook.before_commit(&self.name).err();
        match fault {
            Some(CommitFault::DiskFull) => return Err(Ending::NotCommitted(injected("the disk is full (injected)"))),
            Some(CommitFault::NotCommitted) => return Err(Ending::InDoubt(injected("the commit failed (injected)"))),
            Some(CommitFault::CommittedButUnknown) | None => {}
        }
        link.run(own::COMMIT).map_err(|error| match error.class() {
            SqlClass::Constraint(_) | SqlClass::Conflict => Ending::NotCommitted(error),
            _ if error.is_full() => Ending::NotCommitted(error),
            _ => Ending::InDoubt(error),
        })?;
        if fault.is_some() {
            return Err(Ending::InDoubt(injected("the commit's outcome was lost (injected)")));
        }
        Ok(Done)
    }

    /// Whether commits sync from now on; possible only between transactions.
    fn set_syncs(&mut self, durability: Durability) -> Result<(), SqlError> {
        self.link()?;
        if self.syncs != durability {
            self.link()?.run(if durability == Durability::Synced { own::SYNC_FULL } else { own::SYNC_AT_CHECKPOINT })?;
            self.syncs = durability;
        }
        Ok(())
    }

    /// Books the commit's outcome, and tells the hook of a good one.
    fn settle(&mut self, durability: Durability, committed: Result<Option<Done>, Ending>) -> Ending {
        match committed {
            Ok(Some(Done)) => {}
            Ok(None) => return Ending::Committed,
            Err(ending) => {
                if let Ending::InDoubt(error) = &ending {
                    tracing::warn!(database = self.name, %error, "a commit failed, its outcome is unknown");
                    self.reopen();
                }
                return ending;
            }
        }
        self.unsynced = durability == Durability::Unsynced;
        self.counters.commits.fetch_add(1, Ordering::Relaxed);
        if durability == Durability::Synced {
            self.counters.syncs.fetch_add(1, Ordering::Relaxed);
        }
        self.hook.after_commit(&self.name);
        Ending::Committed
    }

    /// A connection whose commit failed is not used on. The new one comes first: in memory the last one takes the
    /// data with it.
    fn reopen(&mut self) {
        self.unsynced = true;
        self.syncs = Durability::Synced;
        match Link::open(&self.location) {
            Ok(link) => self.link = Some(link),
            Err(error) => {
                tracing::error!(database = self.name, %error, "the database cannot be opened again, the next write tries again");
                // In memory nothing can have failed but memory itself, and dropping the connection would drop the data.
                if matches!(self.location, Location::File(_)) {
                    self.link = None;
                }
            }
        }
    }
}

/// Runs each job; the answer says whether anything is left to commit. An error means that the transaction fell, and
/// everything that ran in it.
fn run_all(link: &Link, jobs: &mut [Box<dyn Job>]) -> Result<Left, SqlError> {
    let alone = jobs.len() == 1;
    let mut left = Left::Undone;
    for job in jobs {
        let mut tx = Tx::new(link, Access::Write);
        if !alone {
            link.run(own::SAVEPOINT)?;
        }
        let kept = job.run(&mut tx);
        if !link.in_transaction() {
            return Err(tx.fallen());
        }
        if !alone {
            tx.end_savepoint(kept == Left::Kept)?;
        }
        if kept == Left::Kept {
            left = Left::Kept;
        }
    }
    Ok(left)
}
