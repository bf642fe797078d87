//! One message as one step: claimed, handled and its outcome decided in one savepoint. Synchronous and the same for the
//! receive loop, `TestEndpoint` and the simulation (rules R1 to R5, R14, R15, R20).

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use hosting::Timestamp;
use storage::{SqlError, Tx};

use crate::context::{Left, Surroundings};
use crate::endpoint::Handler;
use crate::envelope::{self, Cause};
use crate::outbox::{self, NewRow};
use crate::recoverability::{Decision, Policy, Tries, decide, jitter};
use crate::{Context, Delivery, Destination, FailureClass, HandlerError, Headers, inbox};

/// An endpoint, bound to what its steps need.
pub(crate) struct Steps {
    pub(crate) surroundings: Surroundings,
    pub(crate) handlers: BTreeMap<&'static str, Handler>,
    pub(crate) policy: Policy,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Handled now.
    Handled(Left),
    /// Handled, or put off, before.
    Duplicate,
    /// Too old to be handled.
    Expired,
    /// Comes again later, as a row of the outbox.
    PutOff { error: String },
    /// Goes to the dead letters.
    DeadLetter(Epitaph),
    /// Again at the end of this batch.
    Again { tries: Tries },
}

impl Outcome {
    pub(crate) fn left(&self) -> Left {
        match self {
            Self::Handled(left) => *left,
            _ => Left::default(),
        }
    }
}

/// What a dead letter says of its end (rule R17).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Epitaph {
    pub(crate) reason: &'static str,
    pub(crate) description: String,
    pub(crate) tries: Tries,
}

impl Epitaph {
    /// What the dead letter of `delivery` is given beside its own headers.
    pub(crate) fn headers(&self, endpoint: &str, now: Timestamp, delivery: &Delivery) -> Headers {
        let attempts = envelope::earlier_attempts(&delivery.headers).saturating_add(self.tries.failed.max(1));
        Headers::from([
            ("deadletterendpoint".to_owned(), endpoint.to_owned()),
            (envelope::DEAD_ATTEMPTS.to_owned(), attempts.to_string()),
            ("deadletterrounds".to_owned(), self.tries.round.to_string()),
            (envelope::DEAD_SINCE.to_owned(), now.to_string()),
        ])
    }
}

impl Steps {
    pub(crate) fn name(&self) -> &'static str {
        self.surroundings.declaration.name
    }

    /// Handles one delivery. An error is trouble of ours: the caller rolls everything back and tries again later (R6).
    pub(crate) fn step(&self, tx: &mut Tx<'_>, now: Timestamp, delivery: &Delivery, tries: Tries) -> Result<Outcome, SqlError> {
        if envelope::is_expired(&delivery.headers, now) {
            return Ok(Outcome::Expired);
        }
        let round = envelope::round(&delivery.headers);
        let tries = Tries { round, ..tries };
        let kind = delivery.headers.get(envelope::TYPE).map_or("", String::as_str);
        let Some(handler) = self.handlers.get(kind) else {
            return Ok(Outcome::DeadLetter(self.unknown(kind, delivery, tries)));
        };
        let attempt = tx.savepoint(|tx| self.attempt(tx, now, delivery, round, handler))?;
        match attempt {
            Ok(outcome) => Ok(outcome),
            Err(error) => self.recover(tx, now, delivery, tries, &error),
        }
    }

    /// Claim and handler: handled, or a duplicate. A panic is an error like any other (rule R4).
    fn attempt(
        &self,
        tx: &mut Tx<'_>,
        now: Timestamp,
        delivery: &Delivery,
        round: u32,
        handler: &Handler,
    ) -> Result<Outcome, HandlerError> {
        let claimed = inbox::claim(tx, self.name(), envelope::claim_id(delivery), round, now)?;
        if !claimed && self.surroundings.outside.protections.has("inbox") {
            return Ok(Outcome::Duplicate);
        }
        let cause = Cause::of(&delivery.headers, &delivery.id);
        let mut ctx = Context::new(tx.reborrow(), now, cause, &self.surroundings);
        caught(|| handler(&mut ctx, delivery))??;
        match ctx.tx().environment_error() {
            Some(_) => Err(HandlerError::transient("the database is in trouble")),
            None => Ok(Outcome::Handled(ctx.left())),
        }
    }

    /// What becomes of a delivery whose step was undone.
    pub(crate) fn recover(
        &self,
        tx: &mut Tx<'_>,
        now: Timestamp,
        delivery: &Delivery,
        tries: Tries,
        error: &HandlerError,
    ) -> Result<Outcome, SqlError> {
        let before = Tries { round: envelope::round(&delivery.headers), ..tries };
        let tries = before.and(&self.policy, error.class());
        match decide(&self.policy, error.class(), before) {
            Decision::RetryNow => Ok(Outcome::Again { tries }),
            Decision::DeadLetter => {
                let reason = if error.class() == FailureClass::Permanent { "PermanentFailure" } else { "RetriesExhausted" };
                Ok(Outcome::DeadLetter(Epitaph { reason, description: error.chain(), tries }))
            }
            Decision::RetryAfter(delay) => {
                let spread = jitter(delay, self.surroundings.outside.entropy.below(u64::MAX));
                // What a handler asked to wait for is not there earlier.
                let asked = matches!(error.class(), FailureClass::RetryAfter(_));
                let delay = if asked { spread.max(delay) } else { spread };
                self.put_off(tx, now, now.plus(delay), delivery, tries)?;
                Ok(Outcome::PutOff { error: error.chain() })
            }
        }
    }

    /// The same message with the next round, as a due row; recorded, so that a crash before the settlement forks
    /// nothing (rule R15).
    fn put_off(&self, tx: &mut Tx<'_>, now: Timestamp, due: Timestamp, delivery: &Delivery, tries: Tries) -> Result<(), SqlError> {
        let id = envelope::claim_id(delivery);
        if !inbox::put_off(tx, self.name(), id, tries.round, now)? {
            return Ok(());
        }
        let mut headers = delivery.headers.clone();
        let attempts = envelope::earlier_attempts(&headers).saturating_add(tries.failed);
        headers.insert(envelope::RETRY_ROUND.to_owned(), (tries.round + 1).to_string());
        headers.insert(envelope::RETRY_ATTEMPTS.to_owned(), attempts.to_string());
        headers.insert(envelope::ID.to_owned(), delivery.id.clone());
        let destination = Destination::Queue(self.name().to_owned());
        outbox::insert(tx, &NewRow { id, destination: &destination, headers: &headers, body: &delivery.body, due, key: None }, now)
    }

    fn unknown(&self, kind: &str, delivery: &Delivery, tries: Tries) -> Epitaph {
        let version = delivery.headers.get(envelope::DATA_SCHEMA).map_or("no version", String::as_str);
        let known: Vec<&str> = self.handlers.keys().copied().collect();
        let description = format!("endpoint `{}` has no handler for `{kind}` ({version}); it knows {}", self.name(), known.join(", "));
        Epitaph { reason: "UnknownType", description, tries }
    }
}

/// Runs `work` and makes a panic an error that keeps its text. Any other payload than a text is no handler's panic
/// (a simulated crash) and goes on.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, HandlerError> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|payload| {
        let text = payload.downcast_ref::<&'static str>().map(|text| (*text).to_owned());
        match text.or_else(|| payload.downcast_ref::<String>().cloned()) {
            Some(text) => HandlerError::transient(format!("the handler panicked: {text}")),
            None => std::panic::resume_unwind(payload),
        }
    })
}
