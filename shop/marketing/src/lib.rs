//! Marketing: what buyers are interested in, how far their baskets come, and which they leave. It learns this by polling
//! the basket's stored events at its own pace, and hears from ordering what was paid. Nobody waits for it; it knows no
//! buyer.
//!
//! Reading order: `interest` what is counted; `handlers` what entries and messages change; `store` the SQL; `api` the
//! figures; `audit` the facts for invariants.

mod api;
pub mod audit;
mod handlers;
pub mod interest;
mod store;

use messaging::Endpoint;
use messaging::feed::FeedSource;

pub use api::routes;

/// The service's tables.
pub const MIGRATIONS: storage::Migrations =
    storage::Migrations { set: "marketing", files: &[("0001_marketing.sql", include_str!("../migrations/0001_marketing.sql"))] };

/// The service as a reader of the basket's feed and a receiver of messages.
#[must_use]
pub fn endpoint(baskets: FeedSource) -> Endpoint {
    Endpoint::new("marketing").migrations(MIGRATIONS).polls(baskets, handlers::basket_event, handlers::begin_anew).on(handlers::order_paid)
}
