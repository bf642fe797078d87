//! The shopping basket through its public face.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod basket_changes;
mod basket_checkout;
mod baskets;
mod buying;
mod catalog_copy;
mod door;
mod doors;
mod golden;
mod line_rows;
mod told;
