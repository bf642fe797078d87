//! The tests, and all that a change has to pass.

use std::path::Path;

use anyhow::Result;

use crate::stage::{Stage, cargo, run_all};
use crate::{installed, tidy};

/// Passes the tests and doc tests of all crates, or what `arguments` of `cargo test` choose.
pub(crate) fn test(root: &Path, arguments: &[String]) -> Result<()> {
    let mut command = vec!["test", "--locked", "--no-fail-fast"];
    let chosen = arguments.iter().any(|argument| argument == "-p" || argument.starts_with("--package"));
    if !chosen || arguments.iter().any(|argument| argument.contains("globoticket")) {
        installed::have_python()?;
    }
    if !chosen {
        command.push("--workspace");
    }
    command.extend(arguments.iter().map(String::as_str));
    cargo(root, &command, &[])
}

/// What a change has to pass, the quick stages first.
pub(crate) fn ci(root: &Path) -> Result<()> {
    run_all(&[
        Stage { name: "format", work: Box::new(|| cargo(root, &["fmt", "--all", "--check"], &[])) },
        Stage { name: "tidy", work: Box::new(|| tidy::run(root)) },
        Stage { name: "clippy", work: Box::new(|| cargo(root, CLIPPY, &[])) },
        Stage { name: "tests", work: Box::new(|| test(root, &[])) },
        Stage { name: "rustdoc", work: Box::new(|| cargo(root, RUSTDOC, &[("RUSTDOCFLAGS", "-D warnings")])) },
    ])
}

const CLIPPY: &[&str] = &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
const RUSTDOC: &[&str] = &["doc", "--workspace", "--no-deps", "--locked"];
