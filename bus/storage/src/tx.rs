//! An open transaction: statements, queries and savepoints. Remembers when the environment failed, so that a closure
//! which swallows such an error is rolled back all the same.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use rusqlite::CachedStatement;
use rusqlite::types::{ToSqlOutput, ValueRef};

use crate::error::{SqlClass, SqlError};
use crate::link::{Link, own};
use crate::plans::Plan;
use crate::value::{FromValue, ToValue, Value};

/// An open transaction.
pub struct Tx<'a> {
    link: &'a Link,
    access: Access,
    environment: Memory<'a>,
}

/// Where the first environment error of a transaction is remembered: by itself, or by the one it was lent from.
enum Memory<'a> {
    Own(Option<SqlError>),
    Lent(&'a mut Option<SqlError>),
}

impl Memory<'_> {
    fn get(&self) -> &Option<SqlError> {
        match self {
            Self::Own(error) => error,
            Self::Lent(error) => error,
        }
    }

    fn get_mut(&mut self) -> &mut Option<SqlError> {
        match self {
            Self::Own(error) => error,
            Self::Lent(error) => error,
        }
    }
}

/// What a transaction may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

impl std::fmt::Debug for Tx<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tx").field("access", &self.access).field("environment", self.environment.get()).finish_non_exhaustive()
    }
}

impl<'a> Tx<'a> {
    pub(crate) fn new(link: &'a Link, access: Access) -> Self {
        Self { link, access, environment: Memory::Own(None) }
    }

    /// The same transaction, lent for as long as the answer lives, to be kept by value.
    pub fn reborrow(&mut self) -> Tx<'_> {
        Tx { link: self.link, access: self.access, environment: Memory::Lent(self.environment.get_mut()) }
    }

    /// Runs one statement that returns no rows; the answer is the number of rows inserted, changed or deleted.
    /// Parameters are `$1`, `$2`, …, bound by their number.
    ///
    /// # Errors
    /// If the statement is wrong, breaks a constraint, or the environment fails.
    pub fn execute(&mut self, sql: &str, params: &[&dyn ToValue]) -> Result<u64, SqlError> {
        let done =
            self.prepare(sql, params).and_then(|mut statement| statement.raw_execute().map_err(|error| SqlError::from_sqlite(&error, sql)));
        self.remember(done).map(|rows| rows as u64)
    }

    /// Prepares a statement that returns no rows and is run many times: cheaper than as many times [`Tx::execute`].
    ///
    /// # Errors
    /// If the statement is wrong.
    pub fn statement<'t>(&'t mut self, sql: &'t str) -> Result<Statement<'t>, SqlError> {
        let prepared = self.prepare_only(sql).and_then(|inner| Ok((numbers(&inner, sql)?, inner)));
        let (numbers, inner) = self.remember(prepared)?;
        Ok(Statement { inner, numbers, sql, environment: self.environment.get_mut() })
    }

    /// All rows, each through `map`, in the order of the statement.
    ///
    /// # Errors
    /// As [`Tx::execute`], and what `map` returns.
    pub fn query<T>(
        &mut self,
        sql: &str,
        params: &[&dyn ToValue],
        mut map: impl FnMut(&Row<'_>) -> Result<T, SqlError>,
    ) -> Result<Vec<T>, SqlError> {
        let found = self.prepare(sql, params).and_then(|mut statement| {
            let mut rows = statement.raw_query();
            let mut found = Vec::new();
            while let Some(row) = rows.next().map_err(|error| SqlError::from_sqlite(&error, sql))? {
                found.push(map(&Row { inner: row, sql })?);
            }
            Ok(found)
        });
        self.remember(found)
    }

    /// The first row through `map`, if there is one. A statement that also writes (`RETURNING`) is run to its end.
    ///
    /// # Errors
    /// As [`Tx::query`].
    pub fn query_optional<T>(
        &mut self,
        sql: &str,
        params: &[&dyn ToValue],
        map: impl FnOnce(&Row<'_>) -> Result<T, SqlError>,
    ) -> Result<Option<T>, SqlError> {
        let found = self.prepare(sql, params).and_then(|mut statement| {
            let writes = !statement.readonly();
            let mut rows = statement.raw_query();
            let failed = |error| SqlError::from_sqlite(&error, sql);
            let Some(row) = rows.next().map_err(failed)? else { return Ok(None) };
            let found = map(&Row { inner: row, sql })?;
            while writes && rows.next().map_err(failed)?.is_some() {}
            Ok(Some(found))
        });
        self.remember(found)
    }

    /// The first row through `map`.
    ///
    /// # Errors
    /// As [`Tx::query`]; no row is an error of class [`SqlClass::NoRow`].
    pub fn query_one<T>(
        &mut self,
        sql: &str,
        params: &[&dyn ToValue],
        map: impl FnOnce(&Row<'_>) -> Result<T, SqlError>,
    ) -> Result<T, SqlError> {
        self.query_optional(sql, params, map)?.ok_or_else(|| SqlError::new(SqlClass::NoRow, "no row", sql))
    }

    /// Runs `work` so that it alone is undone if it returns an error or panics; a panic goes on after that.
    ///
    /// # Errors
    /// If the whole transaction no longer stands: return it, nothing can be saved.
    pub fn savepoint<T, E>(&mut self, work: impl FnOnce(&mut Tx<'_>) -> Result<T, E>) -> Result<Result<T, E>, SqlError> {
        let begun = self.link.run(own::SAVEPOINT);
        self.remember(begun)?;
        let outcome = catch_unwind(AssertUnwindSafe(|| work(self)));
        let ended = self.end_savepoint(matches!(outcome, Ok(Ok(_))));
        match outcome {
            Err(panic) => resume_unwind(panic),
            Ok(outcome) => ended.map(|()| outcome),
        }
    }

    /// The first environment error since the transaction began, also one that was swallowed.
    #[must_use]
    pub fn environment_error(&self) -> Option<&SqlError> {
        self.environment.get().as_ref()
    }

    /// How SQLite carries out each statement that closures have run on this connection: for tests, and kept only for
    /// databases in memory.
    ///
    /// # Errors
    /// If SQLite refuses.
    #[doc(hidden)]
    pub fn plans(&self) -> Result<Vec<Plan>, SqlError> {
        self.link.plans()
    }

    /// Lets the database grow to that many pages of 4 KiB and no further, until this writer opens it anew: a full disk
    /// for tests. Not undone with the transaction.
    ///
    /// # Errors
    /// If SQLite refuses.
    #[doc(hidden)]
    pub fn set_pages_max(&mut self, pages: u32) -> Result<(), SqlError> {
        self.link.run_script(&format!("PRAGMA max_page_count = {pages}"))
    }

    /// Ends the innermost savepoint, keeping or undoing what was done since.
    pub(crate) fn end_savepoint(&mut self, keep: bool) -> Result<(), SqlError> {
        if !self.link.in_transaction() {
            return Err(self.fallen());
        }
        let undone = if keep { Ok(()) } else { self.link.run(own::ROLLBACK_TO) };
        let ended = undone.and_then(|()| self.link.run(own::RELEASE));
        self.remember(ended)
    }

    /// The reason why SQLite rolled the whole transaction back.
    pub(crate) fn fallen(&self) -> SqlError {
        self.environment
            .get()
            .clone()
            .unwrap_or_else(|| SqlError::new(SqlClass::Other, "a statement rolled the whole transaction back", ""))
    }

    fn remember<T>(&mut self, result: Result<T, SqlError>) -> Result<T, SqlError> {
        remember(self.environment.get_mut(), result)
    }

    fn prepare(&self, sql: &str, params: &[&dyn ToValue]) -> Result<CachedStatement<'a>, SqlError> {
        let mut statement = self.prepare_only(sql)?;
        let numbers = numbers(&statement, sql)?;
        bind(&mut statement, &numbers, params, sql)?;
        Ok(statement)
    }

    fn prepare_only(&self, sql: &str) -> Result<CachedStatement<'a>, SqlError> {
        let statement = self.link.prepare(sql)?;
        if self.access == Access::Read && !statement.readonly() {
            return Err(SqlError::new(SqlClass::Other, "a read may not write", sql));
        }
        Ok(statement)
    }
}

/// A prepared statement of an open transaction.
pub struct Statement<'t> {
    inner: CachedStatement<'t>,
    numbers: Vec<usize>,
    sql: &'t str,
    environment: &'t mut Option<SqlError>,
}

impl std::fmt::Debug for Statement<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Statement").field("sql", &self.sql).finish_non_exhaustive()
    }
}

impl Statement<'_> {
    /// Runs it with these values; the answer is the number of rows inserted, changed or deleted.
    ///
    /// # Errors
    /// As [`Tx::execute`].
    pub fn execute(&mut self, params: &[&dyn ToValue]) -> Result<u64, SqlError> {
        let bound = bind(&mut self.inner, &self.numbers, params, self.sql);
        let done = bound.and_then(|()| self.inner.raw_execute().map_err(|error| SqlError::from_sqlite(&error, self.sql)));
        remember(self.environment, done).map(|rows| rows as u64)
    }
}

/// Keeps the first error of the environment.
fn remember<T>(environment: &mut Option<SqlError>, result: Result<T, SqlError>) -> Result<T, SqlError> {
    if let Err(error) = &result
        && matches!(error.class(), SqlClass::Environment | SqlClass::Conflict)
        && environment.is_none()
    {
        *environment = Some(error.clone());
    }
    result
}

/// The numbers of the parameters, in SQLite's order: it takes `$2` as a name and counts by order of appearance.
fn numbers(statement: &CachedStatement<'_>, sql: &str) -> Result<Vec<usize>, SqlError> {
    let number = |index| match statement.parameter_name(index) {
        None => Ok(index),
        Some(name) => match name.get(1..).and_then(|digits| digits.parse().ok()) {
            Some(number) if number > 0 => Ok(number),
            _ => Err(SqlError::new(SqlClass::Other, format!("parameter `{name}` is no number such as $1"), sql)),
        },
    };
    (1..=statement.parameter_count()).map(number).collect()
}

/// Binds by number.
fn bind(statement: &mut CachedStatement<'_>, numbers: &[usize], params: &[&dyn ToValue], sql: &str) -> Result<(), SqlError> {
    let wrong = |message: String| SqlError::new(SqlClass::Other, message, sql);
    let mut highest = 0;
    for (index, number) in numbers.iter().enumerate().map(|(index, number)| (index + 1, *number)) {
        highest = highest.max(number);
        let Some(value) = params.get(number - 1) else {
            return Err(wrong(format!("parameter ${number} has no value, {} were given", params.len())));
        };
        let bound = match value.to_value() {
            Value::Null => ValueRef::Null,
            Value::Integer(number) => ValueRef::Integer(number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
            Value::TooLarge(number) => return Err(wrong(format!("{number} is too large for a column"))),
        };
        statement.raw_bind_parameter(index, ToSqlOutput::Borrowed(bound)).map_err(|error| SqlError::from_sqlite(&error, sql))?;
    }
    if highest < params.len() {
        return Err(wrong(format!("{} values were given, the statement takes {highest}", params.len())));
    }
    Ok(())
}

/// A row of a query's result.
#[derive(Debug)]
pub struct Row<'r> {
    inner: &'r rusqlite::Row<'r>,
    sql: &'r str,
}

impl Row<'_> {
    /// The column's value; the first has index 0.
    ///
    /// # Errors
    /// If there is no such column, or its value is no `T`.
    pub fn get<T: FromValue>(&self, index: usize) -> Result<T, SqlError> {
        let wrong = |message: String| SqlError::new(SqlClass::Other, message, self.sql);
        let value = match self.inner.get_ref(index).map_err(|error| SqlError::from_sqlite(&error, self.sql))? {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(number) => Value::Integer(number),
            ValueRef::Real(_) => return Err(wrong(format!("column {index} is a fraction, which no type here holds"))),
            ValueRef::Text(text) => Value::Text(std::str::from_utf8(text).map_err(|_| wrong(format!("column {index} is no UTF-8 text")))?),
            ValueRef::Blob(bytes) => Value::Bytes(bytes),
        };
        T::from_value(value).map_err(|error| wrong(format!("column {index}: {error}")))
    }
}
