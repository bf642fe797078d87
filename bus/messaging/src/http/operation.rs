//! A change asked for over HTTP: an ordinary step, whose answer is stored under the client's key (rules R12, R32).

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use storage::{SqlClass, SqlError, Tx, WriteError, params};

use super::{OperationKey, Problem};
use crate::envelope::Cause;
use crate::troubles::Part;
use crate::{Context, Service, step};

/// How often an operation is run after a lost race or a commit of unknown outcome.
const TRIES_MAX: u32 = 20;

impl Service {
    /// Carries out a change in one step: what `work` changes and sends is committed together with its answer, or not
    /// at all. Under the same key again the stored answer is given. `work` may run again before it is committed.
    ///
    /// # Errors
    /// What `work` refused; 422 for a key that was used for something else; 503 with `Retry-After` while too much
    /// waits to be sent, while storage is in trouble, or after too many lost races; 503 *outcome unknown* if the commit's
    /// outcome is unknown and there is no key to settle it; 500 for a mistake of ours.
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
            let written = self.inner.db.write(move |tx| run(&service, tx, &key_, &*work_)).await;
            if matches!(written, Ok(_) | Err(WriteError::Refused(_))) {
                self.inner.troubles.clear(Part::Operations);
            }
            match written {
                Ok((answer, ready)) => {
                    self.committed(ready, Vec::new());
                    return Ok(answer);
                }
                Err(WriteError::Refused(problem)) if !problem.is_lost_race() => return Err(problem),
                Err(WriteError::Refused(_)) => {}
                Err(WriteError::NotCommitted(error)) if error.class() == SqlClass::Conflict => {}
                Err(WriteError::NotCommitted(error)) => {
                    self.storage_in_trouble(&error);
                    return Err(if doubt { outcome_unknown() } else { error.into() });
                }
                Err(WriteError::InDoubt(error)) => {
                    self.storage_in_trouble(&error);
                    doubt = true;
                    if key.key.is_none() {
                        break;
                    }
                }
                Err(WriteError::Closed) => return Err(if doubt { outcome_unknown() } else { Problem::stopping() }),
            }
        }
        Err(if doubt { outcome_unknown() } else { Problem::lost_race() })
    }

    fn storage_in_trouble(&self, error: &SqlError) {
        if error.class() == SqlClass::Environment {
            self.inner.troubles.set(Part::Operations, format!("operations cannot be written: {error}"));
        }
    }
}

fn outcome_unknown() -> Problem {
    Problem::unavailable(
        "outcome-unknown",
        1,
        "it is unknown whether the change was made: look before you try again, or send an Idempotency-Key",
    )
}

/// The operation's step: its answer, and how many messages it leaves that are ready to be sent.
fn run<T: Serialize + DeserializeOwned>(
    service: &Service,
    tx: &mut Tx<'_>,
    key: &OperationKey,
    work: &dyn Fn(&mut Context<'_>) -> Result<T, Problem>,
) -> Result<(T, u64), Problem> {
    if let Some(stored) = stored_answer(tx, key)? {
        return Ok((serde_json::from_str(&stored).map_err(|error| Problem::mistake(&error))?, 0));
    }
    let now = service.now();
    let cause = Cause { trace_parent: key.trace_parent.clone(), ..Cause::default() };
    let mut ctx = Context::new(tx.reborrow(), now, cause, &service.inner.steps.surroundings);
    let answer = step::caught(|| work(&mut ctx)).map_err(|panic| Problem::mistake(&panic))??;
    let ready = ctx.left().ready;
    store_answer(tx, key, &answer, now)?;
    Ok((answer, ready))
}

fn stored_answer(tx: &mut Tx<'_>, key: &OperationKey) -> Result<Option<String>, Problem> {
    let Some(client_key) = &key.key else { return Ok(None) };
    let stored = tx.query_optional(
        "SELECT fingerprint, answer FROM operations WHERE scope = $1 AND operation_key = $2",
        params![key.scope, *client_key],
        |row| Ok((row.get::<Vec<u8>>(0)?, row.get::<String>(1)?)),
    )?;
    match stored {
        Some((fingerprint, _)) if fingerprint != key.fingerprint => {
            let detail = format!("the key `{client_key}` was used for another request; use a new key for a new request");
            Err(Problem::unprocessable("idempotency-key-reused", detail))
        }
        stored => Ok(stored.map(|(_, answer)| answer)),
    }
}

fn store_answer(tx: &mut Tx<'_>, key: &OperationKey, answer: &impl Serialize, now: hosting::Timestamp) -> Result<(), Problem> {
    let Some(client_key) = &key.key else { return Ok(()) };
    let text = serde_json::to_string(answer).map_err(|error| Problem::mistake(&error))?;
    let rows = tx.execute(
        "INSERT INTO operations (scope, operation_key, fingerprint, answer, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        params![key.scope, *client_key, key.fingerprint, text, now],
    )?;
    // Stored meanwhile by another request under the same key: the next run finds it.
    if rows == 1 { Ok(()) } else { Err(Problem::lost_race()) }
}
