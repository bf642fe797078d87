//! What can be sent: messages, told apart into commands (one receiver acts) and events (anyone may care). Names on the
//! wire are declared here, never a Rust path.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Something that travels over the bus as JSON. Unknown fields are ignored when read; a missing one needs
/// `#[serde(default)]` or is an error.
pub trait Message: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Its name on the wire, such as `globoticket.box-office.hold-tickets`: lower case, unique, never changed.
    const NAME: &'static str;
    /// Grows by one with each change of the fields that an old reader would notice.
    const VERSION: u16;

    /// The business id that the message is about (an order's, a basket's), for people who follow it.
    fn subject(&self) -> Option<String> {
        None
    }

    /// How long after it is due it may still be handled; later it is completed unhandled (rule R20). No end, unless told.
    fn expires_after(&self) -> Option<Duration> {
        None
    }

    /// What it belongs together with, for transports that keep such messages in one partition.
    fn partition_key(&self) -> Option<String> {
        None
    }
}

/// A message that asks one endpoint to act. It carries what the receiver needs.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no command",
    note = "`send` and `handle` take a `Command`; an `Event` is published with `publish` and handled with `on`"
)]
pub trait Command: Message {
    /// The endpoint that handles it.
    const ENDPOINT: &'static str;
}

/// A message that says what has happened. It is small: whom it concerns, a version, and the public state.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no event",
    note = "`publish` and `on` take an `Event`; a `Command` is sent with `send` and handled with `handle`"
)]
pub trait Event: Message {}
