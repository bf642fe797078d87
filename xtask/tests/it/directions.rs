//! Which crate may name which.

use std::path::Path;

use xtask::tidy::directions::{Crate, check, crates, folders};

use crate::lines;

const ALL: &[&str] = &[
    "broker-core",
    "hosting",
    "storage",
    "broker",
    "messaging",
    "embedded",
    "conformance",
    "contracts",
    "event-catalog",
    "shopping-basket",
    "box-office",
    "ordering",
    "marketing",
    "payment",
    "payment-gateway",
    "storefront",
    "buyer",
    "composition",
    "simulation",
    "globoticket",
    "xtask",
];

/// A workspace with every crate of the table and these dependencies: crate, dependency, kind (`null` or `"dev"`).
fn workspace(names: &[&str], dependencies: &[(&str, &str, &str)]) -> Vec<Crate> {
    let package = |name: &str| {
        let own = dependencies.iter().filter(|(of, ..)| *of == name);
        let own = own.map(|(_, on, kind)| format!(r#"{{"name":"{on}","kind":{kind},"path":"/w/{on}"}}"#));
        let own = own.chain([r#"{"name":"serde","kind":null}"#.to_owned()]).collect::<Vec<_>>().join(",");
        format!(r#"{{"name":"{name}","manifest_path":"/w/{name}/Cargo.toml","dependencies":[{own}]}}"#)
    };
    let packages = names.iter().map(|name| package(name)).collect::<Vec<_>>().join(",");
    let metadata = format!(r#"{{"packages":[{packages}]}}"#);
    crates(metadata.as_bytes()).unwrap_or_else(|error| unreachable!("{metadata}: {error}"))
}

fn faults(dependencies: &[(&str, &str, &str)]) -> Vec<String> {
    lines(&check(&workspace(ALL, dependencies)))
}

#[test]
fn allowed_directions_pass() {
    assert_eq!(faults(&[("broker", "broker-core", "null"), ("ordering", "contracts", "null")]), Vec::<String>::new());
}

#[test]
fn a_service_must_not_name_a_service() {
    let found = faults(&[("ordering", "payment", "null")]);
    assert_eq!(found, ["ordering: it must not name `payment` (xtask/src/tidy/directions.rs)"]);
}

#[test]
fn the_bus_must_not_name_the_shop() {
    assert_eq!(faults(&[("messaging", "contracts", "null")]).len(), 1);
}

#[test]
fn a_build_dependency_counts_as_a_normal_one() {
    assert_eq!(faults(&[("broker-core", "hosting", "\"build\"")]).len(), 1);
}

#[test]
fn tests_may_name_the_suite_and_the_embedded_transport_and_what_the_crate_reaches() {
    let dev = "\"dev\"";
    assert_eq!(faults(&[("messaging", "embedded", dev), ("storage", "conformance", dev), ("embedded", "broker-core", dev)]).len(), 0);
    assert_eq!(faults(&[("storage", "embedded", "null")]).len(), 1);
    assert_eq!(faults(&[("ordering", "payment", dev)]).len(), 1);
}

#[test]
fn a_crate_that_the_table_lacks_is_a_fault() {
    let mut names = ALL.to_vec();
    names.push("newcomer");
    let found = lines(&check(&workspace(&names, &[])));
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("newcomer: is not in the table"), "{found:?}");
}

#[test]
fn a_row_for_a_crate_that_is_gone_is_a_fault() {
    let found = lines(&check(&workspace(&ALL[1..], &[])));
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("broker-core: is gone"), "{found:?}");
}

#[test]
fn folders_are_told_from_the_root() {
    let folders = folders(&workspace(&["hosting"], &[]), Path::new("/w"));
    assert_eq!(folders.get("hosting").map(String::as_str), Some("hosting/"));
}
