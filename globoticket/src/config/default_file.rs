//! The commented default configuration, made from the command line's own description, so that the two cannot differ.

use std::fmt::Write;

use clap::Command;

use super::options::{Option_, Options, is_secret, variable};

const HEAD: &str = "\
# GloboTicket's configuration. Kept as globoticket.toml in the data folder, or wherever --config says.
# The command line counts first, then the environment, then this file, then the defaults shown here.
# Every setting is a comment: take the # away to change it. Where \"\" is the default, it means: none.
";

const FUNCTION: &str = "
# A function: code elsewhere that is called over HTTP for each event of some types (docs/functions.md). There may be many,
# each under a [[function]] of its own, behind all other settings. Make its key with `globoticket function key NAME`.
# (no variable; of run)
# [[function]]
# Its name: that of its endpoint, subscription and queue.
# name = \"loyalty\"
# The events that it is called for.
# events = [\"globoticket.ordering.order-paid\"]
# Where it is called: http or https.
# url = \"http://127.0.0.1:7071/order-paid\"
# The commands that its answers may send; none unless they stand here.
# commands = []
# How long one call may take, in milliseconds, from 100 to 300000.
# timeout_ms = 10000
";

/// All settings with their defaults, each a comment.
pub(crate) fn default_file(command: &Command) -> String {
    let options = Options::of(command);
    let mut text = HEAD.to_owned();
    for (name, option) in options.iter() {
        describe(&mut text, name, option);
    }
    text.push_str(FUNCTION);
    text
}

fn describe(text: &mut String, name: &str, option: &Option_) {
    text.push('\n');
    for line in option.help.lines() {
        let _ = writeln!(text, "# {line}");
    }
    let of = if option.commands.is_empty() { "every command".to_owned() } else { option.commands.join(", ") };
    let _ = writeln!(text, "# ({}; of {of})", variable(name));
    let _ = match &option.default {
        _ if option.is_flag => writeln!(text, "# {name} = false"),
        Some(default) if default.parse::<i64>().is_ok() && !is_secret(name) => writeln!(text, "# {name} = {default}"),
        Some(default) => writeln!(text, "# {name} = {}", toml::Value::String(default.clone())),
        None => writeln!(text, "# {name} = \"\""),
    };
}
