//! Writing what a turn has collected; answering once it is stored; and starting again from the store if it is not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::task::Poll;

use broker_core::{Browsed as Found, Change, Content as ContentOf, Delivered, Key, Lock, Place, Row, Time};
use hosting::{Condition, Timestamp};
use storage::Durability;
use uuid::Uuid;

use crate::encoding::Content;
use crate::engine::Engine;
use crate::error::{QueryError, Trouble};
use crate::message::{Browsed, Delivery};
use crate::operation::Browse;
use crate::receivers::{Handover, Served};
use crate::store::{Batch, DeathNote, Loaded, NotWritten, Store, StoreError, Stored, fold_counts};
use crate::turn::Pending;

/// The most bytes of content that one browse answers, unless a single message has more.
const BROWSE_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// A message's content and, of a dead letter, why it is one.
type Known = (Arc<Content>, Option<DeathNote>);

impl Engine {
    /// Writes everything that waits to be written. Meanwhile contents are read that are to be handed over after it.
    pub(crate) async fn write(&mut self) {
        let mut pending = std::mem::take(&mut self.pending);
        self.pending.browses = std::mem::take(&mut pending.browses);
        let changes = fold_counts(self.core.take_changes());
        let cached = cacheable(&changes, &pending);
        let renewed: BTreeSet<Key> = changes.iter().filter_map(renewed_key).collect();
        renewed.iter().for_each(|key| drop(self.cache.remove(*key)));
        let removed: Vec<Key> = changes.iter().filter_map(removed_key).collect();
        let cold = read_all(self.store.clone(), self.cold(&changes, &renewed, &pending.served));
        let number = self.write_number + 1;
        let (written, cold) = both(self.store_batch(number, changes, &mut pending), cold).await;
        if let Err(trouble) = written {
            return self.refuse(number, pending, trouble).await;
        }
        self.answered.clear();
        cached.into_iter().for_each(|(key, content)| self.cache.insert(key, content));
        removed.into_iter().for_each(|key| drop(self.cache.remove(key)));
        pending.answers.into_iter().for_each(|answer| answer.give(Ok(())));
        self.hand_over(pending.served, cold).await;
    }

    async fn store_batch(&mut self, number: u64, changes: Vec<Change>, pending: &mut Pending) -> Result<(), Trouble> {
        if changes.is_empty() {
            return Ok(());
        }
        let contents = std::mem::take(&mut pending.blobs);
        let added_headers = std::mem::take(&mut pending.added_headers);
        let batch = Arc::new(Batch { number, next_key: self.core.next_key(), changes, contents, added_headers });
        let durability = if pending.synced { Durability::Synced } else { Durability::Unsynced };
        match self.store.write(durability, batch).await {
            Ok(()) => {}
            Err(NotWritten::Certain(StoreError::Closed)) => return Err(Trouble::Stopped),
            Err(NotWritten::Certain(error)) => return Err(Trouble::NotStored(Arc::new(error))),
            Err(NotWritten::InDoubt(error)) => self.resolve(number, error).await?,
        }
        self.write_number = number;
        self.status_ready();
        Ok(())
    }

    /// Looks whether a commit in doubt happened.
    async fn resolve(&mut self, number: u64, error: StoreError) -> Result<(), Trouble> {
        tracing::warn!(error = %chain(&error), "a commit is in doubt; looking whether it happened");
        match self.store.write_number().await {
            Ok(found) if found == number => Ok(()),
            Ok(_) => Err(Trouble::NotStored(Arc::new(error))),
            Err(_) => Err(Trouble::InDoubt(Arc::new(error))),
        }
    }

    /// Refuses all that waited for a failed write and starts again from the store. Committed locks stay, and so do those who
    /// wait; settlements that were answered are applied again. What was in doubt is known once the store can be read.
    async fn refuse(&mut self, number: u64, pending: Pending, trouble: Trouble) {
        let reason = match &trouble {
            Trouble::NotStored(error) | Trouble::InDoubt(error) => chain(error.as_ref()),
            Trouble::Stopped => "it was closed".to_owned(),
        };
        tracing::error!(reason, "a write failed; starting again from the store");
        self.status.set(Condition::Degraded { reason: format!("the broker's store does not take writes: {reason}") });
        let locks = self.locks_before(&pending);
        self.closed = matches!(trouble, Trouble::Stopped) || self.reload(locks).await.is_err();
        let written = if !self.closed && self.write_number == number { Ok(()) } else { Err(&trouble) };
        for Served { source, waiting, .. } in pending.served.into_iter().rev() {
            self.receivers.add_first(source, waiting);
        }
        pending.answers.into_iter().for_each(|answer| answer.give(written));
    }

    /// The locks that were held before the failed write, without end for those whose settlement was answered.
    fn locks_before(&self, pending: &Pending) -> Vec<Lock> {
        let delivered: BTreeSet<Uuid> =
            pending.served.iter().flat_map(|served| &served.delivered).map(|delivered| delivered.token).collect();
        let held = self.core.locks().filter(|lock| !delivered.contains(&lock.token)).copied();
        let answered = self.answered.values().map(|(lock, _)| Lock { until: Time::NEVER, ..*lock });
        held.chain(pending.ended_locks.iter().copied()).chain(answered).collect()
    }

    /// Reads the store, again and again until that succeeds.
    ///
    /// # Errors
    /// If the store was closed.
    async fn reload(&mut self, locks: Vec<Lock>) -> Result<(), StoreError> {
        let back_off = self.settings.back_off;
        let Loaded { core, write_number, .. } = loop {
            match self.store.load(self.core.latest_wall(), locks.clone()).await {
                Ok(loaded) => break loaded,
                Err(StoreError::Closed) => return Err(StoreError::Closed),
                Err(error) => {
                    self.cannot_read(&error);
                    self.outside.clock.sleep(back_off).await;
                }
            }
        };
        (self.core, self.write_number) = (core, write_number);
        self.apply_answered_again();
        self.back_off_until = Some(self.now().steady.plus(back_off));
        Ok(())
    }

    fn cannot_read(&self, error: &StoreError) {
        let reason = chain(error);
        tracing::error!(reason, "the store cannot be read; trying again");
        self.status.set(Condition::Degraded { reason: format!("the broker's store cannot be read: {reason}") });
    }

    fn apply_answered_again(&mut self) {
        let now = self.now();
        let answered: Vec<_> = self.answered.iter().map(|(token, (_, settlement))| (*token, settlement.clone())).collect();
        for (token, settlement) in answered {
            // Refused only if the message is gone, which is what was wanted or cannot be helped.
            let _ = self.settle_in_core(now, token, &settlement);
        }
        if self.core.has_changes() {
            self.pending.since = Some(now.steady);
        }
    }

    fn status_ready(&mut self) {
        if self.status.get() != Condition::Ready {
            self.status.set(Condition::Ready);
        }
        self.back_off_until = None;
    }

    /// What is to be handed over and was stored by an earlier write (and not `renewed` by this one), but is not in the cache.
    fn cold(&self, changes: &[Change], renewed: &BTreeSet<Key>, served: &[Served]) -> Vec<(Key, Place)> {
        let first_new = changes.iter().find_map(|change| if let Change::Inserted { row, .. } = change { Some(row.key) } else { None });
        let rows = served.iter().flat_map(|served| &served.delivered).map(|delivered| delivered.row);
        let old = rows.filter(|row| row.place == Place::Active && first_new.is_none_or(|first| row.key < first));
        old.filter(|row| !renewed.contains(&row.key) && !self.cache.contains(row.key)).map(|row| (row.key, row.place)).collect()
    }

    /// Gives receivers what was locked for them, now that the deliveries are counted on disk.
    async fn hand_over(&mut self, served: Vec<Served>, cold: Result<Vec<Stored>, StoreError>) {
        let rows: Vec<Row> = served.iter().flat_map(|served| &served.delivered).map(|delivered| delivered.row).collect();
        if rows.is_empty() {
            return;
        }
        let mut known = match self.contents(&rows, cold).await {
            Ok(known) => known,
            Err(error) => return self.take_back(served, &error),
        };
        for Served { waiting, delivered, .. } in served {
            let found = delivered.iter().filter_map(|one| match known.remove(&one.row.key) {
                Some(known) => Some(delivery(one, known)),
                None => {
                    tracing::error!(key = one.row.key.0, "a message has no content in the store; its lock is left to end");
                    None
                }
            });
            let deliveries: Vec<Delivery> = found.collect();
            drop(waiting.answer.send(Ok(Handover::new(deliveries, self.give_back.clone()))));
        }
    }

    /// The contents of messages that are to be delivered could not be read: they go back, and their receivers wait on.
    fn take_back(&mut self, served: Vec<Served>, error: &StoreError) {
        self.cannot_read(error);
        self.back_off_until = Some(self.now().steady.plus(self.settings.back_off));
        for Served { source, waiting, delivered } in served.into_iter().rev() {
            self.release(delivered.iter().map(|delivered| delivered.token).collect());
            self.receivers.add_first(source, waiting);
        }
    }

    /// Contents that were read already, from the cache, which then no longer has them, or from the store.
    async fn contents(&mut self, rows: &[Row], cold: Result<Vec<Stored>, StoreError>) -> Result<BTreeMap<Key, Known>, StoreError> {
        let mut known: BTreeMap<Key, Known> = cold?.into_iter().map(known_by_key).collect();
        let mut missing = Vec::new();
        for row in rows.iter().filter(|row| !known.contains_key(&row.key)).collect::<Vec<_>>() {
            match self.cache.remove(row.key) {
                Some(content) if row.place == Place::Active => drop(known.insert(row.key, (content, None))),
                _ => missing.push((row.key, row.place)),
            }
        }
        known.extend(read_all(self.store.clone(), missing).await?.into_iter().map(known_by_key));
        Ok(known)
    }

    /// Answers those who look into queues.
    pub(crate) async fn look(&mut self) {
        for Browse { source, from, max, answer } in std::mem::take(&mut self.pending.browses) {
            let result = match self.core.browse(&source, from, max) {
                Ok(found) => self.browsed(found).await.map_err(|error| QueryError::Store(Arc::new(error))),
                Err(error) => Err(QueryError::NoEntity(error)),
            };
            let _ = answer.send(result);
        }
    }

    async fn browsed(&self, found: Vec<Found>) -> Result<Vec<Browsed>, StoreError> {
        let mut bytes = 0;
        let mut fits = |found: &Found| {
            bytes += u64::from(found.row.bytes);
            bytes <= BROWSE_BYTES_MAX || bytes == u64::from(found.row.bytes)
        };
        let found: Vec<Found> = found.into_iter().take_while(|found| fits(found)).collect();
        let keys = found.iter().map(|found| (found.row.key, found.row.place)).collect();
        let stored = self.store.stored(keys).await?;
        let mut known: BTreeMap<Key, Known> = stored.into_iter().map(known_by_key).collect();
        Ok(found.into_iter().filter_map(|found| known.remove(&found.row.key).map(|known| browsed(&found, known))).collect())
    }
}

/// The contents that the cache takes once they are stored.
fn cacheable(changes: &[Change], pending: &Pending) -> Vec<(Key, Arc<Content>)> {
    let content = |change: &Change| match change {
        Change::Inserted { row: Row { key, place: Place::Active, .. }, content: ContentOf::Sent(name) }
        | Change::Resubmitted { row: Row { key, .. }, content: name } => {
            Some((*key, Arc::clone(pending.contents.get(usize::try_from(*name).ok()?)?)))
        }
        _ => None,
    };
    changes.iter().filter_map(content).collect()
}

async fn read_all(store: Store, keys: Vec<(Key, Place)>) -> Result<Vec<Stored>, StoreError> {
    if keys.is_empty() { Ok(Vec::new()) } else { store.stored(keys).await }
}

/// Waits for both; polls them in this order.
async fn both<A, B>(first: impl Future<Output = A>, second: impl Future<Output = B>) -> (A, B) {
    let (mut first, mut second) = (std::pin::pin!(first), std::pin::pin!(second));
    let (mut one, mut other) = (None, None);
    std::future::poll_fn(|context| {
        if one.is_none()
            && let Poll::Ready(value) = first.as_mut().poll(context)
        {
            one = Some(value);
        }
        if other.is_none()
            && let Poll::Ready(value) = second.as_mut().poll(context)
        {
            other = Some(value);
        }
        match (one.take(), other.take()) {
            (Some(one), Some(other)) => Poll::Ready((one, other)),
            waiting => {
                (one, other) = waiting;
                Poll::Pending
            }
        }
    })
    .await
}

fn known_by_key(stored: Stored) -> (Key, Known) {
    (stored.key, (Arc::new(stored.content), stored.death))
}

/// Whose content is another from this change on.
fn renewed_key(change: &Change) -> Option<Key> {
    match change {
        Change::Resubmitted { row, .. } => Some(row.key),
        _ => None,
    }
}

fn removed_key(change: &Change) -> Option<Key> {
    match change {
        Change::Removed { key, .. } => Some(*key),
        _ => None,
    }
}

fn delivery(one: &Delivered, known: Known) -> Delivery {
    let (Content { message_id, session_id, headers, body }, death) = opened(known);
    let (reason, description) = death.map(|death| (death.reason, death.description)).unzip();
    Delivery {
        lock_token: one.token,
        locked_until: Timestamp::from_micros(one.locked_until.as_micros()),
        message_id,
        session_id,
        sequence_number: one.row.sequence.0,
        delivery_count: u32::from(one.row.delivery_count.saturating_sub(1)),
        enqueued: Timestamp::from_micros(one.row.enqueued.as_micros()),
        headers,
        body,
        dead_letter_reason: reason,
        dead_letter_description: description,
    }
}

fn browsed(found: &Found, known: Known) -> Browsed {
    let (Content { message_id, session_id, headers, body }, death) = opened(known);
    let dead_lettered = death.as_ref().map(|death| Timestamp::from_micros(death.died_at));
    let (reason, description) = death.map(|death| (death.reason, death.description)).unzip();
    Browsed {
        state: found.state,
        message_id,
        session_id,
        sequence_number: found.row.sequence.0,
        delivery_count: u32::from(found.row.delivery_count),
        enqueued: Timestamp::from_micros(found.row.enqueued.as_micros()),
        dead_lettered,
        headers,
        body,
        dead_letter_reason: reason,
        dead_letter_description: description,
    }
}

/// The content itself, with the headers that were added to a dead letter.
fn opened((content, death): Known) -> (Content, Option<DeathNote>) {
    let mut content = Arc::unwrap_or_clone(content);
    if let Some(death) = &death {
        content.headers.extend(death.headers.clone());
    }
    (content, death)
}

/// An error with its sources, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
