//! Commits that fail and crashes around them.

use std::panic::{AssertUnwindSafe, catch_unwind};

use storage::{CommitFault, WriteError};

use crate::support::{Crash, Next, all, in_memory, note, spoiled, write_note};

#[test]
fn a_crash_before_the_commit_changes_nothing_and_leaves_the_database_usable() {
    let (database, spoiler) = spoiled("crash before");
    spoiler.set(Next::CrashBefore);
    let crash = catch_unwind(AssertUnwindSafe(|| write_note(&database, "a"))).expect_err("crashes");
    assert!(crash.is::<Crash>());
    assert!(all(&database).is_empty());
    write_note(&database, "b").expect("writes");
    assert_eq!(all(&database), ["b"]);
}

#[test]
fn a_crash_after_the_commit_keeps_what_was_written() {
    let (database, spoiler) = spoiled("crash after");
    spoiler.set(Next::CrashAfter);
    let crash = catch_unwind(AssertUnwindSafe(|| write_note(&database, "a"))).expect_err("crashes");
    assert!(crash.is::<Crash>());
    write_note(&database, "b").expect("writes");
    assert_eq!(all(&database), ["a", "b"]);
}

#[test]
fn a_crash_in_a_closure_is_rolled_back_and_unwinds_on() {
    let database = in_memory("crash inside");
    let work = |tx: &mut storage::Tx<'_>| -> Result<u64, storage::SqlError> {
        note(tx, "a")?;
        std::panic::resume_unwind(Box::new(Crash))
    };
    let crash = catch_unwind(AssertUnwindSafe(|| database.write_blocking(work))).expect_err("crashes");
    assert!(crash.is::<Crash>());
    write_note(&database, "b").expect("writes");
    assert_eq!(all(&database), ["b"]);
}

#[test]
fn a_commit_of_unknown_outcome_is_in_doubt_whichever_way_it_went() {
    let (database, spoiler) = spoiled("in doubt");
    for (fault, text) in [(CommitFault::NotCommitted, "a"), (CommitFault::CommittedButUnknown, "b")] {
        spoiler.set(Next::Fault(fault));
        assert!(matches!(write_note(&database, text), Err(WriteError::InDoubt(_))));
    }
    assert_eq!(all(&database), ["b"]);
    write_note(&database, "c").expect("writes");
    assert_eq!(all(&database), ["b", "c"]);
}

#[test]
fn an_injected_full_disk_is_certain_to_have_changed_nothing() {
    let (database, spoiler) = spoiled("full");
    spoiler.set(Next::Fault(CommitFault::DiskFull));
    assert!(matches!(write_note(&database, "a"), Err(WriteError::NotCommitted(_))));
    write_note(&database, "a").expect("room again");
    assert_eq!(all(&database), ["a"]);
}

#[test]
fn a_refusal_is_no_commit_and_meets_no_fault() {
    let (database, spoiler) = spoiled("no commit");
    spoiler.set(Next::CrashBefore);
    let refused = database.write_blocking(|tx| note(tx, "a").map_err(|_| ()).and(Err::<(), ()>(())));
    assert!(matches!(refused, Err(WriteError::Refused(()))));
    assert_eq!(database.commits(), 0);
}

#[test]
fn data_in_memory_outlives_a_connection_as_long_as_another_holds_it() {
    let disk = in_memory("disk");
    let service = in_memory("disk");
    write_note(&service, "a").expect("writes");
    drop(service);
    assert_eq!(all(&in_memory("disk")), ["a"]);
    drop(disk);
    assert!(all(&in_memory("disk")).is_empty(), "gone with the last who held it");
}
