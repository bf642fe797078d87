//! Randomness from one seed: a stream for each label, so that one more draw from one does not shift the others.
//! Good for simulations, not for secrets.

use std::sync::{Arc, Mutex};

use hosting::{Entropy, Ids, Timestamp};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::sim::lock;

/// A stream of numbers (xoshiro256++ by Blackman and Vigna), the same for the same seed and label, on any machine.
#[derive(Debug, Clone)]
pub struct Random {
    state: [u64; 4],
}

impl Random {
    /// The stream called `label` of the history `seed`.
    #[must_use]
    pub fn labelled(seed: u64, label: &str) -> Self {
        let hash: [u8; 32] = Sha256::new().chain_update(seed.to_le_bytes()).chain_update(label).finalize().into();
        let mut state = [0; 4];
        for (word, bytes) in state.iter_mut().zip(hash.chunks_exact(8)) {
            *word = bytes.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte));
        }
        Self { state }
    }

    /// Any number.
    pub fn draw(&mut self) -> u64 {
        let [s0, s1, s2, s3] = &mut self.state;
        let result = s0.wrapping_add(*s3).rotate_left(23).wrapping_add(*s0);
        let shifted = *s1 << 17;
        *s2 ^= *s0;
        *s3 ^= *s1;
        *s1 ^= *s2;
        *s0 ^= *s3;
        *s2 ^= shifted;
        *s3 = s3.rotate_left(45);
        result
    }

    /// A number below `bound`; 0 if `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.draw()) * u128::from(bound)) >> 64) as u64
    }

    /// A number from `low` to `high`, both included; `low` if `high` is less.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low).saturating_add(1))
    }

    /// An index of a list of `len` things; 0 if there are none.
    pub fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(u64::try_from(len).unwrap_or(u64::MAX))).unwrap_or(0)
    }

    /// True `per_million` times in a million.
    pub fn chance(&mut self, per_million: u32) -> bool {
        self.below(1_000_000) < u64::from(per_million)
    }

    /// Fills the whole of `bytes`.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let word = self.draw().to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
    }
}

/// Entropy from a stream that goes on where it was when its group starts again.
pub(crate) struct SimEntropy(pub(crate) Arc<Mutex<Random>>);

impl Entropy for SimEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        lock(&self.0).fill(bytes);
    }
}

/// Version 7 ids from a stream; within one life of a group later ones sort after earlier ones.
pub(crate) struct SimIds {
    random: Arc<Mutex<Random>>,
    last: Mutex<u128>,
}

impl SimIds {
    pub(crate) fn new(random: Arc<Mutex<Random>>) -> Self {
        Self { random, last: Mutex::new(0) }
    }
}

impl Ids for SimIds {
    fn next(&self, now: Timestamp) -> Uuid {
        let mut tail = [0; 10];
        lock(&self.random).fill(&mut tail);
        let millis = u64::try_from(now.as_millis()).unwrap_or(0);
        let fresh = uuid::Builder::from_unix_timestamp_millis(millis, &tail).into_uuid().as_u128();
        let mut last = lock(&self.last);
        *last = if fresh > *last { fresh } else { *last + 1 };
        Uuid::from_u128(*last)
    }
}
