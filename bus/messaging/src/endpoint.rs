//! What users write: an endpoint's name, its handlers, and what it sends. A declaration without any effect; it comes
//! to life when it is bound to a database and a transport.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;

use storage::Migrations;

use crate::calls::{Begin, Call, CallError, CallFailed, ExternalCall, RegisteredCall};
use crate::feed::{Entry, FeedSource, RegisteredFeed, Restart};
use crate::recoverability::Policy;
use crate::saga::{Saga, SagaRoutes};
use crate::{Command, Context, Delivery, Event, FeedEntry, HandlerError, HandlerResult, Message};

pub(crate) type Handler = Arc<dyn Fn(&mut Context<'_>, &Delivery) -> HandlerResult + Send + Sync>;

/// How a message leaves or reaches an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// To the one endpoint of this name.
    Command(&'static str),
    /// To every subscriber.
    Event,
}

/// What an endpoint says of itself: enough to check a whole system before anything runs (rule R37).
#[derive(Debug, Clone)]
pub struct Declaration {
    /// Its name, and that of its queue.
    pub name: &'static str,
    /// Names of the messages it handles.
    pub handles: BTreeMap<&'static str, Kind>,
    /// Names of the messages it sends and publishes.
    pub emits: BTreeMap<&'static str, Kind>,
    /// Its external calls by name, and the system that each asks.
    pub calls: BTreeMap<&'static str, &'static str>,
    /// Names of the feeds that it keeps.
    pub feeds: BTreeSet<&'static str>,
    /// The feeds of other endpoints that it polls: endpoint and name.
    pub polls: BTreeSet<(&'static str, &'static str)>,
    /// Mistakes made while declaring it, such as two handlers for one message.
    pub faults: Vec<String>,
}

/// A command that an endpoint handles, for those who have it as JSON and not as a type.
#[derive(Debug, Clone, Copy)]
pub struct KnownCommand {
    /// Its name on the wire.
    pub name: &'static str,
    /// The endpoint that handles it.
    pub endpoint: &'static str,
    pub(crate) check: fn(&[u8]) -> Result<(), HandlerError>,
    pub(crate) send: fn(&mut Context<'_>, &'static str, &[u8]) -> HandlerResult,
}

impl KnownCommand {
    fn of<M: Message>(endpoint: &'static str) -> Self {
        Self {
            name: M::NAME,
            endpoint,
            check: |body| read::<M>(body, "no version").map(drop),
            send: |ctx, endpoint, body| ctx.send_to(endpoint, &read::<M>(body, "no version")?),
        }
    }
}

/// A logical receiver with a name, a queue and a database.
pub struct Endpoint {
    pub(crate) declaration: Declaration,
    pub(crate) handlers: BTreeMap<&'static str, Handler>,
    pub(crate) calls: BTreeMap<&'static str, RegisteredCall>,
    pub(crate) commands: Vec<KnownCommand>,
    pub(crate) feeds: Vec<RegisteredFeed>,
    pub(crate) migrations: Vec<Migrations>,
    pub(crate) policy: Policy,
}

impl Endpoint {
    /// An endpoint that handles nothing yet. `name` is lower case with hyphens and is its queue's name.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        let declaration = Declaration {
            name,
            handles: BTreeMap::new(),
            emits: BTreeMap::new(),
            calls: BTreeMap::new(),
            feeds: BTreeSet::new(),
            polls: BTreeSet::new(),
            faults: Vec::new(),
        };
        Self {
            declaration,
            handlers: BTreeMap::new(),
            calls: BTreeMap::new(),
            commands: Vec::new(),
            feeds: Vec::new(),
            migrations: vec![crate::MIGRATIONS],
            policy: Policy::default(),
        }
    }

    /// Adds the service's own tables to the endpoint's database.
    #[must_use]
    pub fn migrations(mut self, migrations: Migrations) -> Self {
        self.migrations.push(migrations);
        self
    }

    /// All tables that the endpoint's database needs: the framework's and the service's.
    #[must_use]
    pub fn all_migrations(&self) -> &[Migrations] {
        &self.migrations
    }

    /// Changes how failures are treated.
    #[must_use]
    pub fn recoverability(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// What it says of itself.
    #[must_use]
    pub fn declaration(&self) -> &Declaration {
        &self.declaration
    }

    /// The commands that it handles.
    #[must_use]
    pub fn commands(&self) -> &[KnownCommand] {
        &self.commands
    }

    /// Handles a command.
    #[must_use]
    pub fn handle<C: Command>(self, handler: impl Fn(&mut Context<'_>, C) -> HandlerResult + Send + Sync + 'static) -> Self {
        self.register::<C>(Kind::Command(C::ENDPOINT), handler)
    }

    /// Handles an event; this is also the subscription to it.
    #[must_use]
    pub fn on<E: Event>(self, handler: impl Fn(&mut Context<'_>, E) -> HandlerResult + Send + Sync + 'static) -> Self {
        self.register::<E>(Kind::Event, handler)
    }

    /// Declares that it sends this command.
    #[must_use]
    pub fn sends<C: Command>(mut self) -> Self {
        self.declaration.emits.insert(C::NAME, Kind::Command(C::ENDPOINT));
        self
    }

    /// Declares that it publishes this event.
    #[must_use]
    pub fn publishes<E: Event>(mut self) -> Self {
        self.declaration.emits.insert(E::NAME, Kind::Event);
        self
    }

    /// Lets a saga decide about messages.
    #[must_use]
    pub fn saga<S: Saga>(self, routes: impl FnOnce(SagaRoutes<S>) -> SagaRoutes<S>) -> Self {
        routes(SagaRoutes::new()).register(self)
    }

    /// Registers an external call: `call` leaves the process, with no transaction open and no lock held; `record`
    /// is an ordinary step with its answer (rules R28 to R31).
    #[must_use]
    pub fn call<C, F>(
        mut self,
        call: impl Fn(Call, C) -> F + Send + Sync + 'static,
        record: impl Fn(&mut Context<'_>, C, Result<C::Answer, CallFailed>) -> HandlerResult + Send + Sync + 'static,
    ) -> Self
    where
        C: ExternalCall,
        F: Future<Output = Result<C::Answer, CallError>> + Send + 'static,
    {
        if self.calls.insert(C::NAME, RegisteredCall::new(call, record)).is_some() {
            self.declaration.faults.push(format!("endpoint `{}` registers call `{}` twice", self.declaration.name, C::NAME));
        }
        self.declaration.calls.insert(C::NAME, C::SYSTEM);
        self
    }

    /// Handles a command by one external call: `begin` is an ordinary step that stores what is about to happen, or
    /// decides against it.
    #[must_use]
    pub fn external_call<M, C, F>(
        self,
        begin: impl Fn(&mut Context<'_>, M) -> Result<Begin<C>, HandlerError> + Send + Sync + 'static,
        call: impl Fn(Call, C) -> F + Send + Sync + 'static,
        record: impl Fn(&mut Context<'_>, C, Result<C::Answer, CallFailed>) -> HandlerResult + Send + Sync + 'static,
    ) -> Self
    where
        M: Command,
        C: ExternalCall,
        F: Future<Output = Result<C::Answer, CallError>> + Send + 'static,
    {
        let step = move |ctx: &mut Context<'_>, command: M| match begin(ctx, command)? {
            Begin::Call { key, request } => ctx.call(key, &request),
            Begin::Nothing => Ok(()),
        };
        self.handle::<M>(step).call(call, record)
    }

    /// Declares that it keeps this feed: what [`Context::append`] tells, others may poll (rule R33).
    #[must_use]
    pub fn keeps<F: FeedEntry>(mut self) -> Self {
        let name = self.declaration.name;
        if F::ENDPOINT != name {
            self.declaration.faults.push(format!(
                "endpoint `{name}` keeps feed `{}`, which belongs to endpoint `{}`",
                F::FEED,
                F::ENDPOINT
            ));
        }
        self.declaration.feeds.insert(F::FEED);
        self
    }

    /// Polls a feed of another endpoint. `handler` takes in one entry after the other, each in a step that also moves the
    /// cursor (rule R35); an entry that it refuses stops the reader there, and health says so. `restart` is told when the
    /// reader cannot go on where it was: it forgets what it learnt, or notes that something is missing.
    #[must_use]
    pub fn polls<F: FeedEntry>(
        mut self,
        source: FeedSource,
        handler: impl Fn(&mut Context<'_>, Entry<F>) -> HandlerResult + Send + Sync + 'static,
        restart: impl Fn(&mut Context<'_>, Restart) -> HandlerResult + Send + Sync + 'static,
    ) -> Self {
        if !self.declaration.polls.insert((F::ENDPOINT, F::FEED)) {
            self.declaration.faults.push(format!("endpoint `{}` polls feed `{}` twice", self.declaration.name, F::FEED));
        }
        self.feeds.push(RegisteredFeed::new(source, handler, restart));
        self
    }

    pub(crate) fn register<M: Message>(
        mut self,
        kind: Kind,
        handler: impl Fn(&mut Context<'_>, M) -> HandlerResult + Send + Sync + 'static,
    ) -> Self {
        let name = self.declaration.name;
        if let Kind::Command(endpoint) = kind
            && endpoint != name
        {
            self.declaration.faults.push(format!("endpoint `{name}` handles `{}`, which belongs to endpoint `{endpoint}`", M::NAME));
        }
        let erased: Handler = Arc::new(move |ctx, delivery| handler(ctx, decode(delivery)?));
        if self.handlers.insert(M::NAME, erased).is_some() {
            self.declaration.faults.push(format!("endpoint `{name}` has two handlers for `{}`", M::NAME));
        }
        if let Kind::Command(endpoint) = kind {
            self.commands.push(KnownCommand::of::<M>(endpoint));
        }
        self.declaration.handles.insert(M::NAME, kind);
        self
    }
}

fn decode<M: Message>(delivery: &Delivery) -> Result<M, HandlerError> {
    let schema = delivery.headers.get(crate::envelope::DATA_SCHEMA).map_or("an unnamed version", String::as_str);
    read(&delivery.body, schema)
}

/// The body as a message; `schema` is the version that its sender says it is of.
fn read<M: Message>(body: &[u8], schema: &str) -> Result<M, HandlerError> {
    serde_json::from_slice(body).map_err(|error| {
        HandlerError::permanent(format!("the body is no `{}` of version {} (it says {schema})", M::NAME, M::VERSION)).caused_by(error)
    })
}
