//! The checks of tidy on small texts, each through its one function.

mod directions;
mod documents;
mod sources;

use xtask::tidy::Fault;

/// The faults as the lines that people read.
fn lines(faults: &[Fault]) -> Vec<String> {
    faults.iter().map(Fault::to_string).collect()
}

/// Exactly one fault, and it says this.
#[track_caller]
fn one_fault(faults: &[Fault], saying: &str) {
    let lines = lines(faults);
    assert!(lines.len() == 1 && lines[0].contains(saying), "expected one fault saying {saying:?}, found {lines:#?}");
}
