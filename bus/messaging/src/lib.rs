//! The messaging framework: a service is a deterministic state machine over a transaction. Handlers are plain
//! synchronous functions; inbox, outbox, retries, dead letters, sagas, timeouts, external calls and HTTP operations are
//! built around them. Knows no broker by name; a [`Transport`] carries its messages.
#![warn(missing_docs)]

pub mod audit;
mod caller;
mod calls;
mod cleaner;
mod context;
mod counts;
pub mod dead_letters;
mod dispatcher;
mod endpoint;
mod envelope;
mod error;
pub mod feed;
pub mod function;
pub mod http;
mod inbox;
mod message;
pub mod on_the_way;
mod outbox;
mod receiver;
pub mod recoverability;
mod saga;
mod service;
mod step;
mod test_endpoint;
mod test_service;
pub mod topology;
mod transport;
mod troubles;

pub use calls::{Begin, Call, CallError, CallFailed, ExternalCall};
pub use context::Context;
pub use counts::Counts;
pub use endpoint::{Declaration, Endpoint, Kind, KnownCommand};
pub use error::{FailureClass, HandlerError, HandlerResult};
pub use feed::FeedEntry;
pub use message::{Command, Event, Message};
pub use saga::{Decide, Loaded, Missing, Saga, SagaRoutes, Saved, decide_about};
pub use service::{Service, Settings};
pub use test_endpoint::{NotHandled, TestEndpoint};
pub use transport::{
    BatchResult, Browsed, Capabilities, Delivery, Destination, Headers, Lock, OutgoingMessage, Settlement, Source, Topology, Transport,
    TransportError,
};

/// Databases are part of this crate's face: whoever binds endpoints names them through it.
pub use storage;

/// The framework's own tables, in every endpoint's database.
pub const MIGRATIONS: storage::Migrations = storage::Migrations {
    set: "messaging",
    files: &[
        ("0001_messaging.sql", include_str!("../migrations/0001_messaging.sql")),
        ("0002_outbox_failed.sql", include_str!("../migrations/0002_outbox_failed.sql")),
        ("0003_feeds.sql", include_str!("../migrations/0003_feeds.sql")),
        ("0004_call_leases.sql", include_str!("../migrations/0004_call_leases.sql")),
        ("0005_calls_given_up.sql", include_str!("../migrations/0005_calls_given_up.sql")),
    ],
};
