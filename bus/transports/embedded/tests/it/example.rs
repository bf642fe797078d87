//! The example, run as its reader would.

use std::path::Path;
use std::process::Command;

/// Runs the built example, which stands beside this test.
fn run(folder: &Path) -> Vec<String> {
    let tests = std::env::current_exe().unwrap();
    let example = tests.parent().and_then(Path::parent).unwrap().join("examples/greetings");
    let output = Command::new(example).arg(folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn the_example_greets_at_the_second_try_keeps_a_dead_letter_and_does_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    let first = run(folder.path());
    let letters = |lines: &[String]| lines.iter().filter(|line| line.ends_with(": there is nobody to greet")).count();
    assert_eq!((first[0].as_str(), letters(&first), first.len()), ("Ada (try 2) was greeted", 1, 2));
    let second = run(folder.path());
    assert_eq!(
        (second[0].as_str(), letters(&second), second.len()),
        ("Ada (try 2) was greeted", 2, 3),
        "the first dead letter is still there"
    );
}

#[test]
fn the_example_needs_no_more_than_fifteen_lines_of_its_own() {
    let source = include_str!("../../examples/greetings.rs");
    let frame = |line: &str| {
        line.is_empty()
            || ["//", "#!", "#[rustfmt", "#[tokio", "use ", "mod ", "}", "async fn main"].iter().any(|start| line.starts_with(start))
    };
    let own = source.lines().map(str::trim).filter(|line| !frame(line));
    assert!(own.clone().count() <= 15, "{:#?}", own.collect::<Vec<_>>());
}
