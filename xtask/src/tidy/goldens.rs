//! Each message of `shop/contracts` has a golden file `NAME.vVERSION.json` (without `globoticket.`) of its version, and each
//! golden file a message: files of older versions stay. Whether the two fit is that crate's own test.

use std::collections::BTreeMap;

use super::Fault;
use super::tree::Tree;

const SOURCES: &str = "shop/contracts/src/";
const GOLDENS: &str = "shop/contracts/tests/golden/";
const PREFIX: &str = "globoticket.";

/// Messages without a golden file of their version, golden files without a message or of a version that it has not reached.
pub fn check(tree: &Tree) -> Vec<Fault> {
    let messages: BTreeMap<&str, u16> = tree.under(SOURCES).flat_map(|(_, text)| messages(text)).collect();
    let wanted = messages.iter().map(|(name, version)| format!("{name}.v{version}"));
    let bare = wanted.filter(|wanted| tree.text(&format!("{GOLDENS}{wanted}.json")).is_none());
    let bare = bare.map(|wanted| Fault::new(wanted, format!("has no golden file in {GOLDENS}")));
    let known = |(name, version): (&str, u16)| messages.get(name).is_some_and(|newest| version <= *newest);
    let strays = tree.under(GOLDENS).filter(|(path, _)| !message_of(path).is_some_and(known));
    let strays = strays.map(|(path, _)| Fault::new(path, "belongs to no message of shop/contracts in a version it has had"));
    bare.chain(strays).collect()
}

/// The names on the wire that a source declares, without their first word, each with the `v N` behind it (0: none stands
/// there): they are its only quoted texts that begin so.
fn messages(text: &str) -> Vec<(&str, u16)> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let named = code.filter_map(|line| line.split_once(&format!("\"{PREFIX}")).and_then(|(_, rest)| rest.split_once('"')));
    named.map(|(name, behind)| (name, version_behind(behind))).collect()
}

fn version_behind(text: &str) -> u16 {
    let number = text.trim_start().strip_prefix('v').unwrap_or_default().trim_start();
    let end = number.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(number.len());
    number[..end].parse().unwrap_or(0)
}

/// `…/NAME.v2.json` → `NAME` and 2.
fn message_of(path: &str) -> Option<(&str, u16)> {
    let (name, version) = path.strip_prefix(GOLDENS)?.strip_suffix(".json")?.rsplit_once(".v")?;
    Some((name, version.parse().ok()?))
}
