//! What a customer was told, when, and whether it was true in the end (invariant 9).

use hosting::Timestamp;
use serde::Serialize;

/// Something that the shop said and a customer relies on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "told")]
pub enum Told {
    /// A basket is there.
    Basket {
        /// Its id.
        id: String,
    },
    /// The places are kept.
    Held {
        /// The line's price of one place, in minor units.
        price_minor: i64,
        /// How many places.
        quantity: u64,
        /// Until when, as the shop wrote it.
        until: String,
    },
    /// There are no places.
    SoldOut,
    /// The order is placed.
    Placed {
        /// Its id.
        order: String,
        /// What the basket was to cost, in minor units.
        total_minor: i64,
    },
    /// The order came into this state.
    State {
        /// The state.
        state: String,
        /// The reason, where there is one.
        reason: Option<String>,
    },
    /// The tickets are there.
    Tickets {
        /// Their codes.
        codes: Vec<String>,
    },
    /// Something was refused.
    Refused {
        /// What the shop said.
        detail: String,
    },
}

/// One line of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// When, by the customer's clock.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub told: Told,
}

/// A customer's journal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Journal {
    /// In order of time.
    pub entries: Vec<Entry>,
}

impl Journal {
    /// Notes what was said.
    pub fn note(&mut self, at: Timestamp, told: Told) {
        self.entries.push(Entry { at, told });
    }

    /// The order that was placed, and its total.
    #[must_use]
    pub fn order(&self) -> Option<(&str, i64)> {
        self.entries.iter().find_map(|entry| match &entry.told {
            Told::Placed { order, total_minor } => Some((order.as_str(), *total_minor)),
            _ => None,
        })
    }

    /// The codes of the tickets, if the customer has seen them.
    #[must_use]
    pub fn codes(&self) -> Option<&[String]> {
        self.entries.iter().rev().find_map(|entry| match &entry.told {
            Told::Tickets { codes } => Some(codes.as_slice()),
            _ => None,
        })
    }

    /// The last state of the order that the customer was told.
    #[must_use]
    pub fn last_state(&self) -> Option<&str> {
        self.entries.iter().rev().find_map(|entry| match &entry.told {
            Told::State { state, .. } => Some(state.as_str()),
            _ => None,
        })
    }
}
