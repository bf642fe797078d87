//! How a shop comes to its end: on SIGTERM or Ctrl-C, in order, within a bounded time; told a second time, at once.
//! Whatever is not done by then is on disk and goes on at the next start.

use std::time::Duration;

use broker::Broker;
use composition::Shop;
use hosting::{Either, Outside, StopSignal, race, stop_pair};
use tokio::signal::unix::{SignalKind, signal};

use crate::failure::Failure;
use crate::http_server::Server;

/// Together below ten seconds.
const REQUESTS_WITHIN: Duration = Duration::from_secs(2);
const SERVICES_WITHIN: Duration = Duration::from_secs(5);
const GATEWAY_WITHIN: Duration = Duration::from_millis(500);
const BROKER_WITHIN: Duration = Duration::from_secs(1);

/// Everything at work.
pub(super) struct Work {
    pub(super) server: Server,
    pub(super) shop: Shop,
    pub(super) gateway_server: Server,
    pub(super) broker: Broker,
}

impl Work {
    /// Lets requests finish, then the services, then what they stand on.
    pub(super) async fn stop(self, outside: &Outside) {
        let Self { server, mut shop, gateway_server, broker } = self;
        shop.end_waits();
        if !server.stop(REQUESTS_WITHIN).await {
            tracing::warn!("some requests were not done in time");
        }
        match race(shop.stop(), outside.clock.sleep(SERVICES_WITHIN)).await {
            Either::First(late) if late.is_empty() => {}
            Either::First(late) => tracing::warn!(?late, "some parts were not done in time; they go on at the next start"),
            Either::Second(()) => tracing::warn!("some services were not done in time; they go on at the next start"),
        }
        gateway_server.stop(GATEWAY_WITHIN).await;
        if let Either::Second(()) = race(broker.stop(), outside.clock.sleep(BROKER_WITHIN)).await {
            tracing::warn!("the bus was not done in time; it goes on at the next start");
        }
    }
}

/// What the operating system says.
pub(super) struct Told {
    /// That the process has to end.
    pub(super) once: StopSignal,
    /// That again: it has to end at once.
    pub(super) twice: StopSignal,
}

impl Told {
    /// Why the shop ended without stopping in order.
    pub(super) fn twice_is_a_failure() -> Failure {
        Failure::new("told twice to stop: ended before everything was done; what was committed stays and goes on at the next start")
    }
}

/// Hears the operating system say that the process has to end.
///
/// # Errors
/// If it cannot be heard.
pub(super) fn listen(outside: &Outside) -> Result<Told, Failure> {
    let hear = |kind| signal(kind).map_err(|error| Failure::because("signals cannot be heard", &error));
    let (mut terminate, mut interrupt) = (hear(SignalKind::terminate())?, hear(SignalKind::interrupt())?);
    let ((stop, once), (stop_now, twice)) = (stop_pair(), stop_pair());
    let task = async move {
        race(terminate.recv(), interrupt.recv()).await;
        stop.stop();
        race(terminate.recv(), interrupt.recv()).await;
        stop_now.stop();
    };
    drop(outside.spawner.spawn("signals", Box::pin(task)));
    Ok(Told { once, twice })
}
