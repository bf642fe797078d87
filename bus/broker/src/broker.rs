//! The handle that everyone in the process talks to the broker through.

use std::collections::BTreeMap;
use std::sync::Arc;

use broker_core::{Counts, Declaration, Destination, ResubmitRefusal, Sequence, Source, Time};
use hosting::{Condition, Outside, Timestamp};
use storage::Database;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::encoding::Content;
use crate::engine::{Engine, Status};
use crate::error::{BrokerError, CancelError, LockLost, ProvisionError, QueryError, ResubmitError, SendError, SettleError};
use crate::message::{Browsed, Delivery, Outgoing, Provisioned, SettleMode, Settlement};
use crate::operation::{Browse, Operation, Prepared, Resubmit};
use crate::receivers::Waiting;
use crate::settings::BrokerSettings;

/// The most messages that one receive or browse answers.
const TAKEN_MAX: usize = 1_024;

/// A running broker. Cheap to clone; all clones are one. Every method may be dropped while it waits: what it asked for
/// is then done or not done, and messages that nobody took are given back.
#[derive(Debug, Clone)]
pub struct Broker {
    operations: mpsc::Sender<Operation>,
    status: Status,
}

impl Broker {
    /// Reads the store and starts the loop. `db` is opened with [`MIGRATIONS`](crate::MIGRATIONS), and nobody else
    /// writes to it. All locks of an earlier process are free; schedules, delivery counts and dead letters are as they were.
    ///
    /// # Errors
    /// [`BrokerError`] if the store cannot be read or makes no sense.
    pub async fn start(outside: &Outside, db: Database, settings: BrokerSettings) -> Result<Self, BrokerError> {
        let (operations, waiting) = mpsc::channel(settings.waiting_max.max(1));
        let status = Status::default();
        let engine = Engine::load(outside, db, settings, waiting, status.clone()).await?;
        status.set(Condition::Ready);
        // The loop itself tells through its status how it ended, also by panic.
        drop(outside.spawner.spawn("broker", Box::pin(engine.run())));
        Ok(Self { operations, status })
    }

    /// Creates what is missing; never changes what is there.
    ///
    /// # Errors
    /// [`ProvisionError::Refused`] lists all that cannot be, or is there with other settings; the others are created.
    pub async fn provision(&self, declarations: &[Declaration]) -> Result<Provisioned, ProvisionError> {
        let declarations = declarations.to_vec();
        self.ask(|answer| Operation::Provision { declarations, answer }).await.unwrap_or(Err(ProvisionError::Stopped))
    }

    /// Sends messages; each is answered for itself, with its sequence number, once it is on disk. 0 means that it was a duplicate,
    /// accepted and dropped.
    pub async fn send(&self, messages: Vec<Outgoing>) -> Vec<Result<u64, SendError>> {
        let count = messages.len();
        let messages = messages.into_iter().map(prepare).collect();
        let answer = self.ask(|answer| Operation::Send { messages, answer }).await;
        answer.unwrap_or_else(|| vec![Err(SendError::Stopped); count])
    }

    /// Waits until there is at least one message, and locks up to `max` (1 to 1,024).
    ///
    /// # Errors
    /// [`QueryError::NoEntity`]; [`QueryError::Stopped`] once the broker stops.
    pub async fn receive(&self, source: &Source, max: usize) -> Result<Vec<Delivery>, QueryError> {
        let (source, max) = (source.clone(), max.clamp(1, TAKEN_MAX));
        let handover = self.ask(|answer| Operation::Receive { source, waiting: Waiting { max, answer } }).await;
        Ok(handover.ok_or(QueryError::Stopped)??.take())
    }

    /// Settles deliveries, each for itself.
    pub async fn settle(&self, settlements: Vec<(Uuid, Settlement)>, mode: SettleMode) -> Vec<Result<(), SettleError>> {
        let count = settlements.len();
        let answer = self.ask(|answer| Operation::Settle { settlements, mode, answer }).await;
        answer.unwrap_or_else(|| vec![Err(SettleError::Stopped); count])
    }

    /// Prolongs locks by the queue's full lock duration from now; answers their new ends.
    pub async fn renew(&self, tokens: Vec<Uuid>) -> Vec<Result<Timestamp, LockLost>> {
        let count = tokens.len();
        self.ask(|answer| Operation::Renew { tokens, answer }).await.unwrap_or_else(|| vec![Err(LockLost); count])
    }

    /// Takes back a scheduled message, by the number that sending it answered; answers when that is on disk.
    ///
    /// # Errors
    /// [`CancelError::Refused`] if nothing is scheduled under that number: it may have fallen due.
    pub async fn cancel_scheduled(&self, destination: &Destination, sequence: u64) -> Result<(), CancelError> {
        let (destination, sequence) = (destination.clone(), Sequence(sequence));
        self.ask(|answer| Operation::Cancel { destination, sequence, answer }).await.unwrap_or(Err(CancelError::Stopped))
    }

    /// Sends the dead letter with this number to its queue again, with `headers` in place of all it has; answers its new
    /// number there once that is on disk. Id, session and body stay; deliveries count from nothing, and its life is the
    /// queue's. It moves in one commit, so it is in one of the two places at any moment; of several who ask at once, one
    /// gets it and the others are told that it is not there. Limits of size and duplicate detection do not hold it up.
    ///
    /// # Errors
    /// [`ResubmitError::Refused`] if there is no such queue or dead letter, or a receiver holds it under a lock.
    pub async fn resubmit(&self, queue: &str, sequence: u64, headers: BTreeMap<String, String>) -> Result<u64, ResubmitError> {
        // What a number among the dead letters stands for never changes: what is read here is what is moved, or nothing is.
        let found = self.browse(&Source::DeadLetters(queue.to_owned()), sequence, 1).await?;
        let Some(letter) = found.into_iter().find(|letter| letter.sequence_number == sequence) else {
            return Err(ResubmitRefusal::NotThere { sequence }.into());
        };
        let content = Content { message_id: letter.message_id, session_id: letter.session_id, headers, body: letter.body };
        let (blob, content) = (content.encode(), Arc::new(content));
        let (queue, sequence) = (queue.to_owned(), Sequence(sequence));
        let answer = self.ask(|answer| Operation::Resubmit(Resubmit { queue, sequence, blob, content, answer })).await;
        answer.unwrap_or(Err(ResubmitError::Stopped))
    }

    /// Up to `max` (at most 1,024, and about 8 MiB) messages from a sequence number on, in order, locking none. Of a queue, active and scheduled
    /// ones.
    ///
    /// # Errors
    /// [`QueryError`]: no such queue, the store cannot be read, the broker has stopped.
    pub async fn browse(&self, source: &Source, from_sequence: u64, max: usize) -> Result<Vec<Browsed>, QueryError> {
        let (source, from, max) = (source.clone(), Sequence(from_sequence), max.min(TAKEN_MAX));
        let answer = self.ask(|answer| Operation::Browse(Browse { source, from, max, answer })).await;
        answer.unwrap_or(Err(QueryError::Stopped))
    }

    /// How much is in a queue.
    ///
    /// # Errors
    /// [`QueryError`]: no such queue, or the broker has stopped.
    pub async fn counts(&self, queue: &str) -> Result<Counts, QueryError> {
        let queue = queue.to_owned();
        self.ask(|answer| Operation::Counts { queue, answer }).await.unwrap_or(Err(QueryError::Stopped))
    }

    /// Finishes what was accepted, then ends the loop; later calls answer that the broker has stopped. Again is fine.
    pub async fn stop(&self) {
        // Refused means that the loop has ended or is about to.
        let _ = self.operations.send(Operation::Stop).await;
        self.status.ended().await;
    }

    /// How the broker is.
    #[must_use]
    pub fn health(&self) -> Condition {
        self.status.get()
    }

    async fn ask<T>(&self, operation: impl FnOnce(oneshot::Sender<T>) -> Operation) -> Option<T> {
        let (answer, answered) = oneshot::channel();
        self.operations.send(operation(answer)).await.ok()?;
        answered.await.ok()
    }
}

fn prepare(message: Outgoing) -> Prepared {
    let Outgoing { destination, message_id, session_id, time_to_live, scheduled, headers, body } = message;
    let content = Content { message_id: message_id.clone(), session_id: session_id.clone(), headers, body };
    let blob = content.encode();
    let outgoing = broker_core::Outgoing {
        message_id,
        session_id,
        time_to_live,
        scheduled: scheduled.map(|at| Time::from_micros(at.as_micros())),
        bytes: u32::try_from(blob.len()).unwrap_or(u32::MAX),
        content: 0,
    };
    Prepared { destination, outgoing, blob, content: Arc::new(content) }
}
