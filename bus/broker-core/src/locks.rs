//! Who holds which message, and until when. Locks live in memory only: a process that starts has none.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::entity::EntityId;
use crate::message::{Key, Place, Sequence};
use crate::time::Time;

/// A receiver's exclusive right to settle one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lock {
    /// Its token.
    pub token: Uuid,
    /// The message.
    pub key: Key,
    /// The queue the message is in.
    pub queue: EntityId,
    /// In which part of it: active or dead-letter.
    pub place: Place,
    /// Its number there.
    pub sequence: Sequence,
    /// When it ends, on the steady clock.
    pub until: Time,
}

#[derive(Debug, Default)]
pub(crate) struct Locks {
    by_token: BTreeMap<Uuid, Lock>,
    by_end: BTreeSet<(Time, Uuid)>,
}

impl Locks {
    pub(crate) fn insert(&mut self, lock: Lock) {
        self.by_end.insert((lock.until, lock.token));
        self.by_token.insert(lock.token, lock);
    }

    /// Whether the token is in use.
    pub(crate) fn contains(&self, token: Uuid) -> bool {
        self.by_token.contains_key(&token)
    }

    pub(crate) fn get(&self, token: Uuid) -> Option<Lock> {
        self.by_token.get(&token).copied()
    }

    pub(crate) fn remove(&mut self, token: Uuid) -> Option<Lock> {
        let lock = self.by_token.remove(&token)?;
        self.by_end.remove(&(lock.until, token));
        Some(lock)
    }

    pub(crate) fn prolong(&mut self, token: Uuid, until: Time) {
        if let Some(lock) = self.by_token.get_mut(&token) {
            self.by_end.remove(&(lock.until, token));
            lock.until = until;
            self.by_end.insert((until, token));
        }
    }

    /// Takes out one lock that has ended by `now`.
    pub(crate) fn take_ended(&mut self, now: Time) -> Option<Lock> {
        let (until, token) = *self.by_end.first()?;
        if until > now { None } else { self.remove(token) }
    }

    pub(crate) fn next_end(&self) -> Option<Time> {
        self.by_end.first().map(|(until, _)| *until)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Lock> {
        self.by_token.values()
    }
}
