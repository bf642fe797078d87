//! A change asked for over HTTP: an ordinary step, whose answer is stored under the client's key (rules R12, R32).

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use storage::{SqlError, Tx, WriteError, params};

use super::{OperationKey, Problem};
use crate::envelope::Cause;
use crate::{Context, FailureClass, HandlerError, Service, step};

/// How often an operation is run again after a lost race or a commit of unknown outcome.
const TRIES_MAX: u32 = 20;

/// Why an operation was undone.
enum Undone {
    Refused(Problem),
    Failed(HandlerError),
}

impl From<SqlError> for Undone {
    fn from(error: SqlError) -> Self {
        Self::Failed(error.into())
    }
}

impl Service {
    /// Carries out a change in one step: what `work` changes and sends is committed together with its answer, or not
    /// at all. Under the same key again the stored answer is given. `work` may run again before it is committed.
    ///
    /// # Errors
    /// What `work` refused; 422 for a key that was used for something else; 503 with `Retry-After` while too much
    /// waits to be sent, or while storage is in trouble; 503 *outcome unknown* if the commit's outcome is unknown and
    /// there is no key to settle it.
    pub async fn operation<T>(
        &self,
        key: OperationKey,
        work: impl Fn(&mut Context<'_>) -> Result<T, Problem> + Send + Sync + 'static,
    ) -> Result<T, Problem>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
    {
        if self.backlog() > self.inner.settings.backlog_max {
            return Err(Problem::unavailable("too-much-waiting", 2, "too many messages wait to be sent; try again"));
        }
        let (key, work) = (Arc::new(key), Arc::new(work));
        let mut doubt = false;
        for _ in 0..TRIES_MAX {
            let (service, key_, work_) = (self.clone(), Arc::clone(&key), Arc::clone(&work));
            let written = self.write(move |tx| run(&service, tx, &key_, &*work_)).await;
            match written {
                Ok(answer) => return Ok(answer),
                Err(WriteError::Refused(Undone::Refused(problem))) => return Err(problem),
                Err(WriteError::Refused(Undone::Failed(error))) if error.class() == FailureClass::Conflict => {}
                Err(WriteError::Refused(Undone::Failed(error))) => return Err(error.into()),
                Err(WriteError::NotCommitted(error)) if !doubt => return Err(error.into()),
                Err(WriteError::InDoubt(_)) if key.key.is_some() => doubt = true,
                Err(WriteError::InDoubt(_) | WriteError::NotCommitted(_)) => return Err(outcome_unknown()),
                Err(WriteError::Closed) => return Err(Problem::unavailable("stopping", 1, "the service is stopping; try again")),
            }
        }
        Err(Problem::unavailable("try-again", 1, "others change the same thing all the time; try again"))
    }
}

fn outcome_unknown() -> Problem {
    Problem::unavailable(
        "outcome-unknown",
        1,
        "it is unknown whether the change was made: look before you try again, or send an Idempotency-Key",
    )
}

fn run<T: Serialize + DeserializeOwned>(
    service: &Service,
    tx: &mut Tx<'_>,
    key: &OperationKey,
    work: &dyn Fn(&mut Context<'_>) -> Result<T, Problem>,
) -> Result<T, Undone> {
    if let Some(stored) = stored_answer(tx, key)? {
        return serde_json::from_str(&stored)
            .map_err(|error| Undone::Failed(HandlerError::permanent("a stored answer cannot be read").caused_by(error)));
    }
    let now = service.now();
    let answer = {
        let mut ctx = Context::new(tx.reborrow(), now, Cause::default(), &service.inner.steps.surroundings);
        let mut refused = None;
        let answer = step::caught(|| match work(&mut ctx) {
            Ok(answer) => Ok(Some(answer)),
            Err(problem) => {
                refused = Some(problem);
                Ok(None)
            }
        });
        match (answer, refused) {
            (Ok(Some(answer)), _) => {
                ctx.kept();
                answer
            }
            (Ok(None), Some(problem)) => return Err(Undone::Refused(problem)),
            (Ok(None), None) => return Err(Undone::Failed(HandlerError::permanent("an operation gave no answer"))),
            (Err(error), _) => return Err(Undone::Failed(HandlerError::permanent(error.to_string()))),
        }
    };
    store_answer(tx, key, &answer, now)?;
    Ok(answer)
}

fn stored_answer(tx: &mut Tx<'_>, key: &OperationKey) -> Result<Option<String>, Undone> {
    let Some(client_key) = &key.key else { return Ok(None) };
    let stored = tx.query_optional(
        "SELECT fingerprint, answer FROM operations WHERE scope = $1 AND operation_key = $2",
        params![key.scope, *client_key],
        |row| Ok((row.get::<Vec<u8>>(0)?, row.get::<String>(1)?)),
    )?;
    match stored {
        Some((fingerprint, _)) if fingerprint != key.fingerprint => {
            let detail = format!("the key `{client_key}` was used for another request; use a new key for a new request");
            Err(Undone::Refused(Problem::unprocessable("idempotency-key-reused", detail)))
        }
        stored => Ok(stored.map(|(_, answer)| answer)),
    }
}

fn store_answer(tx: &mut Tx<'_>, key: &OperationKey, answer: &impl Serialize, now: hosting::Timestamp) -> Result<(), Undone> {
    let Some(client_key) = &key.key else { return Ok(()) };
    let text = serde_json::to_string(answer)
        .map_err(|error| Undone::Failed(HandlerError::permanent("an answer cannot be written as JSON").caused_by(error)))?;
    tx.execute(
        "INSERT INTO operations (scope, operation_key, fingerprint, answer, at) VALUES ($1, $2, $3, $4, $5)",
        params![key.scope, *client_key, key.fingerprint, text, now],
    )?;
    Ok(())
}
