//! Transactions, group commit and migrations over SQLite. A caller hands in a closure; it runs in a transaction,
//! shares its commit with whatever else waits, and its result is given out only once the commit is done. Knows
//! nothing of messages or tickets.

mod database;
mod error;
mod group;
mod hook;
mod integrity;
mod link;
mod location;
mod migrate;
mod threads;
mod tx;
mod value;

pub use database::Database;
pub use error::{Constraint, OpenError, ReadError, SqlClass, SqlError, WriteError};
pub use group::Durability;
pub use hook::{CommitFault, CommitHook, Driver, NoFaults};
pub use location::{Location, LocationError};
pub use migrate::Migrations;
pub use tx::{Row, Tx};
pub use value::{FromValue, ToValue, Value, WrongValue};
