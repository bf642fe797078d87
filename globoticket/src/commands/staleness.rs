//! `globoticket staleness`: how far each service's copies of another's data are behind, and what is on the way to them.

use clap::Args;
use serde_json::Value;

use crate::config::Faults;
use crate::failure::Failure;
use crate::runtime;
use crate::shop_client::{ShopClient, Whereabouts};
use crate::text::{counted, member, print_json, print_table, say};

/// What the exit codes mean.
pub(crate) const EXITS: &str = "\
Exit codes:
  0  every copy is in step
  1  the shop did not answer
  2  wrong use
  3  a copy is behind";

const BEHIND: u8 = 3;

#[derive(Debug, Args)]
pub(crate) struct StalenessArgs {
    #[command(flatten)]
    whereabouts: Whereabouts,
    /// Answer with JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn carry_out(args: StalenessArgs, faults: Faults) -> Result<(), Failure> {
    faults.finish()?;
    runtime::run_here(|outside| async move {
        let answer = ShopClient::organiser(&outside, &args.whereabouts)?.get("/api/admin/copies").await?;
        let copies = answer["copies"].as_array().map_or(&[][..], Vec::as_slice);
        if args.json {
            print_json(&answer);
        } else {
            tell(copies);
        }
        if copies.iter().any(is_behind) { Err(Failure::silent(BEHIND)) } else { Ok(()) }
    })
}

fn number(value: &Value, name: &str) -> u64 {
    value[name].as_u64().unwrap_or(0)
}

fn is_behind(copy: &Value) -> bool {
    number(copy, "rows_behind") > 0
}

fn tell(copies: &[Value]) {
    if copies.iter().all(|copy| number(copy, "rows") + number(copy, "rows_behind") == 0) {
        say("there is nothing to copy yet");
        return;
    }
    print_table(&["SOURCE", "WHAT", "COPY", "ROWS", "BEHIND", "FOR", "ON THE WAY"], &copies.iter().map(row).collect::<Vec<_>>());
}

fn row(copy: &Value) -> Vec<String> {
    let text = |name| member(copy, name).to_owned();
    vec![text("source"), text("what"), text("copy"), number(copy, "rows").to_string(), behind(copy), age(copy), on_the_way(copy)]
}

fn behind(copy: &Value) -> String {
    if is_behind(copy) {
        format!("{}, {}", counted(number(copy, "rows_behind"), "row"), counted(number(copy, "versions_behind"), "version"))
    } else {
        "in step".to_owned()
    }
}

fn age(copy: &Value) -> String {
    match copy["age_s"].as_u64() {
        _ if !is_behind(copy) => "-".to_owned(),
        Some(seconds) => format!("{seconds} s"),
        None => "not known".to_owned(),
    }
}

fn on_the_way(copy: &Value) -> String {
    let ways = [("outbox", "not sent"), ("queue", "in the queue"), ("given_up", "given up")];
    let counts = ways.map(|(name, told)| (number(&copy["on_the_way"], name), told));
    let told: Vec<String> = counts.iter().filter(|(count, _)| *count > 0).map(|(count, told)| format!("{count} {told}")).collect();
    if told.is_empty() { "nothing".to_owned() } else { told.join(", ") }
}
