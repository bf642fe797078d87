//! The broker's tables. Changes go in, a core comes out; what they mean is not known here.

mod load;
mod read;
mod write;

use std::sync::Arc;

use broker_core::{EntityId, Key, Lock, Place, Row, Sequence, Time};
use storage::{Database, Durability, Migrations, ReadError, SqlError, Tx, WriteError};

use crate::encoding::EncodingError;

pub(crate) use load::{Loaded, queues};
pub(crate) use read::{DeathNote, Stored, content, death_note};
pub(crate) use write::{Batch, fold_counts};

/// The broker's migrations, for [`storage::Database::open`].
pub const MIGRATIONS: Migrations = Migrations {
    set: "broker",
    files: &[
        ("0001_queues", include_str!("../../migrations/0001_queues.sql")),
        ("0002_keys", include_str!("../../migrations/0002_keys.sql")),
    ],
};

/// What the store could not do.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A statement failed.
    #[error(transparent)]
    Sql(#[from] SqlError),
    /// What is stored cannot be read.
    #[error("message {key}")]
    Encoding {
        /// The message's key.
        key: i64,
        /// Why not.
        #[source]
        source: EncodingError,
    },
    /// Something is stored that has no meaning.
    #[error("{table} holds {value} where it may not")]
    Meaningless {
        /// In which table.
        table: &'static str,
        /// What.
        value: String,
    },
    /// A row is not there that has to be.
    #[error("message {key} is not in the store")]
    Missing {
        /// The message's key.
        key: i64,
    },
    /// The database was closed.
    #[error("the store is closed")]
    Closed,
}

/// How a write ended that did not simply succeed.
#[derive(Debug)]
pub(crate) enum NotWritten {
    /// Certainly nothing changed.
    Certain(StoreError),
    /// The commit may have happened.
    InDoubt(StoreError),
}

/// The store, on an open database.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    db: Database,
}

impl Store {
    pub(crate) fn new(db: Database) -> Self {
        Self { db }
    }

    /// Writes a batch in one transaction.
    pub(crate) async fn write(&self, durability: Durability, batch: Arc<Batch>) -> Result<(), NotWritten> {
        let written = self.db.write_with(durability, move |tx: &mut Tx<'_>| batch.write(tx)).await;
        written.map_err(|error| match error {
            WriteError::Refused(error) => NotWritten::Certain(error),
            WriteError::NotCommitted(error) => NotWritten::Certain(StoreError::Sql(error)),
            WriteError::InDoubt(error) => NotWritten::InDoubt(StoreError::Sql(error)),
            WriteError::Closed => NotWritten::Certain(StoreError::Closed),
        })
    }

    /// Reads everything that is decided on.
    pub(crate) async fn load(&self, latest_wall: Time, locks: Vec<Lock>) -> Result<Loaded, StoreError> {
        read(self.db.read(move |tx: &mut Tx<'_>| load::load(tx, latest_wall, locks)).await)
    }

    /// The number of the last write that was committed.
    pub(crate) async fn write_number(&self) -> Result<u64, StoreError> {
        read(self.db.read(|tx: &mut Tx<'_>| load::progress(tx).map(|(number, _)| number)).await)
    }

    /// What is stored about messages, in the order of `keys`; those that are gone are left out.
    pub(crate) async fn stored(&self, keys: Vec<(Key, Place)>) -> Result<Vec<Stored>, StoreError> {
        read(self.db.read(move |tx: &mut Tx<'_>| read::stored(tx, &keys)).await)
    }
}

fn read<T>(result: Result<T, ReadError<StoreError>>) -> Result<T, StoreError> {
    result.map_err(|error| match error {
        ReadError::Refused(error) => error,
        ReadError::Failed(error) => StoreError::Sql(error),
        ReadError::Closed => StoreError::Closed,
    })
}

const fn place_number(place: Place) -> i64 {
    match place {
        Place::Active => 0,
        Place::Scheduled => 1,
        Place::DeadLetter => 2,
    }
}

fn place_of(number: i64) -> Result<Place, StoreError> {
    match number {
        0 => Ok(Place::Active),
        1 => Ok(Place::Scheduled),
        2 => Ok(Place::DeadLetter),
        other => Err(StoreError::Meaningless { table: "messages", value: format!("place {other}") }),
    }
}

/// The columns that [`message_row`] reads.
pub(crate) const MESSAGE_COLUMNS: &str = "key, entity, place, sequence, first_sequence, delivery_count, enqueued_at, expires_at, bytes";

/// A row of [`MESSAGE_COLUMNS`], its place still a number.
pub(crate) fn message_row(row: &storage::Row<'_>) -> Result<(Row, i64), SqlError> {
    let place: i64 = row.get(2)?;
    let message = Row {
        key: Key(row.get(0)?),
        entity: EntityId(row.get(1)?),
        place: Place::Active,
        sequence: Sequence(row.get(3)?),
        first_sequence: Sequence(row.get(4)?),
        delivery_count: row.get(5)?,
        enqueued: Time::from_micros(row.get(6)?),
        expires: row.get::<Option<i64>>(7)?.map_or(Time::NEVER, Time::from_micros),
        bytes: row.get(8)?,
    };
    Ok((message, place))
}
