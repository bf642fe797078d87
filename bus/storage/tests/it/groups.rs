//! Many closures, one commit.

use std::panic::{AssertUnwindSafe, catch_unwind};

use storage::{Constraint, Database, Driver, Durability, Location, Migrations, SqlClass, SqlError, WriteError, params};

use crate::support::{Waiting, all, big_note, note, on_disk, texts, together, wait_for, waiting, write_note};

#[test]
fn writes_that_wait_together_share_one_commit() {
    let (database, _folder) = on_disk();
    let (commits, syncs) = (database.commits(), database.syncs());
    let writes = (0..64).map(|number| waiting(&database, move |tx| note(tx, &format!("note {number}"))));
    assert!(together(&database, writes).iter().all(Result::is_ok));
    assert_eq!((database.commits() - commits, database.syncs() - syncs), (2, 2), "the first one alone, then 64 at once");
    assert_eq!(all(&database).len(), 64);
}

#[test]
fn in_a_group_only_the_failing_closure_is_undone() {
    let (database, _folder) = on_disk();
    let writes = [
        waiting(&database, |tx| note(tx, "a")),
        waiting(&database, |tx| note(tx, "b").and_then(|_| note(tx, "a"))),
        waiting(&database, |tx| note(tx, "c")),
    ];
    let results = together(&database, writes);
    assert!(results[0].is_ok() && results[2].is_ok());
    assert!(matches!(&results[1], Err(WriteError::Refused(error)) if error.is_unique_violation()));
    assert_eq!(all(&database), ["a", "c"]);
}

#[test]
fn a_panic_in_a_closure_undoes_it_alone_and_goes_on_in_its_callers_task() {
    let (database, _folder) = on_disk();
    let panics = || -> Waiting {
        let write = waiting(&database, |tx| {
            note(tx, "lost")?;
            std::panic::resume_unwind(Box::new("broken"))
        });
        Box::pin(async {
            let mut write = write;
            std::future::poll_fn(move |context| match catch_unwind(AssertUnwindSafe(|| write.as_mut().poll(context))) {
                Ok(poll) => poll,
                Err(panic) => {
                    assert_eq!(panic.downcast_ref::<&str>(), Some(&"broken"));
                    std::task::Poll::Ready(Ok(99))
                }
            })
            .await
        })
    };
    let results = together(&database, [waiting(&database, |tx| note(tx, "a")), panics(), waiting(&database, |tx| note(tx, "b"))]);
    assert!(matches!(results.as_slice(), [Ok(1), Ok(99), Ok(1)]), "{results:?}");
    assert_eq!(wait_for(panics()).expect("alone too"), 99);
    assert_eq!(all(&database), ["a", "b"]);
}

#[test]
fn a_full_disk_refuses_only_what_does_not_fit_and_is_over_when_there_is_room() {
    let (database, _folder) = on_disk();
    database.write_blocking(|tx| tx.set_pages_max(20)).expect("limits");
    let writes = [
        waiting(&database, |tx| note(tx, "a")),
        // Swallows the error: the environment failed all the same.
        waiting(&database, |tx| Ok(big_note(tx, "b", 200_000).unwrap_or(0))),
        waiting(&database, |tx| note(tx, "c")),
    ];
    let results = together(&database, writes);
    let full = |result: &Result<u64, WriteError<SqlError>>| matches!(result, Err(WriteError::NotCommitted(error)) if error.class() == SqlClass::Environment);
    assert!(full(&results[1]), "{results:?}");
    // Whether the others stand depends on how much SQLite rolled back; what they were told is what is there.
    let told: Vec<_> = ["a", "b", "c"].iter().zip(&results).filter(|(_, result)| result.is_ok()).map(|(text, _)| *text).collect();
    assert!(results.iter().all(|result| result.is_ok() || full(result)), "{results:?}");
    assert_eq!(all(&database), told);

    database.write_blocking(|tx| tx.set_pages_max(10_000)).expect("makes room");
    database.write_blocking(|tx| big_note(tx, "b", 200_000)).expect("fits now");
    assert!(all(&database).contains(&"b".to_owned()));
}

#[test]
fn a_group_is_synced_if_one_of_it_is() {
    let (database, _folder) = on_disk();
    let syncs = database.syncs();
    for text in ["a", "b"] {
        wait_for(database.write_with(Durability::Unsynced, move |tx| note(tx, text))).expect("writes");
    }
    assert_eq!(database.syncs(), syncs);
    let unsynced: Waiting = Box::pin({
        let database = database.clone();
        async move { database.write_with(Durability::Unsynced, |tx| note(tx, "c")).await }
    });
    assert!(together(&database, [unsynced, waiting(&database, |tx| note(tx, "d"))]).iter().all(Result::is_ok));
    assert_eq!(database.syncs(), syncs + 2);
    assert_eq!(all(&database), ["a", "b", "c", "d"]);
}

/// A commit that dirties no page does not sync, so one that stands for earlier unsynced ones has to dirty one.
#[test]
fn a_synced_write_that_changes_nothing_makes_earlier_unsynced_ones_durable() {
    let (database, folder) = on_disk();
    let log = folder.path().join("notes.sqlite-wal");
    let log_bytes = || log.metadata().expect("the log").len();
    wait_for(database.write_with(Durability::Unsynced, |tx| note(tx, "a"))).expect("writes");
    let before = log_bytes();
    wait_for(database.write(|_| Ok::<_, SqlError>(()))).expect("writes");
    assert!(log_bytes() > before, "a page was written, and with it the sync");
    let after = log_bytes();
    wait_for(database.write(|_| Ok::<_, SqlError>(()))).expect("writes");
    assert_eq!(log_bytes(), after, "nothing to make durable, nothing written");
}

#[test]
fn a_constraint_checked_at_the_commit_refuses_its_own_closure_only() {
    const PAIRS: Migrations = Migrations {
        set: "pairs",
        files: &[("1", "CREATE TABLE pairs (id BIGINT PRIMARY KEY, other BIGINT REFERENCES pairs (id) DEFERRABLE INITIALLY DEFERRED)")],
    };
    let folder = tempfile::tempdir().expect("a folder");
    let database = Database::open(&Location::File(folder.path().join("pairs.sqlite")), Driver::Thread, &[PAIRS]).expect("opens");
    let pair =
        |id: i64, other: Option<i64>| waiting(&database, move |tx| tx.execute("INSERT INTO pairs VALUES ($1, $2)", params![id, other]));
    let results = together(&database, [pair(1, None), pair(2, Some(7)), pair(3, Some(1))]);
    assert!(results[0].is_ok() && results[2].is_ok(), "{results:?}");
    let class = SqlClass::Constraint(Constraint::ForeignKey);
    assert!(matches!(&results[1], Err(WriteError::NotCommitted(error)) if error.class() == class), "{results:?}");
}

#[test]
fn a_statement_that_rolls_everything_back_does_not_hold_up_the_others() {
    let (database, _folder) = on_disk();
    let falls = |tx: &mut storage::Tx<'_>| {
        note(tx, "x")?;
        Ok(tx.execute("INSERT OR ROLLBACK INTO notes (text) VALUES ('x')", params![]).unwrap_or(0))
    };
    let results =
        together(&database, [waiting(&database, |tx| note(tx, "a")), waiting(&database, falls), waiting(&database, |tx| note(tx, "b"))]);
    assert!(results[0].is_ok() && results[2].is_ok(), "{results:?}");
    assert!(matches!(&results[1], Err(WriteError::NotCommitted(error)) if error.class() == SqlClass::Other), "{results:?}");
    assert_eq!(all(&database), ["a", "b"]);
}

#[test]
fn a_closed_database_does_what_came_before_and_refuses_what_comes_after() {
    let (database, folder) = on_disk();
    let mut early = waiting(&database, |tx| note(tx, "a"));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let polled = early.as_mut().poll(&mut context);
    wait_for(database.close());
    if polled.is_pending() {
        wait_for(early).expect("was handed in before");
    }
    assert!(matches!(write_note(&database, "b"), Err(WriteError::Closed)));
    assert!(matches!(database.read_blocking(texts), Err(storage::ReadError::Closed)));
    wait_for(database.close());
    assert_eq!(all(&crate::support::reopen(&folder)), ["a"]);
}

#[test]
fn readers_and_writers_of_a_database_in_memory_do_not_disturb_each_other() {
    let database = Database::open(&Location::Memory("threads".to_owned()), Driver::Thread, &[crate::support::NOTES]).expect("opens");
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let database = &database;
            scope.spawn(move || {
                for number in 0..50 {
                    database.write_blocking(move |tx| note(tx, &format!("{writer} {number}"))).expect("writes");
                    assert!(all(database).contains(&format!("{writer} {number}")));
                }
            });
        }
    });
    assert_eq!(all(&database).len(), 200);
}
