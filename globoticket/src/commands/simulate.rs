//! `globoticket simulate`: the whole shop on a virtual clock, with faults from a seed.

use std::io::IsTerminal;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use simulation::{FaultPlan, Options, PROTECTIONS, Report};

use crate::config::Faults;
use crate::failure::{FAILED, Failure};
use crate::text::say;

#[derive(Debug, Args)]
pub(crate) struct SimulateArgs {
    /// Where every choice comes from: the same seed tells the same story.
    #[arg(long, value_name = "S", default_value = "1")]
    seed: String,
    /// How many histories are run, each from a seed of its own that follows from the first.
    #[arg(long, value_name = "N", default_value = "100")]
    histories: String,
    /// What goes wrong: all, none, or a list of kinds with commas between them.
    #[arg(long, value_name = "all|none|LIST", default_value = "all")]
    faults: String,
    /// Switches one protection off: inbox, outbox, confirm, price-events, version-check, expiry-check,
    /// look-up, release-check or feed-cursor.
    #[arg(long, value_name = "NAME")]
    without: Option<String>,
    /// Answer with one JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) fn carry_out(args: SimulateArgs, mut faults: Faults) -> Result<(), Failure> {
    let plan = args.faults.parse::<FaultPlan>().unwrap_or_else(|error| {
        faults.add(format!("{}: {error}", faults.place("faults")));
        FaultPlan::none()
    });
    let options = Options {
        seed: faults.number("seed", &args.seed, 0..=u64::MAX),
        histories: faults.number("histories", &args.histories, 1..=1_000_000),
        faults: plan,
        without: args.without.clone(),
    };
    if let Some(name) = &args.without
        && !PROTECTIONS.contains(&name.as_str())
    {
        faults.wrong("without", name, &format!("it must be one of {}", PROTECTIONS.join(", ")));
    }
    faults.finish()?;
    let bar = bar(options.histories);
    let report = simulation::run(&options, &mut |done| bar.set_position(done));
    bar.finish_and_clear();
    let report = report.map_err(|error| Failure::usage(error.to_string()))?;
    if args.json {
        say(serde_json::to_string(&report).unwrap_or_default());
    } else {
        tell(&report);
    }
    if report.violations.is_empty() { Ok(()) } else { Err(Failure::silent(FAILED)) }
}

/// A bar on a terminal; in a pipe, nothing.
fn bar(histories: u64) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} histories, {eta} left");
    ProgressBar::new(histories).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Says nothing of this machine's time: the same seed tells the same.
fn tell(report: &Report) {
    say(format!("seed {}: {} histories, {} messages, {} crashes", report.seed, report.histories, report.messages, report.crashes));
    let counted = |counts: &mut dyn Iterator<Item = (&str, u64)>| {
        let counts: Vec<String> = counts.map(|(name, count)| format!("{count} {name}")).collect();
        if counts.is_empty() { "none".to_owned() } else { counts.join(", ") }
    };
    say(format!("faults: {}", counted(&mut report.faults.iter().map(|(name, count)| (*name, *count)))));
    say(format!("orders: {}", counted(&mut report.orders.iter().map(|(state, count)| (state.as_str(), *count)))));
    for violation in &report.violations {
        say(format!("\nseed {}: something went wrong", violation.seed));
        for finding in &violation.findings {
            say(format!("  invariant {} does not hold:", finding.invariant));
            finding.rows.iter().for_each(|row| say(format!("    {row}")));
        }
        violation.story.iter().for_each(|line| say(format!("  {line}")));
    }
    if report.violations.is_empty() {
        say("everything was true in all of them");
    }
}
