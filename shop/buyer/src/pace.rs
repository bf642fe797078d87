//! How often a customer looks again: often where an answer usually comes soon, seldom where it takes long.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const FIRST: Duration = Duration::from_millis(1);
const LONGEST: Duration = Duration::from_millis(250);

/// How long it usually took, learnt from all who waited for the same thing. Shared by customers who shop together.
#[derive(Debug, Default)]
pub struct Usual {
    pub(crate) hold: Wait,
    pub(crate) end: Wait,
}

/// How long one kind of wait usually takes, in microseconds; 0 while nobody knows.
#[derive(Debug, Default)]
pub(crate) struct Wait {
    us: AtomicU64,
}

impl Wait {
    pub(crate) fn pace(&self) -> Pace {
        let usual = Duration::from_micros(self.us.load(Ordering::Relaxed));
        Pace { next: usual * 4 / 5, step: (usual / 10).max(FIRST) }
    }

    /// Notes that it took so long this time.
    pub(crate) fn took(&self, time: Duration) {
        let time = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let before = self.us.load(Ordering::Relaxed);
        let usual = if before == 0 { time } else { before - before / 8 + time / 8 };
        self.us.store(usual, Ordering::Relaxed);
    }
}

/// The pauses between looks: a long one first where it usually takes long, then short ones that grow.
pub(crate) struct Pace {
    next: Duration,
    step: Duration,
}

impl Pace {
    pub(crate) fn next(&mut self) -> Duration {
        let pause = self.next.max(self.step).min(LONGEST);
        self.next = self.step;
        self.step = (self.step * 13 / 10).min(LONGEST);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_knows_how_long_it_takes_looks_shortly_before() {
        let wait = Wait::default();
        assert_eq!(wait.pace().next(), FIRST);
        wait.took(Duration::from_millis(100));
        let mut pace = wait.pace();
        assert_eq!(pace.next(), Duration::from_millis(80));
        assert_eq!(pace.next(), Duration::from_millis(13));
    }
}
