//! Migrations are applied once and never change.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use storage::{Database, Driver, Location, Migrations, OpenError, SqlError, params};

type Files = &'static [(&'static str, &'static str)];

const FIRST: (&str, &str) = ("0001_first.sql", "CREATE TABLE first (id BIGINT PRIMARY KEY); INSERT INTO first VALUES (1);");
const SECOND: (&str, &str) = ("0002_second.sql", "INSERT INTO first VALUES (2);");

struct Disk(Location, #[expect(dead_code, reason = "keeps the folder")] tempfile::TempDir);

impl Disk {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self(Location::File(folder.path().join("first.sqlite")), folder)
    }

    fn open(&self, files: Files) -> Result<Database, OpenError> {
        Database::open(&self.0, Driver::inline(), &[Migrations { set: "first", files }])
    }
}

fn ids(database: &Database) -> Vec<i64> {
    let read = |tx: &mut storage::Tx<'_>| tx.query("SELECT id FROM first ORDER BY id", params![], |row| row.get(0));
    database.read_blocking::<_, SqlError, _>(read).expect("reads")
}

#[test]
fn each_migration_is_applied_once() {
    let disk = Disk::new();
    assert_eq!(ids(&disk.open(&[FIRST]).expect("opens")), [1]);
    assert_eq!(ids(&disk.open(&[FIRST, SECOND]).expect("opens")), [1, 2]);
    assert_eq!(ids(&disk.open(&[FIRST, SECOND]).expect("opens")), [1, 2]);
}

#[test]
fn an_applied_migration_that_was_changed_is_refused_by_name() {
    let disk = Disk::new();
    disk.open(&[FIRST]).expect("opens");
    let refused = disk.open(&[("0001_first.sql", "CREATE TABLE other (id BIGINT)")]).expect_err("refuses");
    assert!(matches!(&refused, OpenError::MigrationChanged { name, .. } if name == "0001_first.sql"), "{refused:?}");
    assert!(refused.to_string().contains("first/0001_first.sql"));
}

#[test]
fn an_applied_migration_that_is_not_in_the_build_is_refused_by_name() {
    let disk = Disk::new();
    disk.open(&[FIRST, SECOND]).expect("opens");
    for files in [&[FIRST] as Files, &[FIRST, ("0002_renamed.sql", SECOND.1)]] {
        let refused = disk.open(files).expect_err("refuses");
        assert!(matches!(&refused, OpenError::MigrationMissing { name, .. } if name == "0002_second.sql"), "{refused:?}");
    }
}

#[test]
fn migrations_are_applied_all_or_none() {
    let disk = Disk::new();
    let refused = disk.open(&[FIRST, ("0002_wrong.sql", "INSERT INTO nowhere VALUES (1)")]).expect_err("refuses");
    assert!(matches!(&refused, OpenError::MigrationFailed { name, .. } if name == "0002_wrong.sql"), "{refused:?}");
    assert_eq!(ids(&disk.open(&[FIRST, SECOND]).expect("opens")), [1, 2]);
}

#[test]
fn two_sets_share_a_database_without_knowing_each_other() {
    let location = Location::Memory("two sets".to_owned());
    let other = Migrations { set: "other", files: &[("0001_first.sql", "CREATE TABLE second (id BIGINT)")] };
    let first = Migrations { set: "first", files: &[FIRST] };
    let _held = Database::open(&location, Driver::inline(), &[first, other]).expect("opens");
    assert_eq!(ids(&Database::open(&location, Driver::inline(), &[other]).expect("opens")), [1]);
}

#[test]
fn the_three_names_are_replaced_outside_quotes_and_comments() {
    let script = "-- BYTES stay in comments\nCREATE TABLE things (id AUTO_KEY, body BYTES NOT NULL DEFAULT x'00', \
        name TEXT NOT NULL DEFAULT 'BYTES' /* AUTO_KEY */, \"BYTES\" TEXT, MY_BYTES BIGINT);\n\
        CREATE TABLE keyed (id BYTES NOT NULL PRIMARY KEY) WITHOUT_ROWID;";
    let files: Files = Box::leak(Box::new([("1", script)]));
    let database =
        Database::open(&Location::Memory("names".to_owned()), Driver::inline(), &[Migrations { set: "names", files }]).expect("opens");
    let sql = "SELECT sql FROM sqlite_schema WHERE name IN ('things', 'keyed') ORDER BY name DESC";
    let read = move |tx: &mut storage::Tx<'_>| tx.query(sql, params![], |row| row.get::<String>(0));
    let schema = database.read_blocking::<_, SqlError, _>(read).expect("reads");
    for part in ["id INTEGER PRIMARY KEY AUTOINCREMENT", "body BLOB", "'BYTES'", "\"BYTES\"", "MY_BYTES BIGINT"] {
        assert!(schema[0].contains(part), "{part} in {}", schema[0]);
    }
    assert!(schema[1].ends_with("(id BLOB NOT NULL PRIMARY KEY) WITHOUT ROWID"), "{}", schema[1]);
}

#[test]
fn a_key_of_a_deleted_row_is_never_used_again() {
    let database = crate::support::in_memory("keys");
    let insert =
        |tx: &mut storage::Tx<'_>| tx.query_one("INSERT INTO notes (text) VALUES ('a') RETURNING id", params![], |row| row.get::<i64>(0));
    let first = database.write_blocking(insert).expect("writes");
    database.write_blocking(|tx| tx.execute("DELETE FROM notes", params![])).expect("deletes");
    assert!(database.write_blocking(insert).expect("writes") > first);
}

#[test]
fn a_default_that_reads_the_clock_is_refused() {
    let disk = Disk::new();
    let clock = ("0001_clock.sql", "CREATE TABLE clock (id BIGINT, at TEXT DEFAULT CURRENT_TIMESTAMP); INSERT INTO clock (id) VALUES (1)");
    let files: Files = Box::leak(Box::new([clock]));
    assert!(matches!(disk.open(files), Err(OpenError::MigrationFailed { .. })));
}

#[test]
fn what_a_database_lacks_is_told_all_at_once() {
    const THIRD: (&str, &str) = (
        "0003_third.sql",
        "CREATE TABLE old (id BIGINT); ALTER TABLE old RENAME TO third; CREATE TABLE gone (id BIGINT); DROP TABLE gone;",
    );
    let (disk, notes) = (Disk::new(), Migrations { set: "notes", files: &[("0001_notes.sql", "CREATE TABLE notes (id AUTO_KEY)")] });
    let lacks = |database: &Database, files: Files| {
        let sets = [Migrations { set: "first", files }, notes];
        // The driver is inline: the answer is there at once.
        match pin!(database.lacks(&sets)).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(lacks) => lacks.expect("reads"),
            Poll::Pending => panic!("an inline driver waits for nobody"),
        }
    };
    let database = Database::open(&disk.0, Driver::inline(), &[]).expect("opens");
    assert_eq!(
        lacks(&database, &[FIRST, SECOND]),
        ["migration first/0001_first.sql", "migration first/0002_second.sql", "migration notes/0001_notes.sql"]
    );
    drop(database);
    let all = [Migrations { set: "first", files: &[FIRST, SECOND, THIRD] }, notes];
    let database = Database::open(&disk.0, Driver::inline(), &all).expect("opens");
    assert_eq!(lacks(&database, &[FIRST, SECOND, THIRD]), [""; 0]);
    for table in ["third", "notes"] {
        database.write_blocking(move |tx| tx.execute(&format!("DROP TABLE {table}"), params![])).expect("drops");
    }
    assert_eq!(lacks(&database, &[FIRST, SECOND, THIRD]), ["table third of first", "table notes of notes"]);
}
