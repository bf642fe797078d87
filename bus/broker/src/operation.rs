//! What a handle asks of the loop, and how it is answered.

use std::sync::Arc;

use broker_core::{Counts, Declaration, DeclareRefusal, Destination, Outgoing, Sequence, Source};
use hosting::Timestamp;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::encoding::Content;
use crate::error::{CancelError, LockLost, ProvisionError, QueryError, ResubmitError, SendError, SettleError, Trouble};
use crate::message::{Browsed, Provisioned, SettleMode, Settlement};
use crate::receivers::Waiting;

pub(crate) type SendAnswer = oneshot::Sender<Vec<Result<u64, SendError>>>;
pub(crate) type SettleAnswer = oneshot::Sender<Vec<Result<(), SettleError>>>;
pub(crate) type ResubmitAnswer = oneshot::Sender<Result<u64, ResubmitError>>;
pub(crate) type BrowseAnswer = oneshot::Sender<Result<Vec<Browsed>, QueryError>>;

/// A message that is ready to be sent: encoded by its sender, so that the loop need not.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) destination: Destination,
    pub(crate) outgoing: Outgoing,
    pub(crate) blob: Vec<u8>,
    pub(crate) content: Arc<Content>,
}

/// A dead letter that is to be sent again, with its new content.
#[derive(Debug)]
pub(crate) struct Resubmit {
    pub(crate) queue: String,
    pub(crate) sequence: Sequence,
    pub(crate) blob: Vec<u8>,
    pub(crate) content: Arc<Content>,
    pub(crate) answer: ResubmitAnswer,
}

#[derive(Debug)]
pub(crate) enum Operation {
    Provision { declarations: Vec<Declaration>, answer: oneshot::Sender<Result<Provisioned, ProvisionError>> },
    Send { messages: Vec<Prepared>, answer: SendAnswer },
    Receive { source: Source, waiting: Waiting },
    Settle { settlements: Vec<(Uuid, Settlement)>, mode: SettleMode, answer: SettleAnswer },
    Renew { tokens: Vec<Uuid>, answer: oneshot::Sender<Vec<Result<Timestamp, LockLost>>> },
    Cancel { destination: Destination, sequence: Sequence, answer: oneshot::Sender<Result<(), CancelError>> },
    Resubmit(Resubmit),
    Browse(Browse),
    Counts { queue: String, answer: oneshot::Sender<Result<Counts, QueryError>> },
    Stop,
}

impl Operation {
    /// Bytes of content that it brings.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Send { messages, .. } => messages.iter().map(|message| message.blob.len()).sum(),
            Self::Resubmit(again) => again.blob.len(),
            _ => 0,
        }
    }
}

/// A look into a queue, which is taken after what is under way is stored.
#[derive(Debug)]
pub(crate) struct Browse {
    pub(crate) source: Source,
    pub(crate) from: Sequence,
    pub(crate) max: usize,
    pub(crate) answer: BrowseAnswer,
}

/// An answer that waits for the write.
#[derive(Debug)]
pub(crate) enum Answer {
    Sent { answer: SendAnswer, results: Vec<Result<u64, SendError>> },
    Resubmitted { answer: ResubmitAnswer, sequence: Sequence },
    Settled { answer: SettleAnswer, results: Vec<Result<(), SettleError>> },
    Provisioned { answer: oneshot::Sender<Result<Provisioned, ProvisionError>>, provisioned: Provisioned, refusals: Vec<DeclareRefusal> },
    Cancelled { answer: oneshot::Sender<Result<(), CancelError>> },
}

impl Answer {
    /// Gives the answer. Whoever asked may be gone.
    pub(crate) fn give(self, written: Result<(), &Trouble>) {
        match self {
            Self::Sent { answer, results } => {
                let _ = answer.send(all(results, written));
            }
            Self::Resubmitted { answer, sequence } => {
                let _ = answer.send(written.map(|()| sequence.0).map_err(Into::into));
            }
            Self::Settled { answer, results } => {
                let _ = answer.send(all(results, written));
            }
            Self::Provisioned { answer, provisioned, refusals } => {
                let result = match written {
                    Err(trouble) => Err(trouble.into()),
                    Ok(()) if refusals.is_empty() => Ok(provisioned),
                    Ok(()) => Err(ProvisionError::Refused(refusals)),
                };
                let _ = answer.send(result);
            }
            Self::Cancelled { answer } => {
                let _ = answer.send(written.map_err(Into::into));
            }
        }
    }
}

/// What was refused stays refused, whatever became of the write.
fn all<T, E: for<'t> From<&'t Trouble>>(results: Vec<Result<T, E>>, written: Result<(), &Trouble>) -> Vec<Result<T, E>> {
    results.into_iter().map(|result| result.and_then(|value| written.map(|()| value).map_err(E::from))).collect()
}
