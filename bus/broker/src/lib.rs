//! The durable broker: its store, the loop that owns the core, the in-process handle.
