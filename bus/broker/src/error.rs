//! What callers have to decide on.

use std::sync::Arc;

use broker_core::{CancelRefusal, DeclareRefusal, NoEntity, ResubmitRefusal, SendRefusal};

use crate::store::StoreError;

/// A broker that cannot start.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// The store cannot be read.
    #[error(
        "the broker's store cannot be read; if it is damaged, restore its folder from a backup, or move the whole folder away to begin anew"
    )]
    Store(#[source] StoreError),
    /// The store refers to queues or topics that it does not have.
    #[error(
        "the broker's store is damaged: {rows} rows belong to no queue; restore its folder from a backup, or move the whole folder away to begin anew"
    )]
    Orphans {
        /// How many.
        rows: u64,
    },
}

/// Why a write did not happen, or may not have.
#[derive(Debug, Clone)]
pub(crate) enum Trouble {
    NotStored(Arc<StoreError>),
    InDoubt(Arc<StoreError>),
    Stopped,
}

/// A message that was not accepted, or perhaps was.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SendError {
    /// It cannot be accepted as it is.
    #[error(transparent)]
    Refused(#[from] SendRefusal),
    /// It could not be stored, and certainly was not. Trying again may help.
    #[error("the message was not stored")]
    NotStored(#[source] Arc<StoreError>),
    /// Whether it was stored is unknown. Sending it again may make a second one.
    #[error("whether the message was stored is unknown")]
    InDoubt(#[source] Arc<StoreError>),
    /// The broker has stopped; it was not accepted.
    #[error("the broker has stopped")]
    Stopped,
}

/// The lock has expired, was settled already, or never was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the lock is lost: it expired, was settled, or never was")]
pub struct LockLost;

/// A delivery that was not settled.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SettleError {
    /// Somebody else may have the message by now.
    #[error(transparent)]
    LockLost(#[from] LockLost),
    /// A dead letter cannot be dead-lettered again; it is still locked.
    #[error("a message in a dead-letter queue cannot be dead-lettered again")]
    DeadAlready,
    /// The settlement could not be stored; the message is still locked.
    #[error("the settlement was not stored")]
    NotStored(#[source] Arc<StoreError>),
    /// Whether the settlement was stored is unknown.
    #[error("whether the settlement was stored is unknown")]
    InDoubt(#[source] Arc<StoreError>),
    /// The broker has stopped; its locks are gone.
    #[error("the broker has stopped")]
    Stopped,
}

/// A dead letter that was not sent again.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ResubmitError {
    /// There is no such queue or dead letter, or a receiver holds it.
    #[error(transparent)]
    Refused(#[from] ResubmitRefusal),
    /// The store could not be read or written: it is where it was. Trying again may help.
    #[error("the dead letter was not sent again")]
    NotStored(#[source] Arc<StoreError>),
    /// It is in one of the two places; in which is unknown. Trying again is harmless and tells.
    #[error("whether the dead letter was sent again is unknown")]
    InDoubt(#[source] Arc<StoreError>),
    /// The broker has stopped.
    #[error("the broker has stopped")]
    Stopped,
}

impl From<QueryError> for ResubmitError {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::NoEntity(missing) => Self::Refused(missing.into()),
            QueryError::Store(why) => Self::NotStored(why),
            QueryError::Stopped => Self::Stopped,
        }
    }
}

/// Entities that could not be provided.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ProvisionError {
    /// Some cannot be created, or are there with other settings; all others were created.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Refused(Vec<DeclareRefusal>),
    /// Nothing could be stored; nothing was created.
    #[error("the entities were not stored")]
    NotStored(#[source] Arc<StoreError>),
    /// Whether they were stored is unknown. Trying again is harmless.
    #[error("whether the entities were stored is unknown")]
    InDoubt(#[source] Arc<StoreError>),
    /// The broker has stopped.
    #[error("the broker has stopped")]
    Stopped,
}

/// A question or a receive without an answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum QueryError {
    /// There is no such queue.
    #[error(transparent)]
    NoEntity(#[from] NoEntity),
    /// The store could not be read.
    #[error("the store could not be read")]
    Store(#[source] Arc<StoreError>),
    /// The broker has stopped.
    #[error("the broker has stopped")]
    Stopped,
}

/// A scheduled message that was not cancelled.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CancelError {
    /// There is no such entity, or nothing is scheduled under that number.
    #[error(transparent)]
    Refused(#[from] CancelRefusal),
    /// The cancelling could not be stored: the message is still scheduled.
    #[error("the cancelling was not stored")]
    NotStored(#[source] Arc<StoreError>),
    /// Whether the cancelling was stored is unknown.
    #[error("whether the cancelling was stored is unknown")]
    InDoubt(#[source] Arc<StoreError>),
    /// The broker has stopped.
    #[error("the broker has stopped")]
    Stopped,
}

macro_rules! from_trouble {
    ($($error:ident),*) => { $(
        impl From<&Trouble> for $error {
            fn from(trouble: &Trouble) -> Self {
                match trouble {
                    Trouble::NotStored(why) => Self::NotStored(Arc::clone(why)),
                    Trouble::InDoubt(why) => Self::InDoubt(Arc::clone(why)),
                    Trouble::Stopped => Self::Stopped,
                }
            }
        }
    )* };
}

from_trouble!(SendError, SettleError, ResubmitError, ProvisionError, CancelError);
