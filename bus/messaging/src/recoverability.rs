//! What becomes of a message whose handler failed: a pure function of the failure and the tries so far (rules R14 and
//! R16). It reads no clock: delays are relative.

use std::time::Duration;

use crate::FailureClass;

/// How often and how late a failed message is tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Further tries at the end of the same batch before a message is put off.
    pub immediate_retries: u32,
    /// The delays of the later rounds; after the last one a message is dead-lettered.
    pub delays: Vec<Duration>,
    /// Tries after lost races, counted apart from the others.
    pub conflict_retries: u32,
    /// After so many deliveries without a settlement a message is dead-lettered unopened (rule R16).
    pub deliveries_max: u32,
}

impl Policy {
    /// The delays of the later rounds, unless told otherwise.
    pub const DELAYS: [Duration; 4] = [Duration::from_secs(1), Duration::from_secs(10), Duration::from_secs(60), Duration::from_secs(600)];
}

impl Default for Policy {
    fn default() -> Self {
        Self { immediate_retries: 3, delays: Self::DELAYS.to_vec(), conflict_retries: 20, deliveries_max: 10 }
    }
}

/// How often a message has been tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tries {
    /// Failures of this delivery, but for lost races that the policy tries again apart from the others.
    pub failed: u32,
    /// Lost races of this delivery.
    pub conflicts: u32,
    /// How often the message has been put off before.
    pub round: u32,
}

impl Tries {
    /// With one more failure: a lost race is none, until it has had the tries that the policy gives it.
    #[must_use]
    pub fn and(self, policy: &Policy, class: FailureClass) -> Self {
        match class {
            FailureClass::Conflict if self.conflicts < policy.conflict_retries => Self { conflicts: self.conflicts + 1, ..self },
            _ => Self { failed: self.failed + 1, ..self },
        }
    }
}

/// What to do with a failed message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Again at the end of this batch.
    RetryNow,
    /// Put off for this long, jitter apart.
    RetryAfter(Duration),
    /// To the dead letters.
    DeadLetter,
}

/// Decides what becomes of a message that has just failed, after `before`.
#[must_use]
pub fn decide(policy: &Policy, class: FailureClass, before: Tries) -> Decision {
    let tries = before.and(policy, class);
    match class {
        FailureClass::Permanent => Decision::DeadLetter,
        FailureClass::RetryAfter(delay) => later(policy, tries.round).map_or(Decision::DeadLetter, |_| Decision::RetryAfter(delay)),
        FailureClass::Environment => Decision::RetryNow,
        FailureClass::Transient | FailureClass::Conflict if tries.failed == before.failed || tries.failed <= policy.immediate_retries => {
            Decision::RetryNow
        }
        FailureClass::Transient | FailureClass::Conflict => later(policy, tries.round).map_or(Decision::DeadLetter, Decision::RetryAfter),
    }
}

fn later(policy: &Policy, round: u32) -> Option<Duration> {
    policy.delays.get(usize::try_from(round).ok()?).copied()
}

/// Spreads `delay` over ±10 %, so that what failed together does not come back together. `draw` is any number.
#[must_use]
pub fn jitter(delay: Duration, draw: u64) -> Duration {
    let micros = u64::try_from(delay.as_micros()).unwrap_or(u64::MAX);
    let tenth = micros / 10;
    Duration::from_micros((micros - tenth).saturating_add(draw % (2 * tenth + 1)))
}
