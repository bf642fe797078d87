//! The shopping-basket service.

pub mod basket;
pub mod line;
