//! Stored feeds: a service appends entries in its steps, and any number of others poll them at their own pace (rules R33
//! to R36). A feed keeps what happened for a retention; who reads it, and how far, changes nothing for anyone else.
//!
//! Reading order: `cursor` a place in a feed; `entries` the publisher's tables; `publish` what it answers over HTTP;
//! `reading` the reader's step; `poll` the hosted service that polls.

mod cursor;
mod entries;
mod poll;
mod publish;
mod reading;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use cursor::{Cursor, InvalidCursor};
pub use poll::FeedSource;
pub use publish::{FeedOverview, FeedPage, FeedQuery, PublishedEntry, ReaderOverview};
pub use reading::{Entry, Restart};

pub(crate) use entries::{append, clean, extent, stored};
pub(crate) use poll::Poller;
pub(crate) use reading::{RegisteredFeed, entry_to_learn};

/// What is told through a feed: data only, and nothing that a reader should not know.
pub trait FeedEntry: Serialize + DeserializeOwned + Send + 'static {
    /// The feed's name, unique at its service and part of its URL; never changed.
    const FEED: &'static str;
    /// The endpoint that keeps the feed.
    const ENDPOINT: &'static str;
    /// The version of the entry's shape. A later build reads all earlier ones.
    const VERSION: u16;
}

/// The largest entry, in bytes of JSON.
pub const ENTRY_BYTES_MAX: usize = 16 * 1024;
