//! Time as the core sees it: handed in with every verb, in whole microseconds.

use std::time::Duration;

/// A moment: microseconds since the start of its clock (1970 UTC for the wall clock, anything for the steady one).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time(i64);

impl Time {
    /// A moment that never comes.
    pub const NEVER: Self = Self(i64::MAX);

    /// The moment that many microseconds after the start of its clock.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the start of its clock.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// This moment and `duration`; [`Time::NEVER`] rather than an overflow.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }
}

/// One moment on two clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// The wall clock, for what people agree on: schedules, time to live, the window of duplicate detection. Where it
    /// goes back, the core stays at the latest moment it has seen.
    pub wall: Time,
    /// A clock that never jumps, for locks.
    pub steady: Time,
}
