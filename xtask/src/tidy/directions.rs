//! Which crate may name which. A crate that is not in the table is a fault, so that its place is decided with it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use super::Fault;

const BUS: &[&str] = &["broker-core", "hosting", "storage", "broker", "messaging", "embedded", "conformance"];
const SHOP: &[&str] = &[
    "contracts",
    "event-catalog",
    "shopping-basket",
    "box-office",
    "ordering",
    "payment",
    "marketing",
    "payment-gateway",
    "storefront",
    "composition",
];
const A_SERVICE: &[&[&str]] = &[&["contracts", "messaging", "storage", "hosting"]];

/// Crate → the crates of ours that it may name.
const MAY_NAME: &[(&str, &[&[&str]])] = &[
    ("broker-core", &[]),
    ("hosting", &[]),
    ("storage", &[&["hosting"]]),
    ("broker", &[&["broker-core", "storage", "hosting"]]),
    ("messaging", &[&["storage", "hosting"]]),
    ("embedded", &[&["messaging", "broker", "hosting"]]),
    ("conformance", &[&["messaging", "hosting"]]),
    ("contracts", &[&["messaging", "hosting"]]),
    ("event-catalog", A_SERVICE),
    ("shopping-basket", A_SERVICE),
    ("box-office", A_SERVICE),
    ("ordering", A_SERVICE),
    ("payment", A_SERVICE),
    ("marketing", A_SERVICE),
    ("payment-gateway", &[&["storage", "hosting"]]),
    ("storefront", &[&["contracts", "hosting"]]),
    ("buyer", &[&["hosting"]]),
    ("composition", &[SHOP, &["messaging", "storage", "hosting"]]),
    // It is the world around the shop, and so runs the external gateway itself.
    ("simulation", &[BUS, &["composition", "contracts", "buyer", "payment-gateway"]]),
    ("globoticket", &[BUS, SHOP, &["simulation", "buyer"]]),
    ("xtask", &[]),
];

/// Tests and examples may name these besides, and what the crate reaches anyway.
const TESTS_MAY_NAME: &[&str] = &["conformance", "embedded", "broker", "buyer"];

/// A crate of the workspace, as `cargo metadata` tells it.
#[derive(Debug, Clone)]
pub struct Crate {
    /// Its package name.
    pub name: String,
    /// The path of its `Cargo.toml`.
    pub manifest: String,
    /// Its direct dependencies that are crates of ours.
    pub names: Vec<Named>,
}

/// A dependency on a crate of ours.
#[derive(Debug, Clone)]
pub struct Named {
    /// Its package name.
    pub name: String,
    /// Whether only tests and examples see it.
    pub in_tests_only: bool,
}

/// The workspace's crates out of what `cargo metadata --no-deps` printed.
pub fn crates(metadata: &[u8]) -> Result<Vec<Crate>> {
    let metadata: Value = serde_json::from_slice(metadata)?;
    let packages = metadata["packages"].as_array().context("no packages")?;
    packages.iter().map(read_crate).collect()
}

fn read_crate(package: &Value) -> Result<Crate> {
    let text = |key: &str| package[key].as_str().map(str::to_owned).with_context(|| format!("a package without {key}"));
    let dependencies = package["dependencies"].as_array().context("a package without dependencies")?;
    let ours = dependencies.iter().filter(|dependency| dependency["path"].is_string());
    let names = ours
        .filter_map(|dependency| {
            let name = dependency["name"].as_str()?.to_owned();
            Some(Named { name, in_tests_only: dependency["kind"] == "dev" })
        })
        .collect();
    Ok(Crate { name: text("name")?, manifest: text("manifest_path")?, names })
}

/// Crate → its folder from the root, with a `/` at the end.
pub fn folders(crates: &[Crate], root: &Path) -> BTreeMap<String, String> {
    let folder = |krate: &Crate| {
        let inside = Path::new(&krate.manifest).parent()?.strip_prefix(root).ok()?;
        Some((krate.name.clone(), format!("{}/", inside.display())))
    };
    crates.iter().filter_map(folder).collect()
}

/// Dependencies that the table does not allow, crates that it lacks, rows for crates that are gone.
pub fn check(crates: &[Crate]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for krate in crates {
        let Some(allowed) = may_name(&krate.name) else {
            faults.push(Fault::new(&krate.name, "is not in the table of xtask/src/tidy/directions.rs: say there what it may name"));
            continue;
        };
        let in_tests = may_name_in_tests(&allowed);
        for named in &krate.names {
            let permitted = if named.in_tests_only { &in_tests } else { &allowed };
            if !permitted.contains(named.name.as_str()) && named.name != krate.name {
                let whose = if named.in_tests_only { "its tests" } else { "it" };
                faults.push(Fault::new(&krate.name, format!("{whose} must not name `{}` (xtask/src/tidy/directions.rs)", named.name)));
            }
        }
    }
    let present: BTreeSet<&str> = crates.iter().map(|krate| krate.name.as_str()).collect();
    let gone = MAY_NAME.iter().filter(|(name, _)| !present.contains(name));
    faults.extend(gone.map(|(name, _)| Fault::new(*name, "is gone: take its row out of xtask/src/tidy/directions.rs")));
    faults
}

fn may_name(name: &str) -> Option<BTreeSet<&'static str>> {
    let (_, groups) = MAY_NAME.iter().find(|(row, _)| *row == name)?;
    Some(groups.iter().copied().flatten().copied().collect())
}

fn may_name_in_tests(allowed: &BTreeSet<&'static str>) -> BTreeSet<&'static str> {
    let mut reached = allowed.clone();
    let mut open: Vec<&str> = allowed.iter().copied().collect();
    while let Some(next) = open.pop() {
        for further in may_name(next).unwrap_or_default() {
            if reached.insert(further) {
                open.push(further);
            }
        }
    }
    reached.extend(TESTS_MAY_NAME);
    reached
}
