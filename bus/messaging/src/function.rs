//! A function with a bus trigger: code elsewhere, called over HTTP for each event, in place of a hosted service. Each
//! message becomes an external call under the message's own id, so that what holds for calls (R28 to R31) holds here.

mod answer;
mod cloud_event;
mod signature;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use hosting::HttpError;
use serde::{Deserialize, Serialize};

use crate::calls::GivenUp;
use crate::endpoint::{Handler, KnownCommand};
use crate::recoverability::Policy;
use crate::{Call, CallError, CallFailed, Context, Delivery, Endpoint, ExternalCall, HandlerError, HandlerResult, Headers, Kind, envelope};

pub use signature::{SigningKey, SigningKeyError};

/// Messages of one function that are under way at once.
pub const CALLS_MAX: usize = 16;

/// Code elsewhere that is called for each message of some types.
#[derive(Debug, Clone)]
pub struct Function {
    /// The name of its endpoint, and of its queue.
    pub name: &'static str,
    /// The events that it is called for.
    pub events: Vec<&'static str>,
    /// Where it is called: an absolute `http` or `https` address.
    pub url: http::Uri,
    /// Signs what it is sent.
    pub key: SigningKey,
    /// What it may answer with, to have it sent.
    pub commands: Vec<KnownCommand>,
    /// How long one attempt may take.
    pub timeout: Duration,
}

impl Function {
    /// Its endpoint: as any other, but for its handlers, which are elsewhere. A call that is given up is kept and shown as a
    /// dead letter. [`CALLS_MAX`] is the limit to bind it with.
    #[must_use]
    pub fn endpoint(self) -> Endpoint {
        let mut endpoint = Endpoint::new(self.name);
        for event in &self.events {
            let handler: Handler = Arc::new(begin);
            if endpoint.handlers.insert(event, handler).is_some() {
                endpoint.declaration.faults.push(format!("function `{}` is called twice for `{event}`", self.name));
            }
            endpoint.declaration.handles.insert(event, Kind::Event);
        }
        for command in &self.commands {
            endpoint.declaration.emits.insert(command.name, Kind::Command(command.endpoint));
        }
        let (timeout, function) = (self.timeout, Arc::new(self));
        let call = move |call: Call, post: Post| {
            let function = Arc::clone(&function);
            async move { function.ask(&call, &post).await }
        };
        let mut endpoint = endpoint.call(call, record);
        if let Some(registered) = endpoint.calls.get_mut(Post::NAME) {
            registered.timeout = timeout;
            registered.given_up = GivenUp::Kept;
        }
        endpoint
    }

    async fn ask(&self, call: &Call, post: &Post) -> Result<Vec<Answered>, CallError> {
        let body = post.body().map_err(CallError::Refused)?;
        let now = call.outside.clock.now();
        let request = cloud_event::request(&self.url, &post.headers, body, &self.key, now);
        let request = request.map_err(|error| CallError::Refused(format!("the message cannot be written as a request: {error}")))?;
        // The runner has the same limit: the client's is there to have the connection closed.
        match call.outside.http.send(request, self.timeout).await {
            Ok(response) => answer::judge(&response, &self.commands, now),
            Err(HttpError::NotSent) => Err(CallError::Failed(format!("function `{}` cannot be reached", self.name))),
            Err(HttpError::ReplyLost) => Err(CallError::Unknown(format!("function `{}` did not answer", self.name))),
        }
    }
}

/// A message as it is kept until the function has answered.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Post {
    headers: Headers,
    /// Its body in base64.
    body: String,
}

/// A command that a function answered with.
#[derive(Debug, Clone)]
struct Answered {
    command: KnownCommand,
    data: Vec<u8>,
}

impl ExternalCall for Post {
    const NAME: &'static str = "function";
    type Answer = Vec<Answered>;
    /// The delays of [`Policy::default`] (rule R14).
    const RETRIES: &'static [Duration] = &Policy::DELAYS;
}

impl Post {
    fn body(&self) -> Result<Bytes, String> {
        BASE64.decode(&self.body).map(Bytes::from).map_err(|error| format!("the stored body cannot be read: {error}"))
    }
}

/// One message, one call. Its key is what the inbox knows the message by: its id, where that is a UUID.
fn begin(ctx: &mut Context<'_>, delivery: &Delivery) -> HandlerResult {
    let mut headers = delivery.headers.clone();
    headers.insert(envelope::ID.to_owned(), delivery.id.clone());
    ctx.call(envelope::claim_id(delivery), &Post { headers, body: BASE64.encode(&delivery.body) })
}

fn record(ctx: &mut Context<'_>, _post: Post, answer: Result<Vec<Answered>, CallFailed>) -> HandlerResult {
    let answer = answer.map_err(|failed| HandlerError::permanent(failed.error.to_string()))?;
    answer.iter().try_for_each(|it| (it.command.send)(ctx, it.command.endpoint, &it.data))
}

/// The message that a kept call was to be made for, if that is a function's: headers and body.
pub(crate) fn message_of(call: &str, request: &str) -> Option<(Headers, String)> {
    let post: Post = (call == Post::NAME).then(|| serde_json::from_str(request).ok()).flatten()?;
    let body = post.body().ok()?;
    Some((post.headers, String::from_utf8_lossy(&body).into_owned()))
}
