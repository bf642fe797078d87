//! What is counted: how far lines of baskets come. Pure.

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

/// How many lines of baskets came how far; every line counts in each stage that it reached.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Interest {
    /// Lines added to baskets.
    pub added: u64,
    /// Lines whose places were held, once each.
    pub held: u64,
    /// Wishes that the box office refused.
    pub refused: u64,
    /// Holds that ran out.
    pub expired: u64,
    /// Lines that buyers took out.
    pub removed: u64,
    /// Lines that were ordered.
    pub checked_out: u64,
    /// Lines that were ordered and paid.
    pub paid: u64,
}

impl AddAssign for Interest {
    fn add_assign(&mut self, more: Self) {
        self.added += more.added;
        self.held += more.held;
        self.refused += more.refused;
        self.expired += more.expired;
        self.removed += more.removed;
        self.checked_out += more.checked_out;
        self.paid += more.paid;
    }
}
