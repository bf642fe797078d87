//! Sagas: a domain type that decides about the messages of one key, one after the other. Decisions are pure: they see
//! the instance, the message and [`Decide`], never the transaction (rules R23 to R27).

use std::fmt::Display;
use std::marker::PhantomData;

use hosting::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use storage::{SqlError, Tx, params};

use crate::endpoint::Kind;
use crate::{Command, Context, Endpoint, Event, HandlerError, HandlerResult, Message};

/// A long-running decision with one instance a key. By default an instance is one JSON row; a type with tables of its
/// own overrides `load` and `save`.
pub trait Saga: Serialize + DeserializeOwned + Send + Sync + Sized + 'static {
    /// Names an instance.
    type Key: Display;
    /// Names the type in its table; never changed.
    const NAME: &'static str;

    /// Reads an instance.
    ///
    /// # Errors
    /// Those of the database; permanent if the stored instance cannot be read.
    fn load(tx: &mut Tx<'_>, key: &Self::Key) -> Result<Option<Loaded<Self>>, HandlerError> {
        load_json(tx, Self::NAME, &key.to_string())
    }

    /// Writes an instance, on the condition that the stored one still has the version that was loaded.
    ///
    /// # Errors
    /// Those of the database; a conflict if another writer was faster.
    fn save(&self, tx: &mut Tx<'_>, key: &Self::Key, saved: &Saved<'_>) -> Result<(), HandlerError> {
        save_json(self, tx, Self::NAME, &key.to_string(), saved)
    }
}

/// An instance as it was stored.
#[derive(Debug)]
pub struct Loaded<S> {
    /// The instance.
    pub saga: S,
    /// Grows by one with each save; at least 1.
    pub version: i64,
    /// It has come to its end (rule R26).
    pub completed: bool,
}

/// What is to be known about a save.
#[derive(Debug)]
pub struct Saved<'s> {
    /// The version that was loaded; 0 for a new instance.
    pub loaded_version: i64,
    /// The instance has come to its end.
    pub completed: bool,
    /// The time of the step.
    pub now: Timestamp,
    /// What was decided about: a message's or an operation's name.
    pub input: &'s str,
    /// The message's id, where it was one.
    pub message_id: Option<&'s str>,
    /// Names of the messages that were sent by this decision, in order.
    pub sent: &'s [&'static str],
}

/// What becomes of a message that finds no instance (rule R25). There is no default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// Nothing: it is late or meant for nobody.
    Ignore,
    /// It came too early: later again.
    Retry,
    /// It is a mistake.
    DeadLetter,
}

type Effect = Box<dyn FnOnce(&mut Context<'_>) -> HandlerResult>;

/// What a decision may do: send, publish, set and cancel timeouts, complete. It has no transaction.
pub struct Decide {
    now: Timestamp,
    effects: Vec<Effect>,
    completed: bool,
}

impl Decide {
    fn new(now: Timestamp) -> Self {
        Self { now, effects: Vec::new(), completed: false }
    }

    /// The time of the step.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Sends a command.
    pub fn send<C: Command>(&mut self, command: C) {
        self.effects.push(Box::new(move |ctx| ctx.send(command)));
    }

    /// Publishes an event.
    pub fn publish<E: Event>(&mut self, event: E) {
        self.effects.push(Box::new(move |ctx| ctx.publish(event)));
    }

    /// Sets a timeout; the same key and type again replaces it.
    pub fn send_at<C: Command>(&mut self, due: Timestamp, key: impl Display, command: C) {
        let key = key.to_string();
        self.effects.push(Box::new(move |ctx| ctx.send_at(due, key, command)));
    }

    /// Cancels a timeout, if it is not due yet.
    pub fn cancel<C: Command>(&mut self, key: impl Display) {
        let key = key.to_string();
        self.effects.push(Box::new(move |ctx| ctx.cancel::<C>(key).map(drop)));
    }

    /// The instance has come to its end: late timeouts are ignored, a starting message starts it anew.
    pub fn complete(&mut self) {
        self.completed = true;
    }
}

/// Loads the instance of `key`, lets `decide` decide, and saves it. `Ok(None)`: there is no such instance, or it is
/// completed. For operations, which decide about the same instances as messages do.
///
/// # Errors
/// What the decision answered, and those of loading and saving.
pub fn decide_about<S: Saga, R>(
    ctx: &mut Context<'_>,
    key: &S::Key,
    input: &str,
    decide: impl FnOnce(&mut S, &mut Decide) -> Result<R, HandlerError>,
) -> Result<Option<R>, HandlerError> {
    match S::load(ctx.tx(), key)? {
        Some(loaded) if !loaded.completed => decide_loaded(ctx, key, loaded, input, decide).map(Some),
        _ => Ok(None),
    }
}

fn decide_loaded<S: Saga, R>(
    ctx: &mut Context<'_>,
    key: &S::Key,
    loaded: Loaded<S>,
    input: &str,
    decide: impl FnOnce(&mut S, &mut Decide) -> Result<R, HandlerError>,
) -> Result<R, HandlerError> {
    let mut saga = loaded.saga;
    let mut decision = Decide::new(ctx.now());
    let answer = decide(&mut saga, &mut decision)?;
    carry_out(ctx, &saga, key, loaded.version, input, decision)?;
    Ok(answer)
}

fn carry_out<S: Saga>(ctx: &mut Context<'_>, saga: &S, key: &S::Key, loaded_version: i64, input: &str, decision: Decide) -> HandlerResult {
    let before = ctx.sent().len();
    for effect in decision.effects {
        effect(ctx)?;
    }
    let sent = ctx.sent()[before..].to_vec();
    let message_id = ctx.message_id().map(str::to_owned);
    let now = ctx.now();
    let saved = Saved { loaded_version, completed: decision.completed, now, input, message_id: message_id.as_deref(), sent: &sent };
    saga.save(ctx.tx(), key, &saved)
}

type Register = Box<dyn FnOnce(Endpoint) -> Endpoint>;

/// Which messages a saga decides about.
pub struct SagaRoutes<S> {
    registrations: Vec<Register>,
    saga: PhantomData<S>,
}

impl<S: Saga> SagaRoutes<S> {
    pub(crate) fn new() -> Self {
        Self { registrations: Vec::new(), saga: PhantomData }
    }

    pub(crate) fn register(self, endpoint: Endpoint) -> Endpoint {
        self.registrations.into_iter().fold(endpoint, |endpoint, register| register(endpoint))
    }

    /// A command that starts an instance. What it must know beside its message is read by `know` in the same
    /// savepoint. One that meets an instance goes to `again`, as an input of that state (rule R23).
    #[must_use]
    pub fn starts_knowing<C: Command, K>(
        mut self,
        key: impl Fn(&C) -> S::Key + Send + Sync + 'static,
        know: impl Fn(&mut Tx<'_>, &C) -> Result<K, SqlError> + Send + Sync + 'static,
        start: impl Fn(C, K, &mut Decide) -> Result<S, HandlerError> + Send + Sync + 'static,
        again: impl Fn(&mut S, C, &mut Decide) -> HandlerResult + Send + Sync + 'static,
    ) -> Self {
        let handler = move |ctx: &mut Context<'_>, message: C| {
            let key = key(&message);
            let (mut decision, stored) = (Decide::new(ctx.now()), S::load(ctx.tx(), &key)?);
            let (saga, version) = match stored {
                Some(mut loaded) if !loaded.completed => {
                    again(&mut loaded.saga, message, &mut decision)?;
                    (loaded.saga, loaded.version)
                }
                other => {
                    let known = know(ctx.tx(), &message)?;
                    (start(message, known, &mut decision)?, other.map_or(0, |loaded| loaded.version))
                }
            };
            carry_out(ctx, &saga, &key, version, C::NAME, decision)
        };
        self.registrations.push(Box::new(move |endpoint| endpoint.register::<C>(Kind::Command(C::ENDPOINT), handler)));
        self
    }

    /// A command that starts an instance and needs to know nothing else; one that meets an instance goes to `again`.
    #[must_use]
    pub fn starts<C: Command>(
        self,
        key: impl Fn(&C) -> S::Key + Send + Sync + 'static,
        start: impl Fn(C, &mut Decide) -> Result<S, HandlerError> + Send + Sync + 'static,
        again: impl Fn(&mut S, C, &mut Decide) -> HandlerResult + Send + Sync + 'static,
    ) -> Self {
        self.starts_knowing(key, |_, _| Ok(()), move |message, (), decide| start(message, decide), again)
    }

    /// An event that the instance decides about.
    #[must_use]
    pub fn on<E: Event>(
        mut self,
        key: impl Fn(&E) -> S::Key + Send + Sync + 'static,
        decide: impl Fn(&mut S, E, &mut Decide) -> HandlerResult + Send + Sync + 'static,
        missing: Missing,
    ) -> Self {
        let handler = continue_with(key, decide, missing, Late::AsMissing);
        self.registrations.push(Box::new(move |endpoint| endpoint.register::<E>(Kind::Event, handler)));
        self
    }

    /// A command that the instance decides about; a timeout is one to oneself.
    #[must_use]
    pub fn handle<C: Command>(
        mut self,
        key: impl Fn(&C) -> S::Key + Send + Sync + 'static,
        decide: impl Fn(&mut S, C, &mut Decide) -> HandlerResult + Send + Sync + 'static,
        missing: Missing,
    ) -> Self {
        let handler = continue_with(key, decide, missing, Late::Timeout);
        self.registrations.push(Box::new(move |endpoint| endpoint.register::<C>(Kind::Command(C::ENDPOINT), handler)));
        self
    }
}

/// What a message to a completed instance is (rule R26).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Late {
    /// If the endpoint sent it to itself, a timeout that came too late: ignored.
    Timeout,
    /// As one that finds no instance.
    AsMissing,
}

fn continue_with<S: Saga, M: Message>(
    key: impl Fn(&M) -> S::Key + Send + Sync + 'static,
    decide: impl Fn(&mut S, M, &mut Decide) -> HandlerResult + Send + Sync + 'static,
    missing: Missing,
    late: Late,
) -> impl Fn(&mut Context<'_>, M) -> HandlerResult + Send + Sync + 'static {
    move |ctx, message| {
        let key = key(&message);
        let gone = match S::load(ctx.tx(), &key)? {
            Some(loaded) if !loaded.completed => {
                return decide_loaded(ctx, &key, loaded, M::NAME, |saga, decision| decide(saga, message, decision));
            }
            Some(_) if late == Late::Timeout && ctx.is_from_itself() => return Ok(()),
            Some(_) => "is completed",
            None => "is not known",
        };
        match missing {
            Missing::Ignore => Ok(()),
            Missing::Retry => Err(HandlerError::transient(format!("{} `{key}` {gone}", S::NAME))),
            Missing::DeadLetter => Err(HandlerError::permanent(format!("{} `{key}` {gone}", S::NAME))),
        }
    }
}

fn load_json<S: DeserializeOwned>(tx: &mut Tx<'_>, saga: &str, key: &str) -> Result<Option<Loaded<S>>, HandlerError> {
    let stored =
        tx.query_optional("SELECT version, completed, body FROM sagas WHERE saga = $1 AND saga_key = $2", params![saga, key], |row| {
            Ok((row.get::<i64>(0)?, row.get::<bool>(1)?, row.get::<String>(2)?))
        })?;
    let Some((version, completed, body)) = stored else { return Ok(None) };
    let instance = serde_json::from_str(&body)
        .map_err(|error| HandlerError::permanent(format!("the stored {saga} `{key}` cannot be read")).caused_by(error))?;
    Ok(Some(Loaded { saga: instance, version, completed }))
}

fn save_json<S: Serialize>(instance: &S, tx: &mut Tx<'_>, saga: &str, key: &str, saved: &Saved<'_>) -> Result<(), HandlerError> {
    let body = serde_json::to_string(instance)
        .map_err(|error| HandlerError::permanent(format!("{saga} `{key}` cannot be written as JSON")).caused_by(error))?;
    let rows = tx.execute(
        "INSERT INTO sagas (saga, saga_key, version, completed, body) VALUES ($1, $2, $3 + 1, $4, $5)
         ON CONFLICT (saga, saga_key) DO UPDATE SET version = $3 + 1, completed = $4, body = $5 WHERE sagas.version = $3",
        params![saga, key, saved.loaded_version, saved.completed, body],
    )?;
    if rows == 1 { Ok(()) } else { Err(HandlerError::conflict(format!("{saga} `{key}` was changed meanwhile"))) }
}
