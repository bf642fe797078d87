//! What a handler may use: its transaction, the time, ids, secrets, and ways to send. Nothing here leaves the process:
//! what is sent is a row that is committed with everything else (rule R5).

use std::fmt::Display;

use hosting::{Outside, Protections, Timestamp};
use storage::Tx;
use uuid::Uuid;

use crate::endpoint::Declaration;
use crate::envelope::{self, Cause};
use crate::outbox::{self, NewRow};
use crate::{Command, Destination, Event, ExternalCall, FeedEntry, HandlerError, HandlerResult, Message, OutgoingMessage, calls, feed};

/// What lies around a step: the same for all steps of an endpoint.
pub(crate) struct Surroundings {
    pub(crate) declaration: Declaration,
    pub(crate) outside: Outside,
    pub(crate) body_bytes_max: usize,
    /// Where messages go at once when the outbox is switched off in a simulation.
    pub(crate) early: std::sync::Mutex<Vec<OutgoingMessage>>,
}

/// What a step leaves to be done once it is committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Left {
    /// Messages that can be sent at once.
    pub(crate) ready: u64,
    /// Whether it asked for calls that can be made at once.
    pub(crate) calls: bool,
}

/// Handed to every handler, for the length of one step.
pub struct Context<'a> {
    tx: Tx<'a>,
    now: Timestamp,
    cause: Cause,
    surroundings: &'a Surroundings,
    sent: Vec<&'static str>,
    left: Left,
}

impl<'a> Context<'a> {
    pub(crate) fn new(tx: Tx<'a>, now: Timestamp, cause: Cause, surroundings: &'a Surroundings) -> Self {
        Self { tx, now, cause, surroundings, sent: Vec::new(), left: Left::default() }
    }

    /// The transaction: what is changed through it is committed together with what is sent, or not at all.
    pub fn tx(&mut self) -> &mut Tx<'a> {
        &mut self.tx
    }

    /// The time: constant within a step, and never before that of an earlier step (rule R19).
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// A fresh id that sorts after earlier ones (UUID v7).
    #[must_use]
    pub fn new_id(&self) -> Uuid {
        self.surroundings.outside.ids.next(self.now)
    }

    /// A fresh id that cannot be guessed (UUID v4, 122 random bits).
    #[must_use]
    pub fn secret(&self) -> Uuid {
        self.surroundings.outside.entropy.secret()
    }

    /// Bytes that cannot be guessed, all of them random.
    #[must_use]
    pub fn random_bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.surroundings.outside.entropy.fill(&mut bytes);
        bytes
    }

    /// The safeguards in force; all, outside a simulation.
    #[must_use]
    pub fn protections(&self) -> &Protections {
        &self.surroundings.outside.protections
    }

    /// The id of the message that is being handled; none in an operation.
    #[must_use]
    pub fn message_id(&self) -> Option<&str> {
        self.cause.causation.as_deref()
    }

    /// What this step has sent and published so far, by name, in order.
    #[must_use]
    pub fn sent(&self) -> &[&'static str] {
        &self.sent
    }

    /// Sends a command to the endpoint that handles it.
    ///
    /// # Errors
    /// Permanent if the endpoint has not declared that it sends it, or if the body is over the transport's maximum.
    pub fn send<C: Command>(&mut self, command: C) -> HandlerResult {
        self.put(&command, Destination::Queue(C::ENDPOINT.to_owned()), self.now, None)
    }

    /// Publishes an event to whoever subscribes to it.
    ///
    /// # Errors
    /// As [`Context::send`].
    pub fn publish<E: Event>(&mut self, event: E) -> HandlerResult {
        self.put(&event, Destination::Topic(E::NAME.to_owned()), self.now, None)
    }

    /// Sends a command at `due`, never earlier. `key` allows [`Context::cancel`]; the same key again replaces it.
    ///
    /// # Errors
    /// As [`Context::send`].
    pub fn send_at<C: Command>(&mut self, due: Timestamp, key: impl Display, command: C) -> HandlerResult {
        let key = due_key::<C>(&key);
        self.put(&command, Destination::Queue(C::ENDPOINT.to_owned()), due.max(self.now), Some(&key))
    }

    /// Takes back a command that was to be sent later. `true`: it is never sent; `false`: there is none, or it fell
    /// due already and may be on its way.
    ///
    /// # Errors
    /// Those of the database.
    pub fn cancel<C: Command>(&mut self, key: impl Display) -> Result<bool, HandlerError> {
        Ok(outbox::cancel(&mut self.tx, &due_key::<C>(&key), self.now)?)
    }

    /// Asks for an external call at once, under `key`: the same on every attempt, and unique among the open calls of
    /// its kind (a second one under the same key is the same call).
    ///
    /// # Errors
    /// Permanent if no such call is registered at the endpoint.
    pub fn call<C: ExternalCall>(&mut self, key: impl Display, request: &C) -> HandlerResult {
        self.call_at(self.now, key, request)
    }

    /// Asks for an external call at `due`.
    ///
    /// # Errors
    /// As [`Context::call`].
    pub fn call_at<C: ExternalCall>(&mut self, due: Timestamp, key: impl Display, request: &C) -> HandlerResult {
        if !self.surroundings.declaration.calls.contains_key(C::NAME) {
            return Err(HandlerError::permanent(format!("call `{}` is not registered at endpoint `{}`", C::NAME, self.endpoint())));
        }
        let request = to_json(request, C::NAME)?;
        self.left.calls |= due <= self.now;
        if self.cause.conversation.is_none() {
            self.cause.conversation = Some(self.new_id().to_string());
        }
        calls::insert(&mut self.tx, C::NAME, &key.to_string(), &request, due, &self.cause)?;
        self.sent.push(C::NAME);
        Ok(())
    }

    /// Tells something through a feed that this endpoint keeps: whoever polls it gets it, in the order of the commits
    /// (rules R33 and R34).
    ///
    /// # Errors
    /// Permanent if the endpoint has not declared that it keeps the feed, or if the entry is over
    /// [`feed::ENTRY_BYTES_MAX`].
    pub fn append<F: FeedEntry>(&mut self, entry: &F) -> HandlerResult {
        if !self.surroundings.declaration.feeds.contains(F::FEED) {
            return Err(HandlerError::permanent(format!(
                "endpoint `{}` has not declared that it keeps feed `{}`",
                self.endpoint(),
                F::FEED
            )));
        }
        let body = to_json(entry, F::FEED)?;
        if body.len() > feed::ENTRY_BYTES_MAX {
            let (bytes, max) = (body.len(), feed::ENTRY_BYTES_MAX);
            return Err(HandlerError::permanent(format!("an entry of feed `{}` has {bytes} bytes; a feed takes {max}", F::FEED)));
        }
        let entropy = &self.surroundings.outside.entropy;
        Ok(feed::append(&mut self.tx, F::FEED, F::VERSION, &body, self.now, || entropy.secret())?)
    }

    /// Sends a command whose type its sender does not know.
    pub(crate) fn send_to<M: Message>(&mut self, endpoint: &'static str, command: &M) -> HandlerResult {
        self.put(command, Destination::Queue(endpoint.to_owned()), self.now, None)
    }

    /// Whether the message that is being handled was sent by this endpoint: a timeout.
    pub(crate) fn is_from_itself(&self) -> bool {
        self.cause.source.as_deref().and_then(|source| source.strip_prefix('/')) == Some(self.endpoint())
    }

    pub(crate) fn left(&self) -> Left {
        self.left
    }

    fn endpoint(&self) -> &'static str {
        self.surroundings.declaration.name
    }

    fn put<M: Message>(&mut self, message: &M, destination: Destination, due: Timestamp, key: Option<&str>) -> HandlerResult {
        let declaration = &self.surroundings.declaration;
        if !declaration.emits.contains_key(M::NAME) {
            return Err(HandlerError::permanent(format!("endpoint `{}` has not declared that it emits `{}`", self.endpoint(), M::NAME)));
        }
        let body = to_json(message, M::NAME)?.into_bytes();
        let max = self.surroundings.body_bytes_max;
        if body.len() > max {
            return Err(HandlerError::permanent(format!("`{}` has a body of {} bytes; the transport takes {max}", M::NAME, body.len())));
        }
        let id = self.new_id();
        // The first message of an operation gives its conversation a name.
        self.cause.conversation.get_or_insert_with(|| id.to_string());
        let headers = envelope::headers(message, id, self.endpoint(), (self.now, due), &self.cause);
        self.sent.push(M::NAME);
        if due <= self.now && !self.protections().has("outbox") {
            let message = OutgoingMessage { destination, id: id.to_string(), headers, body: body.into() };
            self.surroundings.early.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(message);
            return Ok(());
        }
        self.left.ready += u64::from(due <= self.now);
        Ok(outbox::insert(&mut self.tx, &NewRow { id, destination: &destination, headers: &headers, body: &body, due, key }, self.now)?)
    }
}

fn due_key<C: Command>(key: &impl Display) -> String {
    format!("{}/{key}", C::NAME)
}

fn to_json(value: &impl serde::Serialize, name: &str) -> Result<String, HandlerError> {
    serde_json::to_string(value).map_err(|error| HandlerError::permanent(format!("`{name}` cannot be written as JSON")).caused_by(error))
}
