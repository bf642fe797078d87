//! Virtual time: a monotonic clock that only the executor moves, and a wall clock that faults may set ahead or back.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hosting::{BoxFuture, Clock, Timestamp};

use crate::Sim;

/// What the wall clock says when a history begins: 2027-01-01T00:00:00Z.
pub const WALL_START: Timestamp = Timestamp::from_micros(1_798_761_600_000_000);

/// A wait shorter than this takes this long, so that a loop of empty waits lets time go on.
const SLEEP_MIN: Duration = Duration::from_micros(1);

/// The clock handed to every group.
pub(crate) struct SimClock(pub(crate) Sim);

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn monotonic(&self) -> Duration {
        self.0.monotonic()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(Sleep::new(&self.0, duration))
    }
}

/// Ends at its deadline; dropped earlier, it leaves no timer behind.
pub(crate) struct Sleep {
    sim: Sim,
    deadline: Duration,
    timer: Option<u64>,
}

impl Sleep {
    pub(crate) fn new(sim: &Sim, duration: Duration) -> Self {
        Self { sim: sim.clone(), deadline: sim.monotonic().saturating_add(duration.max(SLEEP_MIN)), timer: None }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.sim.monotonic() >= self.deadline {
            return Poll::Ready(());
        }
        self.timer = Some(self.sim.set_timer(self.deadline, self.timer, context.waker()));
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(timer) = self.timer {
            self.sim.drop_timer(self.deadline, timer);
        }
    }
}
