//! Hosted services: started in order, watched, restarted with back-off when they end or panic, stopped in reverse.
//! The shape is that of ASP.NET Core's `IHostedService`.

use std::sync::Arc;
use std::time::Duration;

use crate::{BoxFuture, Component, Either, Health, Outside, StopSignal, StopSource, TaskEnd, race, stop_pair};

/// Why a hosted service could not start or go on.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub struct ServiceFailure {
    /// What happened and what to do, for an operator.
    pub reason: String,
}

impl ServiceFailure {
    /// A failure with its reason.
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }
}

/// Something that runs as long as the process does. A background task implements `name` and `run`.
pub trait HostedService: Send + Sync {
    /// A name, unique in the process, for health and logs.
    fn name(&self) -> String;

    /// Gets ready; an error ends the start of the whole process.
    fn start(&self) -> BoxFuture<'_, Result<(), ServiceFailure>> {
        Box::pin(async { Ok(()) })
    }

    /// Works until told to stop. Ending earlier, an error or a panic is a failure: it is run again after a back-off.
    fn run(&self, stop: StopSignal) -> BoxFuture<'_, Result<(), ServiceFailure>>;

    /// Cleans up after `run` has ended.
    fn stop(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}

struct Running {
    service: Arc<dyn HostedService>,
    stop: StopSource,
    ended: BoxFuture<'static, TaskEnd>,
}

/// Starts, watches and stops hosted services.
pub struct Host {
    outside: Outside,
    health: Health,
    running: Vec<Running>,
    deadline: Duration,
}

const BACK_OFF_FIRST: Duration = Duration::from_millis(100);
const BACK_OFF_MAX: Duration = Duration::from_secs(30);

impl Host {
    /// A host with nothing in it. All services together get `deadline` to stop.
    #[must_use]
    pub fn new(outside: Outside, health: Health, deadline: Duration) -> Self {
        Self { outside, health, running: Vec::new(), deadline }
    }

    /// Starts `service` and keeps it running.
    ///
    /// # Errors
    /// What its `start` answered, with its name; or that a service of that name is registered already.
    pub async fn start(&mut self, service: Arc<dyn HostedService>) -> Result<(), ServiceFailure> {
        let name = service.name();
        if self.running.iter().any(|other| other.service.name() == name) {
            return Err(ServiceFailure::new(format!("hosted service `{name}` is registered twice")));
        }
        let component = self.health.component(&name);
        service.start().await.map_err(|failure| ServiceFailure::new(format!("{name}: {failure}")))?;
        component.ready();
        let (stop, signal) = stop_pair();
        let watched = watch(self.outside.clone(), Arc::clone(&service), component, signal);
        let ended = self.outside.spawner.spawn(&name, Box::pin(watched));
        self.running.push(Running { service, stop, ended });
        Ok(())
    }

    /// Stops everything in reverse order of start; answers the names of those that were not done in time. All together
    /// end within the deadline: each gets half of what is left of it, so that a deaf one leaves time for those below,
    /// and the last gets the rest. Again is fine.
    pub async fn stop(&mut self) -> Vec<String> {
        let mut late = Vec::new();
        let end = self.outside.clock.monotonic() + self.deadline;
        while let Some(running) = self.running.pop() {
            running.stop.stop();
            let left = end.saturating_sub(self.outside.clock.monotonic());
            let share = if self.running.is_empty() { left } else { left / 2 };
            let finished = async {
                running.ended.await;
                running.service.stop().await;
            };
            if let Either::Second(()) = race(finished, self.outside.clock.sleep(share)).await {
                late.push(running.service.name());
            }
            self.health.component(&running.service.name()).stopped("told to stop");
        }
        late
    }
}

async fn watch(outside: Outside, service: Arc<dyn HostedService>, component: Component, stop: StopSignal) {
    let mut back_off = BACK_OFF_FIRST;
    loop {
        let began = outside.clock.monotonic();
        let reason = run_once(&outside, &service, &stop).await;
        if stop.is_stopped() {
            return;
        }
        if outside.clock.monotonic() - began > BACK_OFF_MAX {
            back_off = BACK_OFF_FIRST;
        }
        tracing::error!(service = service.name(), reason, "hosted service ended; running it again");
        component.degraded(format!("ended ({reason}); running again in {} ms", back_off.as_millis()));
        if let Either::First(()) = race(stop.stopped(), outside.clock.sleep(back_off)).await {
            return;
        }
        back_off = (back_off * 2).min(BACK_OFF_MAX);
        component.ready();
    }
}

async fn run_once(outside: &Outside, service: &Arc<dyn HostedService>, stop: &StopSignal) -> String {
    let (answer, result) = tokio::sync::oneshot::channel();
    let (task, signal) = (Arc::clone(service), stop.clone());
    let ended = outside.spawner.spawn(
        &service.name(),
        Box::pin(async move {
            let _ = answer.send(task.run(signal).await);
        }),
    );
    match (ended.await, result.await) {
        (TaskEnd::Died(text), _) => text,
        (TaskEnd::Done, Ok(Err(failure))) => failure.reason,
        (TaskEnd::Done, _) => "it returned before it was told to stop".to_owned(),
    }
}
