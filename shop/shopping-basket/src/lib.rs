//! The shopping-basket service.
