//! Where a database is: a file, or a name in this process's memory.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Where a database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A file, created if it is not there; its folder must exist.
    File(PathBuf),
    /// A database in this process's memory, shared by all who open the same name and gone with the last of them.
    Memory(String),
}

/// The text names no database that this build can open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LocationError {
    /// PostgreSQL is not part of this build.
    #[error("`{0}`: PostgreSQL is not in this build; use sqlite:PATH")]
    NotInThisBuild(String),
    /// A database in memory has no name of its own.
    #[error("`sqlite::memory:` says no name: write `sqlite::memory:NAME`")]
    NoName,
    /// Anything else.
    #[error("`{0}` is no database: write sqlite:PATH")]
    Unknown(String),
}

impl FromStr for Location {
    type Err = LocationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            // What stands after the scheme may hold a password.
            return Err(LocationError::NotInThisBuild("postgres://…".to_owned()));
        }
        let Some(rest) = text.strip_prefix("sqlite:") else { return Err(LocationError::Unknown(text.to_owned())) };
        match rest.strip_prefix(":memory:") {
            Some("") => Err(LocationError::NoName),
            Some(name) => Ok(Self::Memory(name.to_owned())),
            None if rest.is_empty() => Err(LocationError::Unknown(text.to_owned())),
            None => Ok(Self::File(PathBuf::from(rest))),
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "sqlite:{}", path.display()),
            Self::Memory(name) => write!(f, "sqlite::memory:{name}"),
        }
    }
}

impl Location {
    /// What hooks, threads and logs call the database: its file's name without ending, or its name in memory.
    pub(crate) fn short_name(&self) -> String {
        match self {
            Self::File(path) => path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned()),
            Self::Memory(name) => name.clone(),
        }
    }
}
