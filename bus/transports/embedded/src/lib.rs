//! The framework's transport over the in-process broker.

#![warn(missing_docs)]
