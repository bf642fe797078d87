//! `docs/decisions/`: numbered files, each listed in the folder's README, each saying what would make us change it.

use super::Fault;
use super::tree::Tree;

const FOLDER: &str = "docs/decisions/";
const SECTIONS: &[&str] = &["## Context", "## Decision", "## What would make us change it"];

/// Decisions that the list lacks or that lack a section.
pub fn check(tree: &Tree) -> Vec<Fault> {
    let list = tree.text("docs/decisions/README.md").unwrap_or_default();
    let mut faults = Vec::new();
    for (path, text) in tree.under(FOLDER) {
        let file = path.strip_prefix(FOLDER).unwrap_or(path);
        if file == "README.md" {
            continue;
        }
        if !list.contains(&format!("]({file})")) {
            faults.push(Fault::new(path, "is not listed in docs/decisions/README.md"));
        }
        let missing = SECTIONS.iter().filter(|section| !text.lines().any(|line| line == **section));
        faults.extend(missing.map(|section| Fault::new(path, format!("has no section `{section}`"))));
    }
    faults
}
