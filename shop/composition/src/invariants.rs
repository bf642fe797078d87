//! Whether everything the shop says is true: the services' facts joined, and each invariant as a function of them.
//! Pure but for the reading; what is checked only at rest is checked only where two readings were the same.

mod copies;
mod facts;
mod interest;
mod money;
mod places;
mod report;

pub use facts::{QueueFacts, ShopFacts, Sources};
pub use report::{Checked, Report, Violation, judge};
