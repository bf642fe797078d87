//! The whole shop in one thread on a virtual clock, with injected faults.
