//! The ordering service.

pub mod order;
