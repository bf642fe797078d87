//! A place in a feed, as readers keep it: opaque to them.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

/// Up to where a feed was read. Readers store its text and hand it back; they do not look into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// Of which epoch of the feed: positions of different epochs have nothing to do with each other (rule R36).
    pub(crate) epoch: Uuid,
    /// The position of the last entry that was read; 0 before the first.
    pub(crate) position: u64,
}

/// A text that is no cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no cursor: take `next` of an earlier page, or leave it out to begin at the oldest entry")]
pub struct InvalidCursor;

/// 32 digits of the epoch, 16 of the position, all hexadecimal.
const EPOCH_DIGITS: usize = 32;
const DIGITS: usize = EPOCH_DIGITS + 16;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:016x}", self.epoch.simple(), self.position)
    }
}

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        if text.len() != DIGITS || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(InvalidCursor);
        }
        let (epoch, position) = text.split_at(EPOCH_DIGITS);
        Ok(Self {
            epoch: Uuid::try_parse(epoch).map_err(|_| InvalidCursor)?,
            position: u64::from_str_radix(position, 16).map_err(|_| InvalidCursor)?,
        })
    }
}
