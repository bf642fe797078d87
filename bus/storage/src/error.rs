//! What can go wrong, by what the caller has to decide.

use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::ErrorCode;

/// The first characters of the statement that an error shows.
const SQL_SHOWN_MAX: usize = 80;

/// A statement, or a transaction's beginning or end, that failed.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{}{}", .inner.message, .inner.shown_sql())]
pub struct SqlError {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    class: SqlClass,
    /// SQLite's own word for it, if it is SQLite's error.
    code: Option<ErrorCode>,
    message: String,
    sql: String,
}

impl Inner {
    fn shown_sql(&self) -> String {
        if self.sql.is_empty() { String::new() } else { format!(" (in `{}`)", self.sql) }
    }
}

/// What kind of failure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SqlClass {
    /// The world around the database: disk full, input or output, memory, a damaged file. Not the caller's doing.
    Environment,
    /// The data would have broken a constraint.
    Constraint(Constraint),
    /// Somebody else holds the database, or changed it meanwhile: trying again may help.
    Conflict,
    /// A row was asked for and there is none.
    NoRow,
    /// A mistake in the statement, its parameters or its types.
    Other,
}

/// Which constraint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Constraint {
    /// A primary key or a unique index.
    Unique,
    /// A foreign key.
    ForeignKey,
    /// A column that must have a value.
    NotNull,
    /// A `CHECK`.
    Check,
    /// Any other.
    Other,
}

impl SqlError {
    /// An error of that class; `sql` is cut to its first 80 characters.
    pub(crate) fn new(class: SqlClass, message: impl Into<String>, sql: &str) -> Self {
        let sql: String = sql.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(SQL_SHOWN_MAX).collect();
        Self { inner: Arc::new(Inner { class, code: None, message: message.into(), sql }) }
    }

    /// A mistake in how the database is used, in words.
    pub fn mistake(message: impl Into<String>) -> Self {
        Self::new(SqlClass::Other, message, "")
    }

    pub(crate) fn from_sqlite(error: &rusqlite::Error, sql: &str) -> Self {
        let class = match error {
            rusqlite::Error::SqliteFailure(failure, _) => classify(*failure),
            rusqlite::Error::SqlInputError { error, .. } => classify(*error),
            rusqlite::Error::QueryReturnedNoRows => SqlClass::NoRow,
            _ => SqlClass::Other,
        };
        let message = match error {
            // Its Display repeats the whole statement.
            rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
            other => other.to_string(),
        };
        let mut built = Self::new(class, message, sql);
        if let Some(inner) = Arc::get_mut(&mut built.inner) {
            inner.code = error.sqlite_error_code();
        }
        built
    }

    /// Whether the file itself is broken.
    pub(crate) fn is_damage(&self) -> bool {
        matches!(self.inner.code, Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
    }

    /// Whether there was no room on the disk.
    pub(crate) fn is_full(&self) -> bool {
        self.inner.code == Some(ErrorCode::DiskFull)
    }

    /// What kind of failure it is.
    #[must_use]
    pub fn class(&self) -> SqlClass {
        self.inner.class
    }

    /// Whether a primary key or unique index was in the way.
    #[must_use]
    pub fn is_unique_violation(&self) -> bool {
        self.class() == SqlClass::Constraint(Constraint::Unique)
    }
}

fn classify(failure: rusqlite::ffi::Error) -> SqlClass {
    match failure.code {
        ErrorCode::ConstraintViolation => SqlClass::Constraint(match failure.extended_code {
            rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE
            | rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY
            | rusqlite::ffi::SQLITE_CONSTRAINT_ROWID => Constraint::Unique,
            rusqlite::ffi::SQLITE_CONSTRAINT_FOREIGNKEY => Constraint::ForeignKey,
            rusqlite::ffi::SQLITE_CONSTRAINT_NOTNULL => Constraint::NotNull,
            rusqlite::ffi::SQLITE_CONSTRAINT_CHECK => Constraint::Check,
            _ => Constraint::Other,
        }),
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => SqlClass::Conflict,
        ErrorCode::PermissionDenied
        | ErrorCode::OutOfMemory
        | ErrorCode::ReadOnly
        | ErrorCode::SystemIoFailure
        | ErrorCode::DatabaseCorrupt
        | ErrorCode::DiskFull
        | ErrorCode::CannotOpen
        | ErrorCode::FileLockingProtocolFailed
        | ErrorCode::NoLargeFileSupport
        | ErrorCode::NotADatabase => SqlClass::Environment,
        _ => SqlClass::Other,
    }
}

/// A write that was not carried out, or perhaps was.
#[derive(Debug, thiserror::Error)]
pub enum WriteError<E> {
    /// The closure said no; it was rolled back.
    #[error("the transaction was refused")]
    Refused(#[source] E),
    /// The environment failed, also where the closure swallowed that; or the closure's rows broke a constraint that is
    /// checked only at the commit. Certainly nothing changed.
    #[error("nothing was written")]
    NotCommitted(#[source] SqlError),
    /// The commit failed in a way that leaves open whether it happened: look before trying again.
    #[error("whether it was written is unknown")]
    InDoubt(#[source] SqlError),
    /// The database was closed before the closure ran.
    #[error("the database is closed")]
    Closed,
}

/// A read without a result.
#[derive(Debug, thiserror::Error)]
pub enum ReadError<E> {
    /// The closure said no.
    #[error("the read was refused")]
    Refused(#[source] E),
    /// The environment failed.
    #[error("the database could not be read")]
    Failed(#[source] SqlError),
    /// The database was closed before the closure ran.
    #[error("the database is closed")]
    Closed,
}

/// A database that cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It cannot be reached, created or set up.
    #[error("cannot open the database {path}: does its folder exist, and may this user write there?")]
    Unreachable {
        /// Where it should be.
        path: PathBuf,
        /// Why not.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The file is there and is no sound database. Never replaced by an empty one.
    #[error("the database {path} is damaged ({found}); restore its folder from a backup, or move the whole folder away to begin anew")]
    Damaged {
        /// The damaged file.
        path: PathBuf,
        /// What was found.
        found: String,
    },
    /// A migration that was applied is no longer what it was.
    #[error("migration {set}/{name} was changed after it had been applied; put it back as it was and add a new one")]
    MigrationChanged {
        /// Its set.
        set: String,
        /// Its name.
        name: String,
    },
    /// A migration that was applied is not in this build.
    #[error("migration {set}/{name} was applied to this database but is not in this build; use the build that wrote it, or a newer one")]
    MigrationMissing {
        /// Its set.
        set: String,
        /// Its name.
        name: String,
    },
    /// A migration failed; none of this opening was applied.
    #[error("migration {set}/{name} failed")]
    MigrationFailed {
        /// Its set.
        set: String,
        /// Its name.
        name: String,
        /// Why.
        #[source]
        source: SqlError,
    },
}
