//! Whether a system of endpoints fits together, found out before anything runs and all at once (rule R37), and what
//! has to exist on the bus for it (rule R38).

use std::collections::{BTreeMap, BTreeSet};

use crate::endpoint::{Declaration, Kind};
use crate::transport::Topology;

/// Everything that is wrong with a system of endpoints.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the endpoints do not fit together:\n  {}", faults.join("\n  "))]
pub struct Misfit {
    /// One sentence a fault.
    pub faults: Vec<String>,
}

/// Checks that every command has its handler, every awaited event a publisher, and every name one owner.
///
/// # Errors
/// All faults at once.
pub fn check(endpoints: &[&Declaration]) -> Result<Topology, Misfit> {
    let mut faults: Vec<String> = endpoints.iter().flat_map(|endpoint| endpoint.faults.iter().cloned()).collect();
    let by_name: BTreeMap<&str, &Declaration> = endpoints.iter().map(|endpoint| (endpoint.name, *endpoint)).collect();
    if by_name.len() < endpoints.len() {
        let mut seen = BTreeSet::new();
        faults.extend(endpoints.iter().filter(|it| !seen.insert(it.name)).map(|it| format!("two endpoints are named `{}`", it.name)));
    }
    let published: BTreeSet<&str> = endpoints.iter().flat_map(|endpoint| emitted(endpoint, Kind::Event)).collect();
    for endpoint in endpoints {
        faults.extend(unhandled(endpoint, &by_name));
        let absent = endpoint.polls.iter().filter(|(of, feed)| !by_name.get(of).is_some_and(|it| it.feeds.contains(feed)));
        faults
            .extend(absent.map(|(of, feed)| format!("endpoint `{}` polls feed `{feed}` of `{of}`, which does not keep it", endpoint.name)));
        let awaited = endpoint.handles.iter().filter(|(name, kind)| **kind == Kind::Event && !published.contains(*name));
        faults.extend(awaited.map(|(name, _)| format!("endpoint `{}` awaits `{name}`, which nobody publishes", endpoint.name)));
    }
    if faults.is_empty() { Ok(topology(endpoints)) } else { Err(Misfit { faults }) }
}

fn unhandled(endpoint: &Declaration, by_name: &BTreeMap<&str, &Declaration>) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, kind) in &endpoint.emits {
        let Kind::Command(receiver) = kind else { continue };
        if !by_name.get(receiver).is_some_and(|receiver| receiver.handles.contains_key(name)) {
            faults.push(format!("endpoint `{}` sends `{name}` to `{receiver}`, which does not handle it", endpoint.name));
        }
    }
    faults
}

fn emitted(endpoint: &Declaration, kind: Kind) -> impl Iterator<Item = &'static str> + '_ {
    endpoint.emits.iter().filter(move |(_, emitted)| **emitted == kind).map(|(name, _)| *name)
}

fn topology(endpoints: &[&Declaration]) -> Topology {
    let topics: BTreeSet<String> = endpoints.iter().flat_map(|it| emitted(it, Kind::Event)).map(str::to_owned).collect();
    let subscriptions = endpoints.iter().flat_map(|endpoint| {
        let events = endpoint.handles.iter().filter(|(_, kind)| **kind == Kind::Event);
        events.map(|(name, _)| ((*name).to_owned(), endpoint.name.to_owned()))
    });
    Topology {
        queues: endpoints.iter().map(|endpoint| endpoint.name.to_owned()).collect(),
        topics: topics.into_iter().collect(),
        subscriptions: subscriptions.collect(),
    }
}
