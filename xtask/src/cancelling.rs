//! An event with many orders is cancelled while others buy tickets of another one: how long until everybody has the money back,
//! and what those who buy notice of it.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::shop::{BuyReport, Shop};
use crate::stage::say;

/// Orders of the cancelled event: usual, and in a quick run.
const ORDERS: (u32, u32) = (10_000, 1_000);
/// Buyers of a round, and how many of them at once: a shop on a good evening, not a rush.
const ROUND: u32 = 100;
const AT_ONCE: u32 = 8;
/// Rounds without a cancellation, to compare with.
const ROUNDS_ALONE: u32 = 5;
/// After so long it is not working any more.
const PATIENCE: Duration = Duration::from_secs(1_800);

/// What rounds of buyers met: the middle round's p50, the worst round's p99.
struct Met {
    rounds: usize,
    p50_ms: f64,
    p99_ms: f64,
}

/// Sells, cancels, and looks between rounds of buyers whether the shop is at rest: then all is refunded, and checked.
#[expect(clippy::disallowed_methods, reason = "a figure for people; nothing is decided by it but when to give up")]
pub(crate) fn run(root: &Path, quick: bool) -> Result<()> {
    let shop = Shop::build_and_start(root, "bench-cancel")?;
    let orders = if quick { ORDERS.1 } else { ORDERS.0 };
    let (cancelled, other) = (shop.create_event("It will not take place", orders)?, shop.create_event("It goes on", 100_000)?);
    say(&format!("\nan event with {orders} orders is cancelled; {ROUND} buyers of another one a round, {AT_ONCE} at once"));
    let sold = shop.buy(&cancelled, orders, 64)?;
    if sold.issued != u64::from(orders) {
        bail!("{} of {orders} orders were sold: {sold:?}", sold.issued);
    }
    let alone = (0..ROUNDS_ALONE).map(|_| round(&shop, &other)).collect::<Result<Vec<_>>>()?;
    let began = Instant::now();
    shop.cancel_event(&cancelled)?;
    let (mut meanwhile, mut before) = (Vec::new(), Duration::ZERO);
    loop {
        meanwhile.push(round(&shop, &other)?);
        let looked = began.elapsed();
        if shop.is_at_rest()? {
            let at_most = began.elapsed();
            say(&format!("  all refunded after {:.1} to {:.1} s", before.as_secs_f64(), at_most.as_secs_f64()));
            break;
        }
        before = looked;
        if before > PATIENCE {
            bail!("not all is refunded after {} s", PATIENCE.as_secs());
        }
    }
    say("                 | rounds | p50 ms (middle round) | p99 ms (worst round)");
    say(&line("alone", &met(alone)));
    say(&line("while refunding", &met(meanwhile)));
    shop.verify()
}

fn round(shop: &Shop, event: &str) -> Result<BuyReport> {
    let report = shop.buy(event, ROUND, AT_ONCE)?;
    if report.issued != u64::from(ROUND) {
        bail!("{} of {ROUND} buyers got their ticket: {report:?}", report.issued);
    }
    Ok(report)
}

fn met(rounds: Vec<BuyReport>) -> Met {
    let mut p50: Vec<f64> = rounds.iter().map(|round| round.p50_ms).collect();
    p50.sort_by(f64::total_cmp);
    let p99_ms = rounds.iter().map(|round| round.p99_ms).fold(0.0, f64::max);
    Met { rounds: rounds.len(), p50_ms: p50.get(p50.len() / 2).copied().unwrap_or(0.0), p99_ms }
}

fn line(name: &str, met: &Met) -> String {
    format!("  {name:<15}| {:>6} | {:>21.1} | {:>20.1}", met.rounds, met.p50_ms, met.p99_ms)
}
