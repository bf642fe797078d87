//! `globoticket function`: the keys that functions check signatures with, and which functions are set up.

use std::path::Path;

use clap::{Args, Subcommand};
use serde_json::json;

use crate::config::{Faults, FunctionSettings, is_function_name};
use crate::data_folder::DEFAULT_DATA;
use crate::failure::Failure;
use crate::function_keys::{self, Replaces};
use crate::runtime;
use crate::text::{complain, print_json, print_table, say};

#[derive(Debug, Args)]
pub(crate) struct FunctionArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make the key of a function, print it once, and keep it in the data folder
    Key {
        /// The function's name, such as loyalty.
        name: String,
        /// Where the shop keeps everything; made if it is not there.
        #[arg(long, value_name = "DIR", default_value = DEFAULT_DATA)]
        data: String,
        /// Make another in place of the one that is there.
        #[arg(long)]
        replace: bool,
    },
    /// List the functions that the configuration sets up
    List {
        /// Where the shop keeps everything.
        #[arg(long, value_name = "DIR", default_value = DEFAULT_DATA)]
        data: String,
        /// Answer with JSON.
        #[arg(long)]
        json: bool,
    },
}

pub(crate) fn carry_out(args: FunctionArgs, functions: &[FunctionSettings], mut faults: Faults) -> Result<(), Failure> {
    if let Action::Key { name, .. } = &args.action
        && !is_function_name(name)
    {
        faults.add(format!("`{name}` is no name of a function: it must be lower-case letters, digits and hyphens, such as loyalty"));
    }
    faults.finish()?;
    match args.action {
        Action::Key { name, data, replace } => key(&name, &data, if replace { Replaces::Old } else { Replaces::Nothing }),
        Action::List { data, json } => {
            list(functions, Path::new(&data), json);
            Ok(())
        }
    }
}

/// The key alone goes to standard output.
fn key(name: &str, data: &str, replaces: Replaces) -> Result<(), Failure> {
    let data = Path::new(data);
    runtime::run_here(|outside| async move {
        let key = function_keys::make(data, name, replaces, &*outside.entropy)?;
        say(key.reveal());
        complain(format!(
            "the key of function `{name}` is kept in {}; the shop signs with it from its next start",
            function_keys::path(data, name).display()
        ));
        Ok(())
    })
}

fn list(functions: &[FunctionSettings], data: &Path, json: bool) {
    let has_key = |function: &FunctionSettings| function_keys::path(data, function.name).exists();
    if json {
        let listed = functions.iter().map(|function| {
            let commands: Vec<&str> = function.commands.iter().map(|command| command.name).collect();
            json!({
                "name": function.name, "events": function.events, "url": function.url.to_string(), "commands": commands,
                "timeout_ms": u64::try_from(function.timeout.as_millis()).unwrap_or(u64::MAX), "has_key": has_key(function),
            })
        });
        return print_json(&listed.collect());
    }
    if functions.is_empty() {
        return say("no functions are set up");
    }
    let row = |function: &FunctionSettings| {
        let key = if has_key(function) { "yes" } else { "no" };
        vec![function.name.to_owned(), function.events.join(", "), function.url.to_string(), key.to_owned()]
    };
    print_table(&["NAME", "EVENTS", "URL", "KEY"], &functions.iter().map(row).collect::<Vec<_>>());
}
