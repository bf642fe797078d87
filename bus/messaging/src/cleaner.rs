//! Deletes what protects no longer: old inbox rows, stored answers and entries of feeds, in small steps (rules R22, R32
//! and R36).

use std::time::Duration;

use hosting::{BoxFuture, HostedService, ServiceFailure, StopSignal, Timestamp};
use storage::{Durability, SqlError, Tx, params};

use crate::dispatcher::pause;
use crate::error::chain;
use crate::troubles::Part;
use crate::{Service, feed, inbox};

/// Rows of one step: few, since whatever else wants to write meanwhile waits for it (`cargo xtask bench cleaning`).
const STEP_ROWS: u32 = 100;
/// With the rows of a step: thousands of rows a second, more than an endpoint takes in.
const BETWEEN_STEPS: Duration = Duration::from_millis(20);
const BETWEEN_ROUNDS: Duration = Duration::from_secs(60);
const ANSWERS_KEPT: Duration = Duration::from_secs(24 * 3_600);

pub(crate) struct Cleaner {
    service: Service,
}

impl Cleaner {
    pub(crate) fn new(service: Service) -> Self {
        Self { service }
    }
}

/// Deletes at most `max` rows of each kind that are out of retention at `now`; answers how many there were.
pub(crate) fn clean(tx: &mut Tx<'_>, now: Timestamp, inbox_kept: Duration, max: u32) -> Result<u64, SqlError> {
    let answers = tx.execute(
        "DELETE FROM operations WHERE (scope, operation_key) IN
           (SELECT scope, operation_key FROM operations WHERE at < $1 ORDER BY at LIMIT $2)",
        params![now.minus(ANSWERS_KEPT), max],
    )?;
    Ok(answers + inbox::clean(tx, now.minus(inbox_kept), max)?)
}

impl HostedService for Cleaner {
    fn name(&self) -> String {
        format!("{}.cleaner", self.service.name())
    }

    fn run(&self, stop: StopSignal) -> BoxFuture<'_, Result<(), ServiceFailure>> {
        Box::pin(async move {
            loop {
                let (now, settings) = (self.service.now(), &self.service.inner.settings);
                let inbox_kept = Duration::from_secs(settings.inbox_retention_s);
                let told_before = now.minus(Duration::from_secs(settings.feed_retention_s));
                let feeds: Vec<&str> = self.service.declaration().feeds.iter().copied().collect();
                let step = move |tx: &mut Tx<'_>| {
                    let told = feed::clean(tx, &feeds, told_before, STEP_ROWS)?;
                    Ok::<_, SqlError>(told + clean(tx, now, inbox_kept, STEP_ROWS)?)
                };
                let cleaned = self.service.inner.db.write_with(Durability::Unsynced, step).await;
                match &cleaned {
                    Ok(_) => self.service.inner.troubles.clear(Part::Cleaning),
                    Err(error) => {
                        let reason = format!("what is out of retention cannot be deleted: {}", chain(error));
                        self.service.inner.troubles.set(Part::Cleaning, reason);
                    }
                }
                let more = cleaned.is_ok_and(|rows| rows >= u64::from(STEP_ROWS));
                if pause(&self.service, &stop, if more { BETWEEN_STEPS } else { BETWEEN_ROUNDS }).await {
                    return Ok(());
                }
            }
        })
    }
}
