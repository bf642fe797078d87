//! Opening a database without ever taking a damaged or vanished file for an empty one.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use crate::error::{OpenError, SqlError};
use crate::link::Link;
use crate::location::Location;

/// Files up to this size are checked page by page at opening; above, only their frame and each table's first row.
const CHECKED_WHOLE_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// No database is shorter than one page, and no page is shorter.
const PAGE_BYTES_MIN: u64 = 512;

/// Opens the database, creating it if neither it nor its log is there, after a quick look for damage.
pub(crate) fn open_sound(location: &Location) -> Result<Link, OpenError> {
    let Location::File(path) = location else { return Link::open(location).map_err(|error| unreachable(location, error)) };
    let log = side_file(path, "-wal");
    if path.try_exists().map_err(|error| unreachable(location, error))? {
        check_length(path)?;
    } else if length(&log) > 0 {
        return Err(damaged(path, "the file is missing while its -wal file is there"));
    } else {
        create(path).map_err(|error| unreachable(location, error))?;
    }
    look_at(Link::open(location), path)
}

/// Opens an existing file that must not change, after a quick look for damage.
pub(crate) fn open_sound_read_only(path: &Path) -> Result<Link, OpenError> {
    check_length(path)?;
    // A writer has a log from its start to its end: without one the file stands still, and is all there is.
    let stands_still = matches!(side_file(path, "-wal").try_exists(), Ok(false));
    look_at(Link::open_read_only(path, stands_still), path)
}

/// An error of opening that is about the way to the database.
pub(crate) fn unreachable(location: &Location, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> OpenError {
    let path = match location {
        Location::File(path) => path.clone(),
        Location::Memory(name) => PathBuf::from(format!(":memory:{name}")),
    };
    OpenError::Unreachable { path, source: source.into() }
}

fn damaged(path: &Path, found: impl Into<String>) -> OpenError {
    OpenError::Damaged { path: path.to_owned(), found: found.into() }
}

fn side_file(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn length(path: &Path) -> u64 {
    path.metadata().map_or(0, |data| data.len())
}

/// Makes an empty database aside and moves it to its place, so that a file of length zero is always damage.
fn create(path: &Path) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let aside = side_file(path, ".new");
    for leftover in ["-wal", "-shm"] {
        // Of an earlier try that was killed; mostly there is none.
        let _ = std::fs::remove_file(side_file(&aside, leftover));
    }
    let mut options = OpenOptions::new();
    options.create(true).truncate(true).write(true);
    // For its owner alone; what SQLite puts beside it gets the same mode.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&aside)?;
    let link = Link::open(&Location::File(aside.clone()))?;
    link.run_script("PRAGMA user_version = 0; PRAGMA wal_checkpoint(TRUNCATE);")?;
    drop(link);
    File::open(&aside)?.sync_all()?;
    std::fs::rename(&aside, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()?;
    Ok(())
}

/// Looks at the file from outside. Never opens it: closing it again would free the locks that SQLite holds for
/// another connection of this process.
fn check_length(path: &Path) -> Result<(), OpenError> {
    let data = path.metadata().map_err(|error| unreachable(&Location::File(path.to_owned()), error))?;
    if data.is_file() && data.len() < PAGE_BYTES_MIN {
        return Err(damaged(path, format!("it is {} bytes long", data.len())));
    }
    Ok(())
}

fn look_at(link: Result<Link, SqlError>, path: &Path) -> Result<Link, OpenError> {
    let link = link.map_err(|error| judge(path, &error))?;
    look(&link, path).map_err(|error| judge(path, &error))??;
    Ok(link)
}

fn judge(path: &Path, error: &SqlError) -> OpenError {
    if error.is_damage() { damaged(path, error.to_string()) } else { unreachable(&Location::File(path.to_owned()), error.clone()) }
}

/// The outer error is SQLite's, the inner one ours.
fn look(link: &Link, path: &Path) -> Result<Result<(), OpenError>, SqlError> {
    if length(path) <= CHECKED_WHOLE_BYTES_MAX {
        let found = link.texts("PRAGMA quick_check(1)")?;
        if let Some(found) = found.first().filter(|text| *text != "ok") {
            return Ok(Err(damaged(path, found.replace('\n', "; "))));
        }
        return Ok(Ok(()));
    }
    for table in link.texts("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")? {
        link.texts(&format!("SELECT 'row' FROM \"{}\" LIMIT 1", table.replace('"', "\"\"")))?;
    }
    Ok(Ok(()))
}
