//! How SQLite carries statements out: for tests that no look-up reads a whole table, however much it holds.

use std::cell::RefCell;
use std::collections::BTreeSet;

use crate::error::SqlError;
use crate::link::Link;

/// A statement and what SQLite does for it, a line for each table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The statement, as it was handed in.
    pub sql: String,
    /// As `EXPLAIN QUERY PLAN` says it: `SCAN t` reads the table from end to end, `SEARCH t` finds its rows by a key.
    pub steps: Vec<String>,
}

/// The statements that closures have run on a connection.
#[derive(Debug, Default)]
pub(crate) struct Statements(RefCell<BTreeSet<String>>);

impl Statements {
    pub(crate) fn note(&self, sql: &str) {
        let mut noted = self.0.borrow_mut();
        if !noted.contains(sql) {
            noted.insert(sql.to_owned());
        }
    }

    pub(crate) fn plans(&self, link: &Link) -> Result<Vec<Plan>, SqlError> {
        let plan = |sql: &String| Ok(Plan { sql: sql.clone(), steps: link.plan(sql)? });
        self.0.borrow().iter().map(plan).collect()
    }
}
