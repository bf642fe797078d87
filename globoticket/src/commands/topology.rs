//! `globoticket topology`: who sends what to whom, as the services and functions declare it. Asks no shop and
//! looks at no data.

use clap::Args;
use composition::flows::{Flow, Flows};

use crate::config::{Faults, FunctionSettings};
use crate::failure::Failure;
use crate::text::{print_table, say};

/// What the answers look like.
pub(crate) const SHAPES: &str = "\
Commands go to one service, events to all who care; feeds are polled, calls go to a system outside.
--json answers {services, outside, flows}; a flow has kind (command, event, feed or call), name, from and to.";

#[derive(Debug, Args)]
pub(crate) struct TopologyArgs {
    /// Answer with one JSON object.
    #[arg(long)]
    json: bool,
    /// Answer with a drawing, as an SVG document.
    #[arg(long)]
    svg: bool,
    /// Answer with an AsyncAPI 3.0 document, as JSON.
    #[arg(long)]
    asyncapi: bool,
}

pub(crate) fn carry_out(args: &TopologyArgs, functions: &[FunctionSettings], mut faults: Faults) -> Result<(), Failure> {
    let mut wanted = vec![("json", args.json), ("svg", args.svg), ("asyncapi", args.asyncapi)];
    wanted.retain(|(_, is_wanted)| *is_wanted);
    // What this call says wins over what the environment or a file say for all calls.
    if wanted.iter().any(|(name, _)| !faults.is_set_elsewhere(name)) {
        wanted.retain(|(name, _)| !faults.is_set_elsewhere(name));
    }
    if wanted.len() > 1 {
        let options: Vec<String> = wanted.iter().map(|(name, _)| format!("--{name}")).collect();
        faults.add(format!("say which answer you want: only one of {}", options.join(", ")));
    }
    faults.finish()?;
    let flows = Flows::of_the_shop_and(functions.iter().map(FunctionSettings::endpoint).collect());
    match wanted.first() {
        Some(("json", _)) => say(serde_json::to_string_pretty(&flows).unwrap_or_default()),
        Some(("asyncapi", _)) => say(serde_json::to_string_pretty(&flows.to_asyncapi()).unwrap_or_default()),
        Some(_) => say(flows.to_svg().trim_end()),
        None => tell(&flows),
    }
    Ok(())
}

fn tell(flows: &Flows) {
    let names = |names: &[&str]| if names.is_empty() { "nobody".to_owned() } else { names.join(", ") };
    let row = |flow: &Flow| vec![flow.kind.as_str().to_owned(), flow.name.to_owned(), names(&flow.from), names(&flow.to)];
    print_table(&["KIND", "NAME", "FROM", "TO"], &flows.flows.iter().map(row).collect::<Vec<_>>());
}
