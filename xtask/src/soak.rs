//! Long runs, each as long as it is told: the broker killed under load, many histories of the simulation, the shop killed in
//! the middle of sales.

use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::shop::{BuyReport, Shop, report};
use crate::stage::{cargo, pause, say};

const PARTS: &[&str] = &["broker", "simulation", "shop"];
const ROUNDS: u64 = 20;
const KILLS_A_ROUND: u64 = 50;
const HISTORIES_A_ROUND: u64 = 300;
/// In each round of the shop: places, buyers for them, buyers at once. Enough for many seconds, so that kills fall into sales.
const PLACES: u32 = 4_000;
const BUYERS: u32 = 5_000;
const AT_ONCE: u32 = 64;
/// Kills of a round, at most; and how many of them have to find buyers at work, or the round has shown nothing.
const SHOP_KILLS: u64 = 6;
const SHOP_KILLS_MIN: u64 = 3;

/// Runs the parts that `arguments` name, or all, for `--rounds N`.
pub(crate) fn run(root: &Path, arguments: &[String]) -> Result<()> {
    let (mut rounds, mut seed, mut parts) = (ROUNDS, 1, Vec::new());
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|text| text.parse().ok()).with_context(|| format!("{argument}: a number is missing"));
        match argument.as_str() {
            "--rounds" => rounds = number()?,
            "--seed" => seed = number()?,
            part if PARTS.contains(&part) => parts.push(part.to_owned()),
            other => bail!("`{other}` is no part: there are {}; or --rounds N, --seed S", PARTS.join(", ")),
        }
    }
    let wanted = |part: &str| parts.is_empty() || parts.iter().any(|wanted| wanted == part);
    if wanted("broker") {
        let kills = (rounds * KILLS_A_ROUND).to_string();
        cargo(root, &["test", "--locked", "-p", "broker", "--test", "it", "--", "crash::"], &[("BROKER_TEST_KILLS", &kills)])?;
    }
    if wanted("simulation") {
        let (seed, histories) = (seed.to_string(), (rounds * HISTORIES_A_ROUND).to_string());
        let simulate = ["run", "--locked", "--release", "-p", "globoticket", "--", "simulate", "--seed", &seed, "--histories", &histories];
        cargo(root, &simulate, &[])?;
    }
    if wanted("shop") {
        shop(root, rounds, seed)?;
    }
    Ok(())
}

/// Again and again: more buyers than places, and the shop killed while they buy. Everybody has to reach a truthful end.
fn shop(root: &Path, rounds: u64, seed: u64) -> Result<()> {
    let mut shop = Shop::build_and_start(root, "soak")?;
    let mut moments = Moments(seed);
    for round in 1..=rounds {
        let event = shop.create_event(&format!("Round {round}"), PLACES)?;
        let mut buying = shop.buying(&event, BUYERS, AT_ONCE).spawn().context("`buy` cannot be started")?;
        let mut kills = 0;
        while kills < SHOP_KILLS {
            pause(moments.next_ms());
            if buying.try_wait()?.is_some() {
                break;
            }
            shop.kill_and_start()?;
            kills += 1;
        }
        let output = buying.wait_with_output()?;
        let found = report(&output.stdout).with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
        say(&format!("round {round}: killed {kills} times while they bought: {found:?}"));
        if kills < SHOP_KILLS_MIN {
            bail!("the buyers were through after {kills} kills: too few to show anything");
        }
        judge(&found)?;
        shop.verify()?;
    }
    Ok(())
}

fn judge(found: &BuyReport) -> Result<()> {
    if found.contradicted > 0 || found.unresolved > 0 || found.issued != u64::from(PLACES) {
        bail!("{PLACES} tickets should have been issued, and every buyer told the truth: {found:?}");
    }
    Ok(())
}

/// xorshift64 (Marsaglia 2003): any moment will do, as long as it is another one each time.
struct Moments(u64);

impl Moments {
    /// Between 50 and 1,549 milliseconds.
    fn next_ms(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        50 + self.0 % 1_500
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_fails_when_a_buyer_was_told_something_untrue() {
        let good = || BuyReport {
            buyers: u64::from(BUYERS),
            issued: u64::from(PLACES),
            contradicted: 0,
            unresolved: 0,
            orders_per_second: 0.0,
            p50_ms: 0.0,
            p99_ms: 0.0,
        };
        assert!(judge(&good()).is_ok());
        assert!(judge(&BuyReport { contradicted: 1, ..good() }).is_err());
        assert!(judge(&BuyReport { unresolved: 1, ..good() }).is_err());
        assert!(judge(&BuyReport { issued: u64::from(PLACES) + 1, ..good() }).is_err());
    }
}
