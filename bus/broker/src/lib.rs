//! The durable broker: its store, the loop that owns the core, the in-process handle. Accepted means on disk. Decides
//! nothing that `broker-core` decides, and knows no handler.
#![warn(missing_docs)]

mod broker;
mod message;
mod settings;

mod error;

mod audit;
mod cache;
mod encoding;
mod store;

mod commit;
mod engine;
mod operation;
mod receivers;
mod turn;

pub use audit::{DeadLetter, QueueAudit, audit, dead_letters};
pub use broker::Broker;
pub use broker_core::{
    Counts, Declaration as EntityDeclaration, DeclareRefusal, Destination, MessageState, NoEntity, QueueSettings, ResubmitRefusal,
    SendRefusal, Source, TopicSettings,
};
pub use encoding::EncodingError;
pub use error::{BrokerError, CancelError, LockLost, ProvisionError, QueryError, ResubmitError, SendError, SettleError};
pub use message::{Browsed, Delivery, Outgoing, Provisioned, SettleMode, Settlement};
pub use settings::BrokerSettings;
pub use store::{MIGRATIONS, StoreError};
