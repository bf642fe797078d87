//! The event-catalog service.
