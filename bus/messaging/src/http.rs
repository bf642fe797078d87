//! HTTP glue: who may call a route, refusals as problem documents (RFC 9457), changes under an idempotency key.

mod change;
mod extract;
mod misfit;
mod operation;
mod problem;
mod routes;

pub use change::{Change, OperationKey};
pub use extract::{Path, Query, shown_path};
pub use problem::Problem;
pub use routes::{Access, Class, RouteEntry, Routes};
