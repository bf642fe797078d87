//! Databases for tests, with one table of notes.

use storage::{Database, Driver, Location, Migrations, ReadError, SqlError, Tx, WriteError, params};

pub(crate) const NOTES: Migrations =
    Migrations { set: "notes", files: &[("0001_notes.sql", "CREATE TABLE notes (id AUTO_KEY, text TEXT NOT NULL UNIQUE, body BYTES);")] };

/// A database in memory under a name that only this test uses, run in the caller's task.
pub(crate) fn in_memory(name: &str) -> Database {
    Database::open(&Location::Memory(name.to_owned()), Driver::inline(), &[NOTES]).expect("opens")
}

/// A database in a folder of its own, with threads.
pub(crate) fn on_disk() -> (Database, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    (reopen(&folder), folder)
}

/// Opens the folder's database again.
pub(crate) fn reopen(folder: &tempfile::TempDir) -> Database {
    Database::open(&file_in(folder), Driver::Thread, &[NOTES]).expect("opens")
}

pub(crate) fn file_in(folder: &tempfile::TempDir) -> Location {
    Location::File(folder.path().join("notes.sqlite"))
}

pub(crate) fn note(tx: &mut Tx<'_>, text: &str) -> Result<u64, SqlError> {
    tx.execute("INSERT INTO notes (text) VALUES ($1)", params![text])
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
