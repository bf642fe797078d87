//! Who runs the transactions, and the points around a commit where a simulation may step in.

use std::fmt;
use std::sync::Arc;

/// Who runs the transactions of a database.
#[derive(Clone)]
pub enum Driver {
    /// One writer thread and a few reader threads per database.
    Thread,
    /// The caller's own task, at once, on one connection: for simulations and tests.
    Inline(Arc<dyn CommitHook>),
}

impl Driver {
    /// [`Driver::Inline`] without faults.
    #[must_use]
    pub fn inline() -> Self {
        Self::Inline(Arc::new(NoFaults))
    }
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Thread => "Thread",
            Self::Inline(_) => "Inline",
        })
    }
}

/// Is told of every commit. Both methods may unwind: before the commit, the transaction is rolled back; after it, it
/// stands; either way the database can be used on.
pub trait CommitHook: Send + Sync {
    /// Everything is written, the commit comes next.
    ///
    /// # Errors
    /// The fault to inject instead of an ordinary commit.
    fn before_commit(&self, database: &str) -> Result<(), CommitFault>;
    /// The commit is done, nobody has been answered yet.
    fn after_commit(&self, database: &str);
}

/// A commit that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitFault {
    /// The disk is full and the writer knows that nothing was written: [`crate::WriteError::NotCommitted`].
    DiskFull,
    /// Nothing was committed, but the writer cannot know: [`crate::WriteError::InDoubt`].
    NotCommitted,
    /// All was committed, but the writer cannot know: [`crate::WriteError::InDoubt`].
    CommittedButUnknown,
}

/// Injects nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFaults;

impl CommitHook for NoFaults {
    fn before_commit(&self, _database: &str) -> Result<(), CommitFault> {
        Ok(())
    }

    fn after_commit(&self, _database: &str) {}
}
