//! Makes the external calls that are due, a bounded number at once, each outside any transaction (rules R29 to R31).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hosting::{BoxFuture, Either, HostedService, ServiceFailure, StopSignal, race};
use storage::WriteError;

use crate::calls::{self, Answer, CallError, CallFailed, DueCall, RegisteredCall};
use crate::dispatcher::pause;
use crate::envelope::Cause;
use crate::{Context, FailureClass, Service, step};

const BACK_OFF: Duration = Duration::from_millis(200);
const LOOK_AT_LEAST: Duration = Duration::from_secs(5);
/// How much longer than its time limit an attempt is leased, so that its answer can still be recorded.
const LEASE_BEYOND: Duration = Duration::from_secs(30);

pub(crate) struct Caller {
    service: Service,
    under_way: Arc<AtomicUsize>,
}

impl Caller {
    pub(crate) fn new(service: Service) -> Self {
        Self { service, under_way: Arc::default() }
    }

    async fn work(&self, stop: &StopSignal) {
        if self.service.inner.calls.is_empty() {
            return stop.stopped().await;
        }
        let now = self.service.now();
        while self.service.inner.db.write(move |tx| calls::free_leases(tx, now)).await.is_err() {
            if pause(&self.service, stop, BACK_OFF).await {
                return;
            }
        }
        while !stop.is_stopped() {
            match self.take().await {
                Ok(due) if due.is_empty() => self.wait(stop).await,
                Ok(due) => due.into_iter().for_each(|call| self.start(call)),
                Err(()) => {
                    pause(&self.service, stop, BACK_OFF).await;
                }
            }
        }
    }

    async fn take(&self) -> Result<Vec<DueCall>, ()> {
        let free = self.service.inner.settings.calls_max.saturating_sub(self.under_way.load(Ordering::Acquire));
        let now = self.service.now();
        if free == 0 || !self.is_any_due(now).await? {
            return Ok(Vec::new());
        }
        let longest = self.service.inner.calls.values().map(|call| call.timeout).max().unwrap_or_default();
        let lease = now.plus(longest + LEASE_BEYOND);
        self.service.inner.db.write(move |tx| calls::take(tx, now, lease, free)).await.map_err(drop)
    }

    async fn is_any_due(&self, now: hosting::Timestamp) -> Result<bool, ()> {
        let next = self.service.read(calls::next_due).await.map_err(drop)?;
        Ok(next.is_some_and(|due| due <= now))
    }

    async fn wait(&self, stop: &StopSignal) {
        let next = self.service.read(calls::next_due).await.ok().flatten();
        let full = self.under_way.load(Ordering::Acquire) >= self.service.inner.settings.calls_max;
        let until = match next {
            Some(due) if !full => due.since(self.service.now()).min(LOOK_AT_LEAST),
            _ => LOOK_AT_LEAST,
        };
        let sign = race(stop.stopped(), self.service.inner.call.notified());
        let _ = race(sign, self.service.inner.outside.clock.sleep(until)).await;
    }

    /// A task of its own for each call: a slow one holds up no other.
    fn start(&self, due: DueCall) {
        let (service, under_way) = (self.service.clone(), Arc::clone(&self.under_way));
        under_way.fetch_add(1, Ordering::AcqRel);
        let name = calls::describe(&due.name, &due.key);
        let task = async move {
            attempt(&service, &due).await;
            under_way.fetch_sub(1, Ordering::AcqRel);
            service.inner.call.notify_one();
        };
        // The lease makes up for a task that dies: the row is due again when it lapses.
        drop(self.service.inner.outside.spawner.spawn(&name, Box::pin(task)));
    }
}

async fn attempt(service: &Service, due: &DueCall) {
    let Some(registered) = service.inner.calls.get(due.name.as_str()).cloned() else {
        tracing::error!(endpoint = service.name(), call = due.name, "a stored call is of a kind that this build does not know; it stays");
        return;
    };
    let running = (registered.run)(due.call(&service.inner.outside), &due.request);
    let limited = race(running, service.inner.outside.clock.sleep(registered.timeout)).await;
    let result = match limited {
        Either::First(result) => result,
        Either::Second(()) => Err(CallError::Unknown(format!("no answer within {} ms", registered.timeout.as_millis()))),
    };
    match result {
        Ok(answer) => record_step(service, due, &registered, Ok(answer)).await,
        Err(error) => failed(service, due, &registered, error).await,
    }
}

async fn failed(service: &Service, due: &DueCall, registered: &RegisteredCall, error: CallError) {
    let any_unknown = due.unknown || matches!(error, CallError::Unknown(_));
    let next = usize::try_from(due.attempt).ok().and_then(|attempt| registered.retries.get(attempt.saturating_sub(1)));
    match (next, &error) {
        (Some(delay), CallError::Failed(_) | CallError::Unknown(_)) => {
            let (row, again) = (due.row, service.now().plus(*delay));
            tracing::warn!(endpoint = service.name(), call = due.name, key = due.key, %error, "call failed; it is made again");
            let _ = service.write(move |tx| calls::put_off(tx, row, again, any_unknown)).await;
        }
        _ => {
            let failed = CallFailed { error, attempts: due.attempt, any_unknown };
            record_step(service, due, registered, Err(failed)).await;
        }
    }
}

/// The step that records: on the condition that the row is still there (rule R30).
async fn record_step(service: &Service, due: &DueCall, registered: &RegisteredCall, result: Result<Answer, CallFailed>) {
    let (row, cause, request) = (due.row, Cause::from_text(&due.cause), due.request.clone());
    let record = Arc::clone(&registered.record);
    let steps = Arc::clone(&service.inner.steps);
    let clock = service.clone();
    let written = service
        .write(move |tx| {
            if !calls::finish(tx, row)? {
                return Ok(());
            }
            let mut ctx = Context::new(tx.reborrow(), clock.now(), cause.clone(), &steps.surroundings);
            step::caught(|| record(&mut ctx, &request, result.clone()))
        })
        .await;
    let Err(error) = written else { return };
    let text = match &error {
        WriteError::Refused(error) => error.chain(),
        WriteError::NotCommitted(error) | WriteError::InDoubt(error) => error.to_string(),
        WriteError::Closed => "the database is closed".to_owned(),
    };
    // The row is still there, with its answer unrecorded: the call is made again under the same key.
    let soon = matches!(&error, WriteError::Refused(error) if error.class() != FailureClass::Permanent)
        || !matches!(error, WriteError::Refused(_));
    let delay = if soon { Duration::from_secs(1) } else { Duration::from_secs(600) };
    tracing::error!(
        endpoint = service.name(),
        call = due.name,
        key = due.key,
        error = text,
        "an answer could not be recorded; the call is made again"
    );
    let again = service.now().plus(delay);
    let _ = service.write(move |tx| calls::put_off(tx, row, again, true)).await;
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
