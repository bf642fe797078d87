//! Links between the documents: what a relative link names is there. Links to the web are not followed.

use super::Fault;
use super::tree::Tree;

/// Links to files and folders that do not exist.
pub fn check(tree: &Tree) -> Vec<Fault> {
    let documents = tree.files().filter(|(path, _)| path.ends_with(".md"));
    let links = documents.flat_map(|(path, text)| targets(text).map(move |target| (path, target)));
    let broken = links.filter(|(path, target)| !exists(tree, &resolve(path, target)));
    broken.map(|(path, target)| Fault::new(path, format!("links to `{target}`, which is not there"))).collect()
}

fn targets(text: &str) -> impl Iterator<Item = &str> {
    let ends = text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    let files = ends.map(|(target, _)| target.split('#').next().unwrap_or_default());
    files.filter(|target| !target.is_empty() && !target.contains("://"))
}

/// The target's path from the root, seen from the document.
fn resolve(document: &str, target: &str) -> String {
    let mut parts: Vec<&str> = document.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    parts.join("/")
}

fn exists(tree: &Tree, path: &str) -> bool {
    tree.text(path).is_some() || tree.under(&format!("{path}/")).next().is_some()
}
