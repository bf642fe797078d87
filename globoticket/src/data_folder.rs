//! The data folder: who may use it, the keys that were made in it, and where its shop runs.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use hosting::Entropy;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::text::complain;

/// Where a shop keeps everything unless told otherwise.
pub(crate) const DEFAULT_DATA: &str = "./globoticket-data";
/// The bus's database.
pub(crate) const BUS: &str = "bus";
/// The payment gateway's database.
pub(crate) const GATEWAY: &str = "payment-gateway";
/// How the names of a function's files begin.
pub(crate) const FUNCTION: &str = "function-";
const LOCK: &str = "run.lock";
const ORGANISER_KEY: &str = "organiser.key";
const SERVICE_KEY: &str = "service.key";
const RUNNING: &str = "shop.json";
/// Names the databases that were made here, one a line: one of these that is gone was lost.
const DATABASES: &str = "databases";
const KEY_CHARACTERS_MIN: usize = 16;

/// A data folder that this process alone may change.
pub(crate) struct DataFolder {
    path: PathBuf,
    /// The operating system lets go of it however the process ends.
    _lock: File,
}

/// Where the shop of a data folder runs.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Running {
    pub(crate) url: String,
    pub(crate) gateway_url: String,
}

/// The keys that open routes.
pub(crate) struct AccessKeys {
    pub(crate) organiser: String,
    pub(crate) service: String,
}

impl DataFolder {
    /// Takes the folder, which is created if it is not there.
    ///
    /// # Errors
    /// If it cannot be created or written to, another run has it, or a database of it was lost.
    pub(crate) fn take(path: &Path) -> Result<Self, Failure> {
        if path.exists() && !path.is_dir() {
            return Err(Failure::new(format!("the data folder {} is not a folder; choose another with --data", path.display())));
        }
        let unwritable = |error: io::Error| {
            let shown = path.display();
            Failure::new(format!(
                "the data folder {shown} cannot be written to ({error}); choose another with --data, or let this user write there"
            ))
        };
        create_private(path).map_err(unwritable)?;
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(path.join(LOCK)).map_err(unwritable)?;
        match lock.try_lock() {
            Ok(()) => {
                warn_if_open(path);
                let folder = Self { path: path.to_owned(), _lock: lock };
                folder.check_databases()?;
                Ok(folder)
            }
            Err(TryLockError::WouldBlock) => {
                let shown = path.display();
                Err(Failure::new(format!(
                    "the data folder {shown} is in use by another run; stop that one, or choose another folder with --data"
                )))
            }
            Err(TryLockError::Error(error)) => Err(unwritable(error)),
        }
    }

    /// The path of a service's database.
    pub(crate) fn database(&self, service: &str) -> PathBuf {
        database(&self.path, service)
    }

    /// Notes that the service's database is there, so that a later start misses it where it is gone. Only what was
    /// made is noted: a first start that was broken off is taken up, and a new service gets a new database.
    ///
    /// # Errors
    /// If the note cannot be read or written.
    pub(crate) fn note_database(&self, service: &str) -> Result<(), Failure> {
        let mut noted = self.noted_databases()?;
        if !noted.insert(service.to_owned()) {
            return Ok(());
        }
        let text: String = noted.iter().map(|name| format!("{name}\n")).collect();
        let path = self.path.join(DATABASES);
        write_private(&path, &text).map_err(|error| Failure::new(format!("{} cannot be written: {error}", path.display())))
    }

    fn noted_databases(&self) -> Result<BTreeSet<String>, Failure> {
        let path = self.path.join(DATABASES);
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(text.lines().map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeSet::new()),
            Err(error) => Err(Failure::new(format!("{} cannot be read: {error}", path.display()))),
        }
    }

    /// The functions that once ran here: their databases are there.
    ///
    /// # Errors
    /// If the note of them cannot be read.
    pub(crate) fn functions(&self) -> Result<Vec<String>, Failure> {
        Ok(self.noted_databases()?.iter().filter_map(|name| name.strip_prefix(FUNCTION)).map(str::to_owned).collect())
    }

    /// What one database knows the others count on: a shop never goes on with one of them begun anew.
    fn check_databases(&self) -> Result<(), Failure> {
        let is_gone = |name: &String| matches!(self.database(name).try_exists(), Ok(false));
        let gone: Vec<String> = self.noted_databases()?.into_iter().filter(is_gone).map(|name| format!("{name}.sqlite")).collect();
        if gone.is_empty() {
            return Ok(());
        }
        let (shown, gone) = (self.path.display(), gone.join(", "));
        Err(Failure::new(format!(
            "the data folder {shown} has lost {gone}: restore the whole folder from a backup, or move the whole folder away to begin anew"
        )))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The keys, made at the first start and readable by their owner only.
    ///
    /// # Errors
    /// If they cannot be read or written.
    pub(crate) fn keys(&self, entropy: &dyn Entropy) -> Result<AccessKeys, Failure> {
        let organiser = self.key(ORGANISER_KEY, entropy)?;
        let service = self.key(SERVICE_KEY, entropy)?;
        Ok(AccessKeys { organiser, service })
    }

    fn key(&self, name: &str, entropy: &dyn Entropy) -> Result<String, Failure> {
        let path = self.path.join(name);
        match std::fs::read_to_string(&path) {
            Ok(text) if !text.trim().is_empty() => {
                keep_private(&path);
                return checked_key(&path, text.trim());
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(Failure::new(format!("the key {} cannot be read: {error}", path.display()))),
        }
        let key = format!("{}{}", entropy.secret().simple(), entropy.secret().simple());
        write_private(&path, &format!("{key}\n"))
            .map_err(|error| Failure::new(format!("the key {} cannot be written: {error}", path.display())))?;
        Ok(key)
    }

    /// Notes where the shop runs, for commands that are given this folder.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn note_running(&self, running: &Running) -> Result<(), Failure> {
        let path = self.path.join(RUNNING);
        let text = serde_json::to_string(running).unwrap_or_default();
        write_private(&path, &text).map_err(|error| Failure::new(format!("{} cannot be written: {error}", path.display())))
    }

    /// Notes that the shop runs no more.
    pub(crate) fn note_stopped(&self) {
        // What is left behind names a shop that does not answer, which its readers say too.
        let _ = std::fs::remove_file(self.path.join(RUNNING));
    }
}

/// The path of a service's database in the data folder `data`.
pub(crate) fn database(data: &Path, service: &str) -> PathBuf {
    data.join(format!("{service}.sqlite"))
}

/// Whether the folder is one that a shop keeps its data in.
pub(crate) fn is_shops(data: &Path) -> bool {
    database(data, BUS).is_file()
}

/// Where the shop of the data folder runs, as it said itself at its start.
pub(crate) fn running(data: &Path) -> Option<Running> {
    let text = std::fs::read_to_string(data.join(RUNNING)).ok()?;
    serde_json::from_str(&text).ok()
}

/// The organiser's key of the data folder.
///
/// # Errors
/// If there is none to be read.
pub(crate) fn organiser_key(data: &Path) -> Result<String, Failure> {
    let path = data.join(ORGANISER_KEY);
    match std::fs::read_to_string(&path) {
        Ok(text) if !text.trim().is_empty() => Ok(text.trim().to_owned()),
        Ok(_) => Err(Failure::usage(format!("the organiser's key {} is empty; give the key with --key", path.display()))),
        Err(error) => Err(Failure::usage(format!(
            "the organiser's key {} cannot be read ({error}); say where the shop's data folder is with --data, or give the key with --key",
            path.display()
        ))),
    }
}

fn checked_key(path: &Path, key: &str) -> Result<String, Failure> {
    if key.len() >= KEY_CHARACTERS_MIN && key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(key.to_owned());
    }
    Err(Failure::new(format!(
        "the key in {} must be at least {KEY_CHARACTERS_MIN} printable ASCII characters without spaces; write a better one there, or remove the file and the next start makes one",
        path.display()
    )))
}

/// Takes from others what the mode of a key's file lets them do.
#[cfg(unix)]
pub(crate) fn keep_private(path: &Path) {
    use std::os::unix::fs::PermissionsExt;

    let mode = std::fs::metadata(path).map_or(0, |data| data.permissions().mode() & 0o777);
    if mode & 0o077 == 0 {
        return;
    }
    let shown = path.display();
    complain(match std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)) {
        Ok(()) => format!("warning: others could use the key {shown} (mode {mode:o}); it is now its owner's alone"),
        Err(error) => format!("warning: others can use the key {shown} (mode {mode:o}), which cannot be changed: {error}"),
    });
}

#[cfg(not(unix))]
pub(crate) fn keep_private(_: &Path) {}

/// An existing folder is its owner's business; but what is in it opens orders and tickets.
#[cfg(unix)]
fn warn_if_open(path: &Path) {
    use std::os::unix::fs::PermissionsExt;

    let mode = std::fs::metadata(path).map_or(0, |data| data.permissions().mode() & 0o777);
    if mode & 0o077 != 0 {
        complain(format!("warning: others can look into the data folder {} (mode {mode:o}); better: chmod 700", path.display()));
    }
}

#[cfg(not(unix))]
fn warn_if_open(_: &Path) {}

/// Makes the folder, if it is not there, for its owner only: what is in it opens orders and tickets.
pub(crate) fn create_private(path: &Path) -> io::Result<()> {
    let mut folder = std::fs::DirBuilder::new();
    folder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder.create(path)
}

/// Writes the whole file or nothing of it; only its owner may read it.
pub(crate) fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let fresh = path.with_extension("new");
    let mut options = OpenOptions::new();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&fresh)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&fresh, path)
}
