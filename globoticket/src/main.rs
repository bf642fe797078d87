//! The binary: command line and configuration.
fn main() {}
