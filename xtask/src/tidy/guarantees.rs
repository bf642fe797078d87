//! `docs/guarantees.md`: every rule, invariant and row of a state table stands in it once; each row names tests that exist. What comes
//! with a later version stands in the last section, without tests.

use std::collections::BTreeMap;

use super::Fault;
use super::tree::Tree;

const DOCUMENT: &str = "docs/guarantees.md";
/// The heading under which rows need no test yet.
const LATER: &str = "## From a later version on";
/// What stands there once each, numbered from 1: the framework's rules, the invariants, and the rows of the state tables of
/// basket line, ticket type counter, hold, order and payment.
pub const ROWS: &[(&str, usize)] = &[("R", 40), ("I", 11), ("L", 8), ("C", 4), ("H", 17), ("O", 28), ("P", 31), ("T", 5)];
/// A test's attributes stand at most so many lines above its `fn`.
const ATTRIBUTE_LINES: usize = 6;

/// A row of one of its tables.
struct Row<'a> {
    id: &'a str,
    tests: Vec<&'a str>,
    later: bool,
}

/// Rules that are missing or stand twice, rows without a test, tests that do not exist. `folders`: crate → its folder.
pub fn check(tree: &Tree, folders: &BTreeMap<String, String>) -> Vec<Fault> {
    let Some(text) = tree.text(DOCUMENT) else {
        return vec![Fault::new(DOCUMENT, "is missing")];
    };
    let rows = rows(text);
    let mut faults = complete(&rows);
    for row in rows.iter().filter(|row| !row.later) {
        let place = format!("{DOCUMENT}, {}", row.id);
        if row.tests.is_empty() {
            faults.push(Fault::new(&place, format!("names no test: `crate::name_of_the_test` in its last column, or `{LATER}`")));
        }
        for test in &row.tests {
            faults.extend(missing(test, tree, folders).map(|why| Fault::new(&place, why)));
        }
    }
    faults
}

fn complete(rows: &[Row<'_>]) -> Vec<Fault> {
    let ids = ROWS.iter().flat_map(|(kind, last)| (1..=*last).map(move |number| format!("{kind}{number}")));
    let count = |id: &str| rows.iter().filter(|row| row.id == id).count();
    let wrong = ids.filter_map(|id| match count(&id) {
        0 => Some(Fault::new(format!("{DOCUMENT}, {id}"), "is missing")),
        1 => None,
        many => Some(Fault::new(format!("{DOCUMENT}, {id}"), format!("stands there {many} times"))),
    });
    wrong.collect()
}

/// Table rows but for heads and rulers.
fn rows(text: &str) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    let mut later = false;
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    for (index, line) in lines.iter().enumerate() {
        if line.starts_with("## ") {
            later = *line == LATER;
        }
        let is_head = lines.get(index + 1).is_some_and(|next| next.starts_with("|--"));
        if !line.starts_with("| ") || is_head {
            continue;
        }
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        if let (Some(id), Some(last)) = (cells.first(), cells.last()) {
            rows.push(Row { id, tests: tests(last), later });
        }
    }
    rows
}

/// What stands between back-ticks and is a path.
fn tests(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).filter(|text| text.contains("::")).collect()
}

fn missing(test: &str, tree: &Tree, folders: &BTreeMap<String, String>) -> Option<String> {
    let (krate, _) = test.split_once("::")?;
    let (_, function) = test.rsplit_once("::")?;
    let Some(folder) = folders.get(krate) else {
        return Some(format!("`{test}`: there is no crate `{krate}`"));
    };
    let found = tree.rust().filter(|(path, _)| path.starts_with(folder.as_str())).any(|(_, text)| has_test(text, function));
    (!found).then(|| format!("`{test}`: `{krate}` has no such test"))
}

fn has_test(text: &str, function: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let declares = |line: &str| line.split("fn ").nth(1).is_some_and(|rest| rest.split('(').next() == Some(function));
    let above = |index: usize| lines[index.saturating_sub(ATTRIBUTE_LINES)..index].iter().rev();
    let ends_another = |line: &str| line.is_empty() || line.ends_with('}') || line.ends_with(';');
    let is_test = |index: usize| above(index).take_while(|line| !ends_another(line)).any(|line| line.contains("test]"));
    lines.iter().enumerate().any(|(index, line)| declares(line) && is_test(index))
}
