//! What no compiler checks. Each check is a function from texts to faults; only this file reads the disk.

pub mod decisions;
pub mod directions;
pub mod goldens;
pub mod guarantees;
pub mod links;
pub mod sources;
pub mod tree;

use std::fmt;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::stage::{cargo_output, say};
use tree::Tree;

/// One thing that is not as it should be, where it is, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// A path from the root, a crate, or a rule.
    pub place: String,
    /// What is wrong and what to do now.
    pub what: String,
}

impl Fault {
    /// A fault at a place.
    pub fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// Prints every fault of the workspace. Errors: there is one, or the workspace cannot be read.
pub fn run(root: &Path) -> Result<()> {
    let tree = Tree::read(root)?;
    let metadata = cargo_output(root, &["metadata", "--format-version", "1", "--no-deps", "--locked"])?;
    let crates = directions::crates(&metadata).context("cannot read what `cargo metadata` says")?;
    let limits = sources::limits(tree.text("xtask/ratchets.toml").unwrap_or_default()).context("xtask/ratchets.toml")?;

    let mut faults = directions::check(&crates);
    faults.extend(sources::check(&tree, &limits));
    faults.extend(goldens::check(&tree));
    faults.extend(guarantees::check(&tree, &directions::folders(&crates, root)));
    faults.extend(decisions::check(&tree));
    faults.extend(links::check(&tree));
    for fault in &faults {
        say(&fault.to_string());
    }
    match faults.len() {
        0 => Ok(()),
        1 => bail!("tidy found a fault"),
        count => bail!("tidy found {count} faults"),
    }
}
