//! One closure, one transaction.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use storage::{Database, ReadError, SqlClass, SqlError, ToValue, Tx, WriteError, params};

use crate::support::{all, big_note, in_memory, note, on_disk, reopen, texts, write_note};

fn is_send<T: Send>(_value: &T) {}

#[test]
fn futures_of_a_database_may_move_between_threads() {
    let database = in_memory("send");
    is_send(&database.write(|tx| note(tx, "a")));
    is_send(&database.read(texts));
    is_send(&database.close());
}

#[test]
fn a_reader_sees_what_was_written_before() {
    let (on_disk, _folder) = on_disk();
    for database in [in_memory("sees"), on_disk] {
        for text in ["a", "b", "c"] {
            write_note(&database, text).expect("writes");
            assert_eq!(all(&database).last().map(String::as_str), Some(text));
        }
    }
}

#[test]
fn a_database_opened_again_keeps_its_data() {
    let (database, folder) = on_disk();
    write_note(&database, "a").expect("writes");
    drop(database);
    assert_eq!(all(&reopen(&folder)), ["a"]);
}

#[test]
fn a_refused_write_changes_nothing_and_brings_its_reason() {
    let (on_disk, _folder) = on_disk();
    for database in [in_memory("refused"), on_disk] {
        let refused = database.write_blocking(|tx| {
            note(tx, "a").map_err(|error| error.to_string())?;
            Err::<(), _>("no".to_owned())
        });
        assert!(matches!(refused, Err(WriteError::Refused(reason)) if reason == "no"));
        assert!(all(&database).is_empty());
    }
}

#[test]
fn parameters_bind_by_number_and_not_by_order() {
    let database = in_memory("order");
    let sql = "SELECT $2 || $1 || $3 || $2";
    let joined: Result<String, WriteError<SqlError>> =
        database.write_blocking(move |tx| tx.query_one(sql, params!["1", "2", "3"], |row| row.get(0)));
    assert_eq!(joined.expect("runs"), "2132");
}

#[test]
fn a_prepared_statement_runs_as_often_as_told_and_an_error_of_the_environment_in_it_is_remembered() {
    let (database, _folder) = on_disk();
    let sql = "INSERT INTO notes (text) VALUES ($1)";
    let written = database.write_blocking(move |tx| {
        let mut statement = tx.statement(sql)?;
        ["a", "b"].iter().try_for_each(|text| statement.execute(params![*text]).map(drop))?;
        Ok::<_, SqlError>(statement.execute(params!["c", "too many"]).is_err())
    });
    assert!(written.expect("writes"));
    assert_eq!(all(&database), ["a", "b"]);
    let full = database.write_blocking(move |tx| {
        tx.set_pages_max(8)?;
        let (text, mut statement) = ("x".repeat(100_000), tx.statement(sql)?);
        let _ = statement.execute(params![text]);
        Ok::<_, SqlError>(())
    });
    assert!(matches!(full, Err(WriteError::NotCommitted(error)) if error.class() == SqlClass::Environment));
    assert_eq!(all(&database), ["a", "b"]);
}

fn class_of(database: &Database, sql: &'static str) -> SqlClass {
    match database.write_blocking(move |tx| tx.execute(sql, params![])) {
        Err(WriteError::Refused(error)) => error.class(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_statement_can_not_touch_the_transaction_or_the_settings() {
    let database = in_memory("forbidden");
    for sql in ["COMMIT", "ROLLBACK", "BEGIN", "SAVEPOINT storage", "RELEASE storage", "PRAGMA foreign_keys = OFF", "ATTACH 'x' AS y"] {
        assert_eq!(class_of(&database, sql), SqlClass::Other, "{sql}");
    }
}

#[test]
fn neither_clock_nor_chance_is_asked_by_sql() {
    let database = in_memory("chance");
    for sql in ["SELECT random()", "SELECT datetime('now')", "SELECT CURRENT_TIMESTAMP", "SELECT randomblob(4)", "SELECT strftime('%s')"] {
        let refused = database.write_blocking(move |tx| tx.query(sql, params![], |_| Ok(())));
        assert!(matches!(refused, Err(WriteError::Refused(_))), "{sql}");
    }
}

#[test]
fn a_statement_says_what_is_wrong_with_its_parameters() {
    let database = in_memory("parameters");
    let said = |sql: &'static str, count: usize| {
        let work = move |tx: &mut Tx<'_>| {
            let given = vec![1_i64; count];
            let given: Vec<&dyn ToValue> = given.iter().map(|value| value as &dyn ToValue).collect();
            tx.query(sql, &given, |_| Ok(()))
        };
        match database.write_blocking(work) {
            Err(WriteError::Refused(error)) => error.to_string(),
            other => panic!("{other:?}"),
        }
    };
    assert!(said("SELECT $2, $1", 1).contains("parameter $2 has no value, 1 were given"));
    assert!(said("SELECT $1", 2).contains("2 values were given, the statement takes 1"));
    assert!(said("SELECT $name", 1).contains("no number"));
    assert!(said("SELECT 1; SELECT 2", 0).contains("SELECT 1; SELECT 2"));
}

#[test]
fn a_row_that_must_be_there_and_is_not_is_an_error_of_its_own() {
    let database = in_memory("no row");
    let work = |tx: &mut Tx<'_>| {
        assert_eq!(tx.query_optional("SELECT id FROM notes", params![], |row| row.get::<i64>(0))?, None);
        tx.query_one("SELECT id FROM notes", params![], |row| row.get::<i64>(0))
    };
    assert!(matches!(database.write_blocking(work), Err(WriteError::Refused(error)) if error.class() == SqlClass::NoRow));
}

#[test]
fn a_savepoint_undoes_itself_and_what_is_nested_in_it_alone() {
    let (on_disk, _folder) = on_disk();
    for database in [in_memory("nested"), on_disk] {
        let work = |tx: &mut Tx<'_>| {
            note(tx, "a")?;
            let outer = tx.savepoint(|tx| {
                note(tx, "b")?;
                let inner = tx.savepoint(|tx| note(tx, "c").and_then(|_| note(tx, "a")))?;
                assert!(inner.is_err());
                tx.savepoint(|tx| note(tx, "d"))?
            })?;
            assert!(outer.is_ok());
            let undone: Result<(), &str> = tx.savepoint(|tx| {
                tx.savepoint(|tx| note(tx, "e")).map_err(|_| "fell")?.map_err(|_| "refused")?;
                Err("no")
            })?;
            assert_eq!(undone, Err("no"));
            Ok::<_, SqlError>(())
        };
        database.write_blocking(work).expect("writes");
        assert_eq!(all(&database), ["a", "b", "d"]);
    }
}

#[test]
fn a_panic_in_a_savepoint_undoes_it_and_goes_on() {
    let database = in_memory("panic in savepoint");
    let work = |tx: &mut Tx<'_>| {
        note(tx, "a")?;
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            tx.savepoint(|tx| -> Result<u64, SqlError> {
                note(tx, "b")?;
                resume_unwind(Box::new("broken"))
            })
        }));
        assert!(panicked.is_err());
        note(tx, "c")
    };
    database.write_blocking(work).expect("writes");
    assert_eq!(all(&database), ["a", "c"]);
}

#[test]
fn an_environment_error_is_remembered_though_it_was_swallowed() {
    let database = in_memory("swallowed");
    let work = |tx: &mut Tx<'_>| {
        note(tx, "a")?;
        tx.set_pages_max(10)?;
        let swallowed = tx.savepoint(|tx| big_note(tx, "b", 200_000));
        assert!(!matches!(swallowed, Ok(Ok(_))));
        assert!(tx.environment_error().is_some());
        Ok::<_, SqlError>(())
    };
    assert!(matches!(database.write_blocking(work), Err(WriteError::NotCommitted(error)) if error.class() == SqlClass::Environment));
    assert!(all(&database).is_empty());
}

#[test]
fn a_read_can_not_write() {
    let (on_disk, _folder) = on_disk();
    for database in [in_memory("read only"), on_disk] {
        assert!(matches!(database.read_blocking(|tx| note(tx, "a")), Err(ReadError::Refused(_))));
        assert!(all(&database).is_empty());
    }
}

#[test]
fn a_panic_in_a_read_goes_on_and_leaves_the_database_usable() {
    let (on_disk, _folder) = on_disk();
    for database in [in_memory("panic in read"), on_disk] {
        for _ in 0..10 {
            let panicked = catch_unwind(AssertUnwindSafe(|| {
                database.read_blocking(|_| -> Result<(), SqlError> { resume_unwind(Box::new("broken")) })
            }));
            assert!(panicked.is_err());
        }
        write_note(&database, "a").expect("writes");
        assert_eq!(all(&database), ["a"]);
    }
}
