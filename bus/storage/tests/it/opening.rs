//! Opening: what is damaged is said, never replaced by an empty database.

use std::fs;
use std::path::Path;

use storage::{Database, Driver, Location, LocationError, OpenError, SqlError, WriteError};

use crate::support::{all, big_note, file_in, note, on_disk, reopen, texts, try_reopen, wait_for, write_note};

/// A folder with a closed database of some 50 pages.
fn closed() -> tempfile::TempDir {
    let (database, folder) = on_disk();
    database.write_blocking(|tx| big_note(tx, "a", 200_000)).expect("writes");
    wait_for(database.close());
    folder
}

fn assert_damaged(folder: &tempfile::TempDir) {
    for opened in [try_reopen(folder), Database::open_read_only(&file_in(folder))] {
        let error = opened.expect_err("refuses");
        assert!(matches!(&error, OpenError::Damaged { path, .. } if *path == file_in(folder)), "{error:?}");
        assert!(error.to_string().contains("backup"), "{error}");
    }
}

#[test]
fn a_file_overwritten_in_the_middle_is_damaged() {
    let folder = closed();
    let mut bytes = fs::read(file_in(&folder)).expect("reads");
    bytes[4096..12_288].fill(0xa5);
    fs::write(file_in(&folder), &bytes).expect("writes");
    assert_damaged(&folder);
    assert_eq!(fs::read(file_in(&folder)).expect("reads"), bytes, "nothing was changed");
}

#[test]
fn a_file_cut_short_is_damaged() {
    for length in [0, 100, 4096, 100_000] {
        let folder = closed();
        fs::File::options().write(true).open(file_in(&folder)).and_then(|file| file.set_len(length)).expect("cuts");
        assert_damaged(&folder);
    }
}

#[test]
fn a_file_that_is_no_database_is_damaged() {
    let folder = closed();
    fs::write(file_in(&folder), "no database at all, ".repeat(500)).expect("writes");
    assert_damaged(&folder);
}

#[test]
fn a_log_without_its_file_is_damaged() {
    let (database, folder) = on_disk();
    write_note(&database, "a").expect("writes");
    let elsewhere = tempfile::tempdir().expect("a folder");
    fs::copy(log_of(&file_in(&folder)), log_of(&file_in(&elsewhere))).expect("copies");
    assert!(matches!(try_reopen(&elsewhere), Err(OpenError::Damaged { .. })));
}

fn log_of(path: &Path) -> std::path::PathBuf {
    path.with_extension("sqlite-wal")
}

/// As a killed process leaves it: the log not yet moved into the file.
#[test]
fn what_was_committed_before_a_kill_is_there_after_it() {
    let (database, folder) = on_disk();
    for text in ["a", "b"] {
        write_note(&database, text).expect("writes");
    }
    let after = tempfile::tempdir().expect("a folder");
    fs::copy(file_in(&folder), file_in(&after)).expect("copies");
    fs::copy(log_of(&file_in(&folder)), log_of(&file_in(&after))).expect("copies");
    let (file, log) = (fs::read(file_in(&after)).expect("reads"), fs::read(log_of(&file_in(&after))).expect("reads"));
    assert_eq!(all(&Database::open_read_only(&file_in(&after)).expect("opens")), ["a", "b"]);
    assert_eq!(fs::read(file_in(&after)).expect("reads"), file, "a look changes nothing");
    assert_eq!(fs::read(log_of(&file_in(&after))).expect("reads"), log, "a look changes nothing");
    assert_eq!(all(&reopen(&after)), ["a", "b"]);
}

#[test]
fn a_database_opened_to_be_read_sees_the_writers_commits_and_writes_nothing() {
    let (database, folder) = on_disk();
    let looking = Database::open_read_only(&file_in(&folder)).expect("opens");
    write_note(&database, "a").expect("writes");
    assert_eq!(all(&looking), ["a"]);
    assert!(matches!(write_note(&looking, "b"), Err(WriteError::NotCommitted(_))));
    assert!(looking.read_blocking(|tx| note(tx, "b")).is_err());
    wait_for(looking.close());
    assert!(matches!(looking.read_blocking::<_, SqlError, _>(texts), Err(storage::ReadError::Closed)));
    write_note(&database, "b").expect("goes on");
}

#[test]
fn a_closed_database_can_be_looked_at() {
    let folder = closed();
    assert_eq!(all(&Database::open_read_only(&file_in(&folder)).expect("opens")), ["a"]);
    let missing = Database::open_read_only(&folder.path().join("missing.sqlite"));
    assert!(matches!(missing, Err(OpenError::Unreachable { .. })));
    assert!(!folder.path().join("missing.sqlite").exists());
}

#[test]
fn a_look_at_a_closed_database_leaves_nothing_beside_it() {
    let folder = closed();
    let names = || fs::read_dir(folder.path()).expect("lists").map(|entry| entry.expect("an entry").file_name()).collect::<Vec<_>>();
    let before = names();
    let looking = Database::open_read_only(&file_in(&folder)).expect("opens");
    assert_eq!(all(&looking), ["a"]);
    assert_eq!(names(), before);
    wait_for(looking.close());
    assert_eq!(names(), before);
}

#[cfg(unix)]
#[test]
fn a_new_database_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;

    let (database, folder) = on_disk();
    write_note(&database, "a").expect("writes");
    for path in [file_in(&folder), log_of(&file_in(&folder))] {
        assert_eq!(path.metadata().expect("is there").permissions().mode() & 0o777, 0o600, "{}", path.display());
    }
}

#[test]
fn a_database_in_a_missing_folder_is_unreachable_and_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("missing/notes.sqlite");
    let error = Database::open(&Location::File(path.clone()), Driver::Thread, &[]).expect_err("refuses");
    assert!(matches!(&error, OpenError::Unreachable { path: named, .. } if *named == path), "{error:?}");
}

#[test]
fn locations_are_written_as_urls() {
    for text in ["sqlite:a/b.sqlite", "sqlite::memory:name"] {
        assert_eq!(text.parse::<Location>().expect("parses").to_string(), text);
    }
    assert_eq!("sqlite::memory:".parse::<Location>(), Err(LocationError::NoName));
    assert!(matches!("mysql://x".parse::<Location>(), Err(LocationError::Unknown(_))));
    let refused = "postgres://user:secret@host/db".parse::<Location>().expect_err("refuses").to_string();
    assert!(refused.contains("not in this build") && !refused.contains("secret"), "{refused}");
}
