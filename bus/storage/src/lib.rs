//! Transactions, group commit and migrations over SQLite. A caller hands in a closure; it runs in a transaction,
//! shares its commit with whatever else waits, and its result is given out only once the commit is done. Knows
//! nothing of messages or tickets.
//!
//! ```
//! use storage::{Database, Driver, Location, Migrations, SqlError, params};
//!
//! let migrations = Migrations { set: "notes", files: &[("0001_notes.sql", "CREATE TABLE notes (id AUTO_KEY, text TEXT NOT NULL)")] };
//! let database = Database::open(&Location::Memory("notes".to_owned()), Driver::inline(), &[migrations])?;
//! let id = database.write_blocking(|tx| {
//!     tx.query_one("INSERT INTO notes (text) VALUES ($1) RETURNING id", params!["buy milk"], |row| row.get::<i64>(0))
//! })?;
//! let text = database.read_blocking(move |tx| {
//!     tx.query_optional("SELECT text FROM notes WHERE id = $1", params![id], |row| row.get::<String>(0))
//! })?;
//! assert_eq!(text.as_deref(), Some("buy milk"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![warn(missing_docs)]

mod database;
mod error;
mod group;
mod hook;
mod integrity;
mod link;
mod location;
mod migrate;
mod plans;
mod threads;
mod tx;
mod value;

pub use database::Database;
pub use error::{Constraint, OpenError, ReadError, SqlClass, SqlError, WriteError};
pub use group::Durability;
pub use hook::{CommitFault, CommitHook, Driver, NoFaults};
pub use location::{Location, LocationError};
pub use migrate::Migrations;
#[doc(hidden)]
pub use plans::Plan;
pub use tx::{Row, Statement, Tx};
pub use value::{FromValue, ToValue, Value, WrongValue};
