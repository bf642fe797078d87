//! Source files: their headers, lengths and names, and a few words that have no place in them.
//!
//! Lengths are a ratchet: a file over the limit stands in `xtask/ratchets.toml` with its number and a reason, and the
//! number has to follow the file down.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

use super::Fault;
use super::tree::Tree;

/// Lines that a file under `src/` may have without saying why.
pub const LINES_MAX: usize = 500;
/// Lines that no file may have.
pub const LINES_WALL: usize = 800;
/// How far a ratchet's number may stand above its file.
const SLACK_LINES: usize = 20;

const EMPTY_NAMES: &[&str] = &["util", "utils", "common", "helper", "helpers", "misc", "core-types", "core_types"];
const UNDONE: &str = concat!("to", "do!(");
const LEFT_OUT: &str = concat!("#[", "ignore");
const SELECT: &str = concat!("sel", "ect! {");
const DOCS_LINT: &str = "#![warn(missing_docs)]";

/// A file → the lines it may have, from the checked-in ratchets: `"path" = { lines = 600, reason = "…" }`.
pub fn limits(ratchets: &str) -> Result<BTreeMap<String, usize>> {
    let table: toml::Table = ratchets.parse()?;
    let mut limits = BTreeMap::new();
    for (path, entry) in &table {
        let lines = entry.get("lines").and_then(toml::Value::as_integer).with_context(|| format!("{path}: no number of lines"))?;
        let reason = entry.get("reason").and_then(toml::Value::as_str).unwrap_or_default();
        anyhow::ensure!(!reason.trim().is_empty(), "{path}: no reason");
        limits.insert(path.clone(), usize::try_from(lines).with_context(|| format!("{path}: {lines} lines"))?);
    }
    Ok(limits)
}

/// Every fault of every source file.
pub fn check(tree: &Tree, limits: &BTreeMap<String, usize>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (path, text) in tree.rust() {
        faults.extend(header(path, text));
        faults.extend(length(path, text.lines().count(), limits.get(path).copied()));
        faults.extend(words(path, text));
        faults.extend(documented(path, text));
    }
    faults.extend(tree.files().flat_map(|(path, _)| name(path)));
    let gone = limits.keys().filter(|path| tree.text(path).is_none());
    faults.extend(gone.map(|path| Fault::new(path, "is gone: take it out of xtask/ratchets.toml")));
    faults
}

/// A file says first what it is for; cases for the compiler's messages too.
fn header(path: &str, text: &str) -> Option<Fault> {
    let opens = text.lines().find(|line| !line.trim().is_empty()).is_some_and(|line| line.starts_with("//!"));
    (!opens).then(|| Fault::new(path, "does not open with a //! header: what it is for, and what it does not know"))
}

fn length(path: &str, lines: usize, ratchet: Option<usize>) -> Option<Fault> {
    if lines > LINES_WALL {
        return Some(Fault::new(path, format!("{lines} lines; no file has more than {LINES_WALL}: split it")));
    }
    if !path.contains("/src/") {
        return None;
    }
    match ratchet {
        None if lines > LINES_MAX => Some(Fault::new(
            path,
            format!("{lines} lines, the limit is {LINES_MAX}: split it, or list it in xtask/ratchets.toml and say why"),
        )),
        Some(limit) if lines > limit => Some(Fault::new(path, format!("{lines} lines, it may have {limit}: split it"))),
        Some(_) if lines <= LINES_MAX => Some(Fault::new(path, "needs no ratchet any more: take it out of xtask/ratchets.toml")),
        Some(limit) if lines + SLACK_LINES < limit => {
            Some(Fault::new(path, format!("has come down to {lines} lines: lower its number in xtask/ratchets.toml")))
        }
        _ => None,
    }
}

fn name(path: &str) -> Option<Fault> {
    let mut parts = path.split('/').map(|part| part.split('.').next().unwrap_or_default());
    let empty = parts.find(|part| EMPTY_NAMES.contains(part))?;
    Some(Fault::new(path, format!("`{empty}` says nothing: name it after the one thing that is in it")))
}

fn words(path: &str, text: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    for (index, line) in lines.iter().enumerate() {
        let place = format!("{path}:{}", index + 1);
        if line.contains(UNDONE) {
            faults.push(Fault::new(&place, "something is left to do: do it, or leave it out"));
        }
        if line.starts_with(LEFT_OUT) {
            faults.push(Fault::new(&place, "a test is left out: mend it, move it to a long run, or delete it"));
        }
        let ordered = lines.get(index + 1).is_some_and(|next| next.starts_with("biased;"));
        if line.contains(SELECT) && !line.starts_with("//") && !ordered {
            faults.push(Fault::new(&place, "a select without `biased;` takes a random branch, which no seed repeats"));
        }
    }
    faults
}

fn documented(path: &str, text: &str) -> Option<Fault> {
    let of_the_bus = path.starts_with("bus/") && path.ends_with("/src/lib.rs");
    (of_the_bus && !text.contains(DOCS_LINT)).then(|| Fault::new(path, format!("the bus is documented: `{DOCS_LINT}` is missing")))
}
