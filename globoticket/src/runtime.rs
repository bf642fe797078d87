//! The tokio runtime that commands run on, and the real world that they are handed.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use hosting::{Outside, real_outside};
use tokio::runtime::{Builder, Runtime};

use crate::failure::Failure;
use crate::http_client::RealHttp;

/// After a command has ended, how long its left-over tasks may take to notice.
const LEFT_OVER_WITHIN: Duration = Duration::from_millis(200);

/// Runs a client's work on this thread.
///
/// # Errors
/// Those of the work, and if there can be no runtime.
pub(crate) fn run_here<F: Future<Output = Result<(), Failure>>>(work: impl FnOnce(Outside) -> F) -> Result<(), Failure> {
    run(Builder::new_current_thread(), work)
}

/// Runs a server's work on all cores.
///
/// # Errors
/// As [`run_here`].
pub(crate) fn run_on_all_cores<F: Future<Output = Result<(), Failure>>>(work: impl FnOnce(Outside) -> F) -> Result<(), Failure> {
    run(Builder::new_multi_thread(), work)
}

fn run<F: Future<Output = Result<(), Failure>>>(mut builder: Builder, work: impl FnOnce(Outside) -> F) -> Result<(), Failure> {
    let runtime: Runtime = builder.enable_all().build().map_err(|error| Failure::because("no runtime can be started", &error))?;
    let outside = real_outside(runtime.handle().clone(), Arc::new(RealHttp::new()?));
    let ended = runtime.block_on(work(outside));
    runtime.shutdown_timeout(LEFT_OVER_WITHIN);
    ended
}
