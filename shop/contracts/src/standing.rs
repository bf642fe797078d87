//! What a copy is held against its source by.

use uuid::Uuid;

/// How a row stands, at its source or in a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The row's id.
    pub id: Uuid,
    /// Its version at the source.
    pub version: u32,
    /// What the copy repeats of it, as a number: the version itself where it repeats all.
    pub shown: i64,
}
