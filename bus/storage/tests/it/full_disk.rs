//! A disk that is really full.

use std::io::Write;
use std::path::Path;
use std::process::Command;

use storage::{Database, Driver, Location, SqlClass, WriteError};

use crate::support::{NOTES, all, big_note, note, write_note};

/// A small disk of its own, in memory; taken away at the end.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// None where this user may not mount.
    fn mount(size: &str) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &format!("size={size}"), "none"]).arg(folder.path()).output();
        mounted.is_ok_and(|done| done.status.success()).then_some(Self(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(self.path()).status();
        assert!(unmounted.is_ok_and(|status| status.success()), "the small disk stays mounted at {}", self.path().display());
    }
}

#[test]
fn a_full_disk_is_a_clear_refusal_loses_nothing_and_is_over_when_there_is_room() {
    let Some(disk) = SmallDisk::mount("4m") else {
        // Not `eprintln!`, which the test harness keeps to itself.
        let reason = b"a full disk is not tested: this user may not mount a small one\n";
        std::io::stderr().write_all(reason).expect("writes");
        return;
    };
    let ballast = disk.path().join("ballast");
    std::fs::write(&ballast, vec![0; 2 << 20]).expect("fits");
    let open = || Database::open(&Location::File(disk.path().join("notes.sqlite")), Driver::Thread, &[NOTES]).expect("opens");
    let database = open();
    let mut told = Vec::new();
    let refused = loop {
        let text = format!("note {}", told.len());
        let write = database.write_blocking({
            let text = text.clone();
            move |tx| big_note(tx, &text, 50_000)
        });
        match write {
            Ok(_) => told.push(text),
            Err(error) => break error,
        }
    };
    assert!(matches!(&refused, WriteError::NotCommitted(error) if error.class() == SqlClass::Environment), "{refused:?}");
    assert!(!told.is_empty());
    assert_eq!(all(&database), told);

    std::fs::remove_file(&ballast).expect("removes");
    write_note(&database, "after").expect("there is room");
    told.push("after".to_owned());
    assert_eq!(all(&database), told);
    drop(database);
    let database = open();
    assert_eq!(all(&database), told);
    database.write_blocking(|tx| note(tx, "reopened")).expect("writes");
    drop(database);
}
