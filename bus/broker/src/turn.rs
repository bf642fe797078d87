//! Applying operations to the core, and collecting what the next write stores and who waits for it.

use std::collections::BTreeMap;
use std::sync::Arc;

use broker_core::{Declaration, Declared, Key, Lock, Now, Resubmission, Sent, SettleRefusal, Time};
use hosting::Timestamp;
use uuid::Uuid;

use crate::encoding::Content;
use crate::engine::Engine;
use crate::error::{LockLost, QueryError, SendError, SettleError};
use crate::message::{Provisioned, SettleMode, Settlement};
use crate::operation::{Answer, Browse, Operation, Prepared, Resubmit};
use crate::receivers::Served;

/// What the next write stores beside the core's changes, and who waits for it.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    /// Somebody waits for the write.
    pub(crate) urgent: bool,
    /// Somebody waits for it to be on disk.
    pub(crate) synced: bool,
    /// Since when something waits to be written that nobody waits for.
    pub(crate) since: Option<Time>,
    /// Encoded contents of new messages; until the write, a place here is the content's name.
    pub(crate) blobs: Vec<Vec<u8>>,
    /// The same, as the cache keeps them.
    pub(crate) contents: Vec<Arc<Content>>,
    /// Headers added to dead letters.
    pub(crate) added_headers: BTreeMap<Key, BTreeMap<String, String>>,
    pub(crate) answers: Vec<Answer>,
    pub(crate) served: Vec<Served>,
    /// Locks that settlements ended whose answer waits: if the write fails, they are held again.
    pub(crate) ended_locks: Vec<Lock>,
    /// Looks into queues, taken after the write.
    pub(crate) browses: Vec<Browse>,
}

impl Pending {
    /// The name of the content that is added next.
    fn next_content(&self) -> u64 {
        self.blobs.len() as u64
    }

    fn add_content(&mut self, blob: Vec<u8>, content: Arc<Content>) {
        self.blobs.push(blob);
        self.contents.push(content);
    }

    /// Remembers an answer that waits until the write is on disk.
    fn answer_synced(&mut self, answer: Answer) {
        self.urgent = true;
        self.synced = true;
        self.answers.push(answer);
    }
}

impl Engine {
    pub(crate) fn apply(&mut self, now: Now, operation: Operation) {
        match operation {
            Operation::Provision { declarations, answer } => {
                let (provisioned, refusals) = self.provision(&declarations);
                self.pending.answer_synced(Answer::Provisioned { answer, provisioned, refusals });
            }
            Operation::Send { messages, answer } => {
                let results = messages.into_iter().map(|message| self.send(now, message)).collect();
                self.pending.answer_synced(Answer::Sent { answer, results });
            }
            Operation::Receive { source, waiting } => match self.core.counts(source.queue()) {
                Ok(_) => self.receivers.add(source, waiting),
                Err(error) => drop(waiting.answer.send(Err(QueryError::NoEntity(error)))),
            },
            Operation::Settle { settlements, mode, answer } => {
                let results = settlements.into_iter().map(|(token, settlement)| self.settle(now, token, settlement, mode)).collect();
                match mode {
                    SettleMode::Lazy => drop(answer.send(results)),
                    SettleMode::Synced => self.pending.answer_synced(Answer::Settled { answer, results }),
                }
            }
            Operation::Renew { tokens, answer } => {
                let renewed = tokens.into_iter().map(|token| self.core.renew(now, token).map_err(|_| LockLost));
                let ends = renewed.map(|end| end.map(|end| Timestamp::from_micros(end.as_micros()))).collect();
                let _ = answer.send(ends);
            }
            Operation::Cancel { destination, sequence, answer } => match self.core.cancel_scheduled(&destination, sequence) {
                Ok(_) => self.pending.answer_synced(Answer::Cancelled { answer }),
                Err(refusal) => drop(answer.send(Err(refusal.into()))),
            },
            Operation::Resubmit(again) => self.resubmit(now, again),
            Operation::Browse(browse) => {
                // What it shows is read from the store.
                self.pending.urgent = true;
                self.pending.browses.push(browse);
            }
            Operation::Counts { queue, answer } => drop(answer.send(self.core.counts(&queue).map_err(QueryError::NoEntity))),
            Operation::Stop => {}
        }
    }

    fn provision(&mut self, declarations: &[Declaration]) -> (Provisioned, Vec<broker_core::DeclareRefusal>) {
        let (mut provisioned, mut refusals) = (Provisioned::default(), Vec::new());
        for declaration in declarations {
            let name = match declaration {
                Declaration::Queue { name, .. } | Declaration::Topic { name, .. } => name.clone(),
                Declaration::Subscription { topic, name, .. } => format!("{topic}/{name}"),
            };
            match self.core.declare(declaration) {
                Ok(Declared::Created) => provisioned.created.push(name),
                Ok(Declared::Present) => provisioned.present.push(name),
                Err(refusal) => refusals.push(refusal),
            }
        }
        (provisioned, refusals)
    }

    fn send(&mut self, now: Now, message: Prepared) -> Result<u64, SendError> {
        let Prepared { destination, mut outgoing, blob, content } = message;
        outgoing.content = self.pending.next_content();
        match self.core.send(now, &destination, &[outgoing])?.first() {
            Some(Sent::Accepted(sequence)) => {
                self.pending.add_content(blob, content);
                Ok(sequence.0)
            }
            Some(Sent::Duplicate) | None => Ok(0),
        }
    }

    fn resubmit(&mut self, now: Now, again: Resubmit) {
        let Resubmit { queue, sequence, blob, content, answer } = again;
        let bytes = u32::try_from(blob.len()).unwrap_or(u32::MAX);
        match self.core.resubmit(now, &queue, &Resubmission { sequence, bytes, content: self.pending.next_content() }) {
            Ok(sequence) => {
                self.pending.add_content(blob, content);
                self.pending.answer_synced(Answer::Resubmitted { answer, sequence });
            }
            Err(refusal) => drop(answer.send(Err(refusal.into()))),
        }
    }

    fn settle(&mut self, now: Now, token: Uuid, settlement: Settlement, mode: SettleMode) -> Result<(), SettleError> {
        let lock = self.settle_in_core(now, token, &settlement)?;
        match mode {
            SettleMode::Lazy => {
                self.answered.insert(token, (lock, settlement));
            }
            SettleMode::Synced => self.pending.ended_locks.push(lock),
        }
        Ok(())
    }

    pub(crate) fn settle_in_core(&mut self, now: Now, token: Uuid, settlement: &Settlement) -> Result<Lock, SettleError> {
        let (decision, headers) = match settlement.clone() {
            Settlement::Complete => (broker_core::Settlement::Complete, None),
            Settlement::Abandon => (broker_core::Settlement::Abandon, None),
            Settlement::Release => (broker_core::Settlement::Release, None),
            Settlement::DeadLetter { reason, description, headers } => {
                (broker_core::Settlement::DeadLetter { reason, description }, Some(headers))
            }
        };
        let lock = self.core.settle(now, token, decision).map_err(|refusal| match refusal {
            SettleRefusal::LockLost => SettleError::LockLost(LockLost),
            SettleRefusal::DeadAlready => SettleError::DeadAlready,
        })?;
        if let Some(headers) = headers {
            self.pending.added_headers.insert(lock.key, headers);
        }
        Ok(lock)
    }

    /// Gives back what a receiver did not take. A lock that is lost meanwhile has given it back already.
    pub(crate) fn release(&mut self, tokens: Vec<Uuid>) {
        let now = self.now();
        for token in tokens {
            let _ = self.settle(now, token, Settlement::Release, SettleMode::Lazy);
        }
    }

    /// Locks messages for those who wait.
    pub(crate) fn serve(&mut self, now: Now) {
        for source in self.receivers.sources() {
            while let Some(waiting) = self.receivers.take(&source) {
                let entropy = &self.outside.entropy;
                let delivered = self.core.receive(now, &source, waiting.max, &mut || entropy.secret()).unwrap_or_default();
                if delivered.is_empty() {
                    self.receivers.add_first(source, waiting);
                    break;
                }
                self.pending.urgent = true;
                self.pending.served.push(Served { source: source.clone(), waiting, delivered });
            }
        }
    }
}
