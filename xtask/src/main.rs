//! The project's automation: test, ci, tidy, bench, soak.
fn main() {}
