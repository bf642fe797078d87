//! Functions beside the services: what they may be called for, and one of them at work.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hosting::Host;
use messaging::function::{CALLS_MAX, Function};
use messaging::{Kind, KnownCommand, Service, Settings};
use storage::Database;

use crate::running::{Outward, Parts, STOP_WITHIN, StartError};
use crate::services::ServiceName;

/// What the shop's services say to others.
#[derive(Debug, Clone)]
pub struct KnownMessages {
    /// Names of the events that are published.
    pub events: BTreeSet<&'static str>,
    /// The commands that are handled, by name.
    pub commands: BTreeMap<&'static str, KnownCommand>,
}

/// The messages that services declare: what a function may be called for, and may answer with.
#[must_use]
pub fn known_messages() -> KnownMessages {
    let outward = Outward::nowhere();
    let endpoints = ServiceName::ALL.map(|name| name.endpoint(&outward));
    let emitted = endpoints.iter().flat_map(|endpoint| &endpoint.declaration().emits);
    let events = emitted.filter(|(_, kind)| **kind == Kind::Event).map(|(name, _)| *name).collect();
    let commands = endpoints.iter().flat_map(messaging::Endpoint::commands).map(|command| (command.name, *command)).collect();
    KnownMessages { events, commands }
}

/// A function at work.
pub(crate) struct RunningFunction {
    pub(crate) service: Service,
    host: Host,
}

/// Starts a function on its database. It calls what is outside, never a service of the same process.
pub(crate) async fn start_function(function: Function, db: Database, parts: &Parts) -> Result<RunningFunction, StartError> {
    let (name, settings) = (function.name, Settings { calls_max: CALLS_MAX, ..parts.settings.clone() });
    let bound = function.endpoint().bind(parts.outside.clone(), db, Arc::clone(&parts.transport), &parts.health, settings).await;
    let (service, hosted) = bound.map_err(|source| StartError::Function { name, source })?;
    let mut host = Host::new(parts.outside.clone(), parts.health.clone(), STOP_WITHIN);
    for part in hosted {
        host.start(part).await?;
    }
    Ok(RunningFunction { service, host })
}

impl RunningFunction {
    pub(crate) async fn stop(&mut self) -> Vec<String> {
        let late = self.host.stop().await;
        self.service.db().close().await;
        late
    }
}
