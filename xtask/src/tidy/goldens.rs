//! Each message of `shop/contracts` has a golden file `NAME.vVERSION.json` (without `globoticket.`), and each golden file a message.
//! Whether the two fit is that crate's own test.

use std::collections::BTreeSet;

use super::Fault;
use super::tree::Tree;

const SOURCES: &str = "shop/contracts/src/";
const GOLDENS: &str = "shop/contracts/tests/golden/";
const PREFIX: &str = "globoticket.";

/// Messages without a golden file, golden files without a message.
pub fn check(tree: &Tree) -> Vec<Fault> {
    let names: BTreeSet<&str> = tree.under(SOURCES).flat_map(|(_, text)| names(text)).collect();
    let goldens: BTreeSet<&str> = tree.under(GOLDENS).map(|(path, _)| message_of(path)).collect();
    let bare = names.difference(&goldens).map(|name| Fault::new(*name, format!("has no golden file in {GOLDENS}")));
    let strays = goldens.difference(&names).map(|name| Fault::new(format!("{GOLDENS}{name}"), "belongs to no message of shop/contracts"));
    bare.chain(strays).collect()
}

/// The names on the wire that a source declares, without their first word: they are its only quoted texts that begin so.
fn names(text: &str) -> Vec<&str> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let quoted = code.flat_map(|line| line.split('"').skip(1).step_by(2));
    quoted.filter_map(|text| text.strip_prefix(PREFIX)).collect()
}

/// `…/NAME.v2.json` → `NAME`.
fn message_of(path: &str) -> &str {
    let file = path.rsplit('/').next().unwrap_or_default();
    let stem = file.strip_suffix(".json").unwrap_or(file);
    match stem.rsplit_once(".v") {
        Some((name, version)) if version.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => stem,
    }
}
