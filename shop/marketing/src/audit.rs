//! Marketing's facts for the shop's invariants: what it counted.

use std::collections::BTreeMap;

use contracts::{BasketId, EventId};
use serde::Serialize;
use storage::{SqlError, Tx};

use crate::interest::Interest;
use crate::store;

/// What was learnt from the basket's stored events, and from ordering.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// Entries taken in, by kind.
    pub counted: BTreeMap<String, u64>,
    /// Entries about each basket.
    pub by_basket: BTreeMap<BasketId, u64>,
    /// How far the lines about each event came.
    pub interest: BTreeMap<EventId, Interest>,
    /// Whether entries were missed or taken in anew: then the counts are not those of the whole feed.
    pub incomplete: bool,
}

impl Facts {
    /// Entries taken in.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.counted.values().sum()
    }
}

/// Reads the facts, in the caller's transaction.
///
/// # Errors
/// Those of the database.
pub fn read(tx: &mut Tx<'_>) -> Result<Facts, SqlError> {
    Ok(Facts {
        counted: store::counted(tx)?.into_iter().collect(),
        by_basket: store::entries_by_basket(tx)?.into_iter().collect(),
        interest: store::interest(tx)?.into_iter().collect(),
        incomplete: !store::restarts(tx, 1)?.is_empty(),
    })
}
