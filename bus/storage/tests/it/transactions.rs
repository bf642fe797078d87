//! One closure, one transaction.

use storage::{Database, SqlClass, SqlError, WriteError, params};

use crate::support::{all, in_memory, note, on_disk, reopen, write_note};

fn is_send<T: Send>(_value: &T) {}

#[test]
fn futures_of_a_database_may_move_between_threads() {
    let database = in_memory("send");
    is_send(&database.write(|tx| note(tx, "a")));
    is_send(&database.read(|tx| crate::support::texts(tx)));
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
