//! Figures with their settings: the bus next to what the disk can do, what cleaning costs, the shop's journey, and an event
//! cancelled. They depend on the machine and on who else uses it; ratios of one run can be compared.

use std::path::Path;

use anyhow::{Result, bail};

use crate::cancelling;
use crate::shop::{BuyReport, Shop};
use crate::stage::{cargo, say};
use crate::syncs::Counting;

const PARTS: &[&str] = &["bus", "cleaning", "journey", "cancel"];
/// Buyers of one load: at once, in all, in a quick run.
const LOADS: &[(u32, u32, u32)] = &[(1, 200, 50), (64, 4_000, 1_000), (256, 8_000, 2_000)];

/// Runs the parts that `arguments` name, or all.
pub(crate) fn run(root: &Path, arguments: &[String]) -> Result<()> {
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let parts: Vec<&str> = arguments.iter().map(String::as_str).filter(|argument| *argument != "--quick").collect();
    if let Some(unknown) = parts.iter().find(|part| !PARTS.contains(part)) {
        bail!("`{unknown}` is no part: there are {}", PARTS.join(", "));
    }
    let wanted = |part: &str| parts.is_empty() || parts.contains(&part);
    let more: &[&str] = if quick { &["--quick"] } else { &[] };
    if wanted("bus") {
        cargo(root, &[&["bench", "--locked", "-p", "broker", "--bench", "broker", "--"], more].concat(), &[])?;
    }
    if wanted("cleaning") {
        cargo(root, &[&["bench", "--locked", "-p", "embedded", "--bench", "cleaning", "--"], more].concat(), &[])?;
    }
    if wanted("journey") {
        journey(root, quick)?;
    }
    if wanted("cancel") {
        cancelling::run(root, quick)?;
    }
    Ok(())
}

/// Buyers of one event with room for all, on an empty data folder: checkout to tickets, and orders a second.
fn journey(root: &Path, quick: bool) -> Result<()> {
    let shop = Shop::build_and_start(root, "bench")?;
    let event = shop.create_event("A bench for everybody", 100_000)?;
    say(&format!("\nthe shop's journey, checkout to tickets; ready in {:.0} ms with its first data", shop.ready_ms));
    say(&format!("  resident, idle: {} MiB", shop.resident_mib()));
    say("  at once |  buyers | issued | orders/s |   p50 ms |   p99 ms | fsyncs an order");
    for (at_once, all, few) in LOADS {
        let buyers = if quick { few } else { all };
        let counting = Counting::begin(shop.process_id());
        let report = shop.buy(&event, *buyers, *at_once)?;
        let syncs = counting.end();
        say(&line(*at_once, &report, syncs));
        if report.issued != u64::from(*buyers) {
            bail!("{} of {buyers} buyers got their ticket: {report:?}", report.issued);
        }
    }
    say(&format!("  resident, after the load: {} MiB", shop.resident_mib()));
    shop.verify()
}

fn line(at_once: u32, report: &BuyReport, syncs: Option<u64>) -> String {
    let syncs = syncs.map_or_else(|| "not counted".to_owned(), |syncs| format!("{:.2}", syncs as f64 / report.issued.max(1) as f64));
    format!(
        "  {at_once:>7} | {:>7} | {:>6} | {:>8.1} | {:>8.1} | {:>8.1} | {syncs}",
        report.buyers, report.issued, report.orders_per_second, report.p50_ms, report.p99_ms
    )
}
