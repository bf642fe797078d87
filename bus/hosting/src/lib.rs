//! What a process is made of: hosted services that start, run and stop in order; their health; and the outside
//! world (clock, ids, randomness, tasks, HTTP) as parts that are handed in, so that the same code runs on a real
//! machine and in a simulation. Knows nothing of messages.

#![warn(missing_docs)]

mod health;
mod host;
mod outside;
#[cfg(feature = "tokio")]
mod real;
mod stop;
mod timestamp;

pub use health::{Component, Condition, Health, HealthReport};
pub use host::{Host, HostedService, ServiceFailure};
pub use outside::{BoxFuture, Clock, Either, Entropy, HttpClient, HttpError, Ids, Outside, Protections, Spawner, TaskEnd, all, race};
#[cfg(feature = "tokio")]
pub use real::{RealClock, RealEntropy, TokioSpawner, real_outside};
pub use stop::{StopSignal, StopSource, stop_pair};
pub use timestamp::{Timestamp, TimestampError};
