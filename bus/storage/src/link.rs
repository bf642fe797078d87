//! One connection to SQLite, set up the way every connection here is.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::{CachedStatement, Connection, OpenFlags};

use crate::error::SqlError;
use crate::location::Location;
use crate::plans::{Plan, Statements};

/// Statements kept prepared per connection.
const STATEMENTS_MAX: usize = 256;
/// How long a statement waits for another process that holds the database.
const BUSY_WAIT: Duration = Duration::from_secs(5);

/// Functions whose answer is not decided by their arguments and the data: what they give is handed in instead.
const DENIED_FUNCTIONS: [&str; 13] = [
    "random",
    "randomblob",
    "current_time",
    "current_date",
    "current_timestamp",
    "date",
    "time",
    "datetime",
    "julianday",
    "unixepoch",
    "strftime",
    "timediff",
    "load_extension",
];

/// This crate's own statements. The comments keep their texts apart from a closure's in the statement cache, which
/// would otherwise hand them out past the authorizer.
pub(crate) mod own {
    pub(crate) const BEGIN_READ: &str = "BEGIN /* storage */";
    pub(crate) const BEGIN_WRITE: &str = "BEGIN IMMEDIATE /* storage */";
    pub(crate) const COMMIT: &str = "COMMIT /* storage */";
    pub(crate) const ROLLBACK: &str = "ROLLBACK /* storage */";
    pub(crate) const SAVEPOINT: &str = "SAVEPOINT storage";
    pub(crate) const ROLLBACK_TO: &str = "ROLLBACK TO storage";
    pub(crate) const RELEASE: &str = "RELEASE storage";
    /// Dirties the first page: a commit that dirties none does not sync, and would not make earlier ones durable.
    pub(crate) const TOUCH: &str = "PRAGMA user_version = 0 /* storage */";
    pub(crate) const SYNC_FULL: &str = "PRAGMA synchronous = FULL /* storage */";
    /// Not OFF: a checkpoint must still sync, or a power cut could damage the file.
    pub(crate) const SYNC_AT_CHECKPOINT: &str = "PRAGMA synchronous = NORMAL /* storage */";
}

/// One connection.
pub(crate) struct Link {
    connection: Connection,
    /// Whether the statement being prepared is a closure's, which may not touch the transaction or the settings.
    foreign: Arc<AtomicBool>,
    /// Kept only where the database is in memory, which is in tests.
    statements: Option<Statements>,
}

impl Link {
    /// Opens an existing database, or creates one in memory, for reading and writing.
    pub(crate) fn open(location: &Location) -> Result<Self, SqlError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let (connection, settings) = match location {
            Location::File(path) => (
                Connection::open_with_flags(path, flags),
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; \
                 PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -8000;",
            ),
            Location::Memory(name) => (
                Connection::open_with_flags(
                    format!("file:/{}?vfs=memdb", escaped(name)),
                    flags | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_URI,
                ),
                "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA foreign_keys = ON;",
            ),
        };
        let statements = matches!(location, Location::Memory(_)).then(Statements::default);
        Ok(Self { statements, ..Self::set_up(connection, settings)? })
    }

    /// As [`Link::open`], for short reads: of several such connections none needs much memory.
    pub(crate) fn open_reader(location: &Location) -> Result<Self, SqlError> {
        let link = Self::open(location)?;
        link.run_script("PRAGMA cache_size = -2000")?;
        Ok(link)
    }

    /// Opens an existing file that must not change. Of one that stands still, nothing is locked and nothing is put
    /// beside it, and later changes are not seen.
    pub(crate) fn open_read_only(path: &Path, stands_still: bool) -> Result<Self, SqlError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = match path.to_str() {
            Some(path) if stands_still => {
                Connection::open_with_flags(format!("file:{}?immutable=1", escaped(path)), flags | OpenFlags::SQLITE_OPEN_URI)
            }
            _ => Connection::open_with_flags(path, flags),
        };
        Self::set_up(connection, "PRAGMA query_only = ON;")
    }

    fn set_up(connection: rusqlite::Result<Connection>, settings: &str) -> Result<Self, SqlError> {
        let failed = |error| SqlError::from_sqlite(&error, "");
        let mut connection = connection.map_err(failed)?;
        connection.busy_timeout(BUSY_WAIT).map_err(failed)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
        connection.execute_batch(settings).map_err(failed)?;
        let foreign = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&foreign);
        connection.authorizer(Some(move |context: AuthContext<'_>| authorize(&context, asked.load(Ordering::Relaxed)))).map_err(failed)?;
        Ok(Self { connection, foreign, statements: None })
    }

    /// Prepares a closure's statement, or finds it prepared.
    pub(crate) fn prepare(&self, sql: &str) -> Result<CachedStatement<'_>, SqlError> {
        if let Some(statements) = &self.statements {
            statements.note(sql);
        }
        self.foreign.store(true, Ordering::Relaxed);
        let prepared = self.connection.prepare_cached(sql);
        self.foreign.store(false, Ordering::Relaxed);
        prepared.map_err(|error| SqlError::from_sqlite(&error, sql))
    }

    /// Runs one of this crate's own statements.
    pub(crate) fn run(&self, sql: &str) -> Result<(), SqlError> {
        let failed = |error| SqlError::from_sqlite(&error, sql);
        self.connection.prepare_cached(sql).map_err(failed)?.raw_execute().map(|_| ()).map_err(failed)
    }

    /// Runs a script of several statements.
    pub(crate) fn run_script(&self, sql: &str) -> Result<(), SqlError> {
        self.connection.execute_batch(sql).map_err(|error| SqlError::from_sqlite(&error, sql))
    }

    /// Whether a transaction is open and stands.
    pub(crate) fn in_transaction(&self) -> bool {
        !self.connection.is_autocommit()
    }

    /// Rolls back whatever is open.
    pub(crate) fn roll_back(&self) {
        if self.in_transaction()
            && let Err(error) = self.run(own::ROLLBACK)
        {
            tracing::warn!(%error, "a rollback failed");
        }
    }

    /// All of a one-column text result.
    pub(crate) fn texts(&self, sql: &str) -> Result<Vec<String>, SqlError> {
        self.column(sql, 0)
    }

    /// How SQLite carries the statement out.
    pub(crate) fn plan(&self, sql: &str) -> Result<Vec<String>, SqlError> {
        self.column(&format!("EXPLAIN QUERY PLAN {sql}"), 3)
    }

    /// How SQLite carries out each statement that closures have run here; nothing where that is not kept.
    pub(crate) fn plans(&self) -> Result<Vec<Plan>, SqlError> {
        self.statements.as_ref().map_or(Ok(Vec::new()), |statements| statements.plans(self))
    }

    /// One column of texts of a result; parameters are null.
    fn column(&self, sql: &str, index: usize) -> Result<Vec<String>, SqlError> {
        let failed = |error| SqlError::from_sqlite(&error, sql);
        let mut statement = self.connection.prepare(sql).map_err(failed)?;
        let mut rows = statement.raw_query();
        let mut texts = Vec::new();
        while let Some(row) = rows.next().map_err(failed)? {
            texts.push(row.get(index).map_err(failed)?);
        }
        Ok(texts)
    }
}

/// An open transaction that is rolled back unless it has been committed, also while unwinding.
pub(crate) struct Standing<'l>(pub(crate) &'l Link);

impl Drop for Standing<'_> {
    fn drop(&mut self) {
        self.0.roll_back();
    }
}

fn authorize(context: &AuthContext<'_>, foreign: bool) -> Authorization {
    let denied = match context.action {
        AuthAction::Function { function_name } => DENIED_FUNCTIONS.iter().any(|name| function_name.eq_ignore_ascii_case(name)),
        AuthAction::Transaction { .. }
        | AuthAction::Savepoint { .. }
        | AuthAction::Pragma { .. }
        | AuthAction::Attach { .. }
        | AuthAction::Detach { .. } => foreign,
        _ => false,
    };
    if denied { Authorization::Deny } else { Authorization::Allow }
}

/// The name as part of a URI's path.
fn escaped(name: &str) -> String {
    name.replace('%', "%25").replace('?', "%3f").replace('#', "%23")
}
