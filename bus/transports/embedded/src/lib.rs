//! The framework's transport over the in-process broker.
