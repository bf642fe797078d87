//! The messaging framework.
mod message;
pub use message::{Command, Event, Message};
