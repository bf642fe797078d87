//! Who sends what to whom, as the endpoints declare it themselves: nothing has to run for it. Data first; `svg`
//! draws it, `asyncapi` writes it for programs. Knows no message by name.

mod asyncapi;
mod columns;
mod svg;

use std::collections::{BTreeMap, BTreeSet};

use messaging::{Declaration, Endpoint, Kind};
use serde::Serialize;

use crate::running::Outward;
use crate::services::ServiceName;

/// How something gets from one to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FlowKind {
    /// Through the queue of the one service that acts.
    Command,
    /// Through a topic, to all who care.
    Event,
    /// Kept by the sender, and fetched by its readers at their own pace.
    Feed,
    /// By HTTP, to a system outside.
    Call,
}

impl FlowKind {
    /// All, in the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::Command, Self::Event, Self::Feed, Self::Call];

    /// Its name, as it stands in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Event => "event",
            Self::Feed => "feed",
            Self::Call => "call",
        }
    }
}

/// Something that is sent, told, or asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Flow {
    /// How it travels.
    pub kind: FlowKind,
    /// The name of the message, feed or call.
    pub name: &'static str,
    /// Who sends, publishes, keeps or asks, by name.
    pub from: Vec<&'static str>,
    /// Who handles, polls or is asked, by name. An event may have nobody.
    pub to: Vec<&'static str>,
}

impl Flow {
    /// The name without the project and the service that owns it.
    #[must_use]
    pub fn short_name(&self) -> &'static str {
        self.name.rsplit('.').next().unwrap_or(self.name)
    }
}

/// The whole of it. As JSON: `{services, outside, flows}`; a flow has `kind` (`command`, `event`, `feed`, `call`), `name`,
/// `from` and `to`. Ordered by kind and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Flows {
    /// The services.
    pub services: Vec<&'static str>,
    /// The systems outside that services ask.
    pub outside: Vec<&'static str>,
    /// What goes between them.
    pub flows: Vec<Flow>,
}

impl Flows {
    /// Those of the shop.
    #[must_use]
    pub fn of_the_shop() -> Self {
        Self::of_the_shop_and(Vec::new())
    }

    /// Those of the shop with further endpoints beside the services', such as functions'.
    #[must_use]
    pub fn of_the_shop_and(others: Vec<Endpoint>) -> Self {
        let endpoints: Vec<Endpoint> = ServiceName::ALL.map(|name| name.endpoint(&Outward::nowhere())).into_iter().chain(others).collect();
        Self::of(&endpoints.iter().map(Endpoint::declaration).collect::<Vec<_>>())
    }

    /// Those between `endpoints`.
    #[must_use]
    pub fn of(endpoints: &[&Declaration]) -> Self {
        let mut ends = Ends::default();
        endpoints.iter().for_each(|endpoint| ends.add(endpoint));
        let outside: BTreeSet<&str> = endpoints.iter().flat_map(|endpoint| endpoint.calls.values().copied()).collect();
        Self {
            services: endpoints.iter().map(|endpoint| endpoint.name).collect(),
            outside: outside.into_iter().collect(),
            flows: ends.into_flows(),
        }
    }

    /// An AsyncAPI 3.0 document, with the shapes of the messages as the contracts have them.
    #[must_use]
    pub fn to_asyncapi(&self) -> serde_json::Value {
        asyncapi::document(self, &contracts::vocabulary::Vocabulary::complete())
    }

    /// The drawing: an SVG document that needs nothing else, the same for the same flows.
    #[must_use]
    pub fn to_svg(&self) -> String {
        svg::draw(self)
    }
}

/// Senders and receivers by kind and name; a feed's or call's name alone is not unique, so its owner stands beside it.
#[derive(Default)]
struct Ends(BTreeMap<(FlowKind, &'static str, &'static str), [BTreeSet<&'static str>; 2]>);

impl Ends {
    fn add(&mut self, endpoint: &Declaration) {
        let me = endpoint.name;
        let kind = |kind: &Kind| if *kind == Kind::Event { FlowKind::Event } else { FlowKind::Command };
        for (name, emitted) in &endpoint.emits {
            self.between(kind(emitted), name, "")[0].insert(me);
        }
        for (name, handled) in &endpoint.handles {
            self.between(kind(handled), name, "")[1].insert(me);
        }
        for feed in &endpoint.feeds {
            self.between(FlowKind::Feed, feed, me)[0].insert(me);
        }
        for (keeper, feed) in &endpoint.polls {
            self.between(FlowKind::Feed, feed, keeper)[1].insert(me);
        }
        for (name, system) in &endpoint.calls {
            let ends = self.between(FlowKind::Call, name, me);
            ends[0].insert(me);
            ends[1].insert(system);
        }
    }

    fn between(&mut self, kind: FlowKind, name: &'static str, owner: &'static str) -> &mut [BTreeSet<&'static str>; 2] {
        self.0.entry((kind, name, owner)).or_default()
    }

    fn into_flows(self) -> Vec<Flow> {
        let flow = |((kind, name, _), [from, to]): ((FlowKind, &'static str, &'static str), [BTreeSet<&'static str>; 2])| Flow {
            kind,
            name,
            from: from.into_iter().collect(),
            to: to.into_iter().collect(),
        };
        self.0.into_iter().map(flow).collect()
    }
}
