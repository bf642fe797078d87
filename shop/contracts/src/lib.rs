//! Messages and shared value types, one module per owning service; data only.
