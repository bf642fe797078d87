//! Makes the external calls that are due, a bounded number at once, each outside any transaction (rules R29 to R31).

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use hosting::{BoxFuture, Either, HostedService, ServiceFailure, StopSignal, race};
use storage::{SqlClass, Tx, WriteError};

use crate::calls::{self, Answer, Call, CallError, CallFailed, DueCall, GivenUp, RegisteredCall};
use crate::dispatcher::pause;
use crate::envelope::Cause;
use crate::recoverability::{Decision, Tries, decide};
use crate::troubles::Part;
use crate::{Context, FailureClass, HandlerError, Service, step};

const BACK_OFF: Duration = Duration::from_millis(200);
const LOOK_AT_LEAST: Duration = Duration::from_secs(5);
/// A call whose answer cannot be recorded is made again after this.
const UNRECORDABLE: Duration = Duration::from_secs(600);

pub(crate) struct Caller {
    service: Service,
}

/// One of the calls that may be made at once, until it is dropped, be it by a panic.
struct Slot {
    service: Service,
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.service.inner.under_way.fetch_sub(1, Ordering::AcqRel);
        self.service.inner.call.notify_one();
    }
}

impl Caller {
    pub(crate) fn new(service: Service) -> Self {
        Self { service }
    }

    async fn work(&self, stop: &StopSignal) {
        if self.service.inner.calls.is_empty() {
            return stop.stopped().await;
        }
        let now = self.service.now();
        while write(&self.service, move |tx| Ok(calls::free_leases(tx, now)?)).await.is_err() {
            if pause(&self.service, stop, BACK_OFF).await {
                return;
            }
        }
        // Run again after a panic it goes on counting.
        let _ = self.service.inner.under_way.compare_exchange(usize::MAX, 0, Ordering::AcqRel, Ordering::Acquire);
        while !stop.is_stopped() {
            match self.take().await {
                Some(due) if due.is_empty() => self.wait(stop).await,
                Some(due) => due.into_iter().for_each(|call| self.start(call)),
                None => drop(pause(&self.service, stop, BACK_OFF).await),
            }
        }
        self.end().await;
    }

    /// What is under way is finished and recorded; what was begun and not made is given back (rule R39).
    async fn end(&self) {
        let inner = &self.service.inner;
        let finished = async {
            while inner.under_way.load(Ordering::Acquire) > 0 {
                inner.call.notified().await;
            }
        };
        let _ = race(finished, inner.outside.clock.sleep(Duration::from_millis(inner.settings.stop_ms_max))).await;
        let (begun, now) = (self.take_begun(usize::MAX), self.service.now());
        // If that fails, their leases are freed by the next start, as after a kill.
        if !begun.is_empty() {
            let _ = write(&self.service, move |tx| Ok(calls::give_back(tx, now, &begun)?)).await;
        }
    }

    fn free(&self) -> usize {
        self.service.inner.settings.calls_max.saturating_sub(self.service.inner.under_way.load(Ordering::Acquire))
    }

    fn take_begun(&self, max: usize) -> Vec<DueCall> {
        let mut begun = self.service.inner.begun.lock().unwrap_or_else(PoisonError::into_inner);
        let count = begun.len().min(max);
        begun.drain(..count).collect()
    }

    /// Calls that were begun or are due, as many as may be made now; `None` if the database is in trouble.
    async fn take(&self) -> Option<Vec<DueCall>> {
        let (free, now) = (self.free(), self.service.now());
        let begun = self.take_begun(free);
        // Looking costs no write.
        if !begun.is_empty() || free == 0 || self.service.read(calls::next_due).await.ok()?.is_none_or(|due| due > now) {
            return Some(begun);
        }
        let service = self.service.clone();
        write(&self.service, move |tx| Ok(service.begin_calls(tx, now)?)).await.ok()
    }

    async fn wait(&self, stop: &StopSignal) {
        let next = self.service.read(calls::next_due).await.ok().flatten();
        let until = match next {
            Some(due) if self.free() > 0 => due.since(self.service.now()).min(LOOK_AT_LEAST),
            _ => LOOK_AT_LEAST,
        };
        let sign = race(stop.stopped(), self.service.inner.call.notified());
        let _ = race(sign, self.service.inner.outside.clock.sleep(until)).await;
    }

    /// A task of its own for each call: a slow one holds up no other.
    fn start(&self, due: DueCall) {
        self.service.inner.under_way.fetch_add(1, Ordering::AcqRel);
        let slot = Slot { service: self.service.clone() };
        let name = calls::describe(&due.name, &due.key);
        let task = async move { attempt(&slot.service, &due).await };
        // The lease makes up for a task that dies: the row is due again when it lapses.
        drop(self.service.inner.outside.spawner.spawn(&name, Box::pin(task)));
    }
}

async fn attempt(service: &Service, due: &DueCall) {
    let Some(registered) = service.inner.calls.get(due.name.as_str()).cloned() else {
        tracing::error!(endpoint = service.name(), call = due.name, "a stored call is of a kind that this build does not know; it stays");
        return;
    };
    let running = caught(&registered, due.call(&service.inner.outside), &due.request);
    let limited = race(running, service.inner.outside.clock.sleep(registered.timeout)).await;
    let result = match limited {
        Either::First(result) => result,
        Either::Second(()) => Err(CallError::Unknown(format!("no answer within {} ms", registered.timeout.as_millis()))),
    };
    match result {
        Ok(answer) => {
            watch(service, &registered, None);
            record(service, due, &registered, Ok(answer)).await;
        }
        Err(error) => failed(service, due, &registered, error).await,
    }
}

/// Makes the call. Whether one that panics has taken effect is unknown.
async fn caught(registered: &RegisteredCall, call: Call, request: &str) -> Result<Answer, CallError> {
    let mut running = Box::pin(async move { (registered.run)(call, request).await });
    std::future::poll_fn(|context| match step::caught(|| running.as_mut().poll(context)) {
        Ok(polled) => polled,
        Err(panic) => std::task::Poll::Ready(Err(CallError::Unknown(panic.to_string()))),
    })
    .await
}

async fn failed(service: &Service, due: &DueCall, registered: &RegisteredCall, error: CallError) {
    let any_unknown = due.unknown || matches!(error, CallError::Unknown(_));
    watch(service, registered, Some(&error));
    if let Some(delay) = registered.again_after(due.attempt, &error) {
        tracing::warn!(endpoint = service.name(), call = due.name, key = due.key, %error, "call failed; it is made again");
        return put_off(service, due, delay, any_unknown).await;
    }
    match registered.given_up {
        GivenUp::Recorded => {
            let failed = CallFailed { error, attempts: due.attempt, any_unknown };
            record(service, due, registered, Err(failed)).await;
        }
        GivenUp::Kept => keep(service, due, &error.to_string()).await,
    }
}

/// Tells health whether the outside can be reached, where nobody else looks after a call.
fn watch(service: &Service, registered: &RegisteredCall, error: Option<&CallError>) {
    match error {
        _ if registered.given_up == GivenUp::Recorded => {}
        None | Some(CallError::Refused(_)) => service.inner.troubles.clear(Part::Outside),
        Some(error) => service.inner.troubles.set(Part::Outside, format!("calls fail and are made again: {error}")),
    }
}

/// A call given up becomes a dead letter.
async fn keep(service: &Service, due: &DueCall, error: &str) {
    let (name, key, endpoint) = (&due.name, &due.key, service.name());
    tracing::error!(endpoint, call = name, key, error, "call given up: it is a dead letter now");
    let (row, now, failure) = (due.row, service.now(), format!("given up at attempt {}: {error}", due.attempt));
    // If that fails, the row is due again when the lease lapses.
    let _ = write(service, move |tx| Ok(calls::keep(tx, row, now, &failure)?)).await;
}

/// The step that records, tried again as any other. Trouble of ours is waited out for as long as the lease holds; after that
/// the row is due again.
async fn record(service: &Service, due: &DueCall, registered: &RegisteredCall, result: Result<Answer, CallFailed>) {
    let (clock, policy) = (&service.inner.outside.clock, &service.inner.steps.policy);
    let (until, mut tries) = (clock.monotonic() + calls::LEASE_BEYOND, Tries::default());
    loop {
        let error = match write(service, record_step(service, due, registered, &result)).await {
            Ok((ready, begun)) => return service.committed(ready, begun),
            Err(error) => error,
        };
        if error.class() == FailureClass::Environment {
            if clock.monotonic() >= until {
                return;
            }
            clock.sleep(BACK_OFF).await;
        } else if decide(policy, error.class(), tries) == Decision::RetryNow {
            tries = tries.and(policy, error.class());
        } else if registered.given_up == GivenUp::Kept {
            return keep(service, due, &format!("its answer cannot be recorded: {}", error.chain())).await;
        } else {
            // The row is still there, with its answer unrecorded: the call is made again under the same key.
            let (name, key, error) = (&due.name, &due.key, error.chain());
            tracing::error!(endpoint = service.name(), call = name, key, error, "an answer cannot be recorded; the call is made again");
            return put_off(service, due, UNRECORDABLE, true).await;
        }
    }
}

/// On the condition that the row is still there (rule R30). Answers how many messages it leaves that are ready to be sent, and
/// the calls that it has begun.
fn record_step(
    service: &Service,
    due: &DueCall,
    registered: &RegisteredCall,
    result: &Result<Answer, CallFailed>,
) -> impl Fn(&mut Tx<'_>) -> Result<(u64, Vec<DueCall>), HandlerError> + Send + use<> {
    let (service, row, cause, request) = (service.clone(), due.row, Cause::from_text(&due.cause), due.request.clone());
    let (record, result) = (Arc::clone(&registered.record), result.clone());
    move |tx| {
        if !calls::finish(tx, row)? {
            return Ok((0, Vec::new()));
        }
        let now = service.now();
        let mut ctx = Context::new(tx.reborrow(), now, cause.clone(), &service.inner.steps.surroundings);
        step::caught(|| record(&mut ctx, &request, result.clone()))??;
        let left = ctx.left();
        Ok((left.ready, if left.calls { service.begin_calls(tx, now)? } else { Vec::new() }))
    }
}

async fn put_off(service: &Service, due: &DueCall, delay: Duration, unknown: bool) {
    let (row, again) = (due.row, service.now().plus(delay));
    // If that fails, the row is due again when the lease lapses.
    if write(service, move |tx| Ok(calls::put_off(tx, row, again, unknown)?)).await.is_ok() {
        service.inner.call.notify_one();
    }
}

/// Writes, and tells health of trouble of ours: that is [`FailureClass::Environment`]; anything else is `work`'s fault.
async fn write<T: Send + 'static>(
    service: &Service,
    work: impl Fn(&mut Tx<'_>) -> Result<T, HandlerError> + Send + 'static,
) -> Result<T, HandlerError> {
    let trouble = match service.inner.db.write(work).await {
        Ok(value) => {
            service.inner.troubles.clear(Part::Calls);
            return Ok(value);
        }
        Err(WriteError::Refused(error)) => return Err(error),
        Err(WriteError::NotCommitted(error)) if matches!(error.class(), SqlClass::Constraint(_) | SqlClass::Other) => {
            return Err(error.into());
        }
        Err(WriteError::NotCommitted(error) | WriteError::InDoubt(error)) => error.to_string(),
        Err(WriteError::Closed) => "it is closed".to_owned(),
    };
    service.inner.troubles.set(Part::Calls, format!("calls cannot be begun or recorded: {trouble}"));
    Err(HandlerError::environment(trouble))
}

impl HostedService for Caller {
    fn name(&self) -> String {
        format!("{}.caller", self.service.name())
    }

    fn run(&self, stop: StopSignal) -> BoxFuture<'_, Result<(), ServiceFailure>> {
        Box::pin(async move {
            self.work(&stop).await;
            Ok(())
        })
    }
}
