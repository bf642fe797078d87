//! The subcommands and their help.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::stage::say;
use crate::{bench, soak, suite, tidy};

struct Command {
    name: &'static str,
    summary: &'static str,
    help: &'static str,
    run: fn(&Path, &[String]) -> Result<()>,
}

const COMMANDS: &[Command] = &[
    Command {
        name: "test",
        summary: "passes the project's tests, doc tests included",
        help: "usage: cargo xtask test [ARGUMENTS OF cargo test]

Passes the tests of all crates and the examples in their documentation. Beside Rust and a C compiler they need python3,
which runs the functions of examples/functions: where it is missing it is installed from Debian, which is said first.
With arguments they go to `cargo test` as they are; `-p CRATE` tests that crate alone.",
        run: |root, arguments| suite::test(root, arguments),
    },
    Command {
        name: "ci",
        summary: "all that a change has to pass: format, tidy, clippy, tests, documentation",
        help: "usage: cargo xtask ci

Runs, one after the other: cargo fmt --check, tidy, clippy with warnings as errors, the tests (the same as
`cargo xtask test`), and rustdoc with warnings as errors. Prints the minutes of each stage and stops at the first one
that fails.",
        run: |root, arguments| no_more(arguments).and_then(|()| suite::ci(root)),
    },
    Command {
        name: "tidy",
        summary: "checks what no compiler checks: directions between crates, file lengths, headers, names, documents",
        help: "usage: cargo xtask tidy

Prints every fault at once and exits 1 if there is one:
  directions   which crate may name which (the table is in xtask/src/tidy/directions.rs)
  sources      each file opens with a //! header, is no longer than its limit (xtask/ratchets.toml), has a name that says
               something; no test is left out, nothing is left to do, no select! without an order
  goldens      each message of shop/contracts has a golden file
  guarantees   each rule of docs/guarantees.md names tests that exist
  decisions    docs/decisions/README.md lists each decision
  links        what the documents link to is there",
        run: |root, arguments| no_more(arguments).and_then(|()| tidy::run(root)),
    },
    Command {
        name: "bench",
        summary: "prints figures: the bus next to the disk's own speed, cleaning, the shop's journey, an event cancelled",
        help: "usage: cargo xtask bench [--quick] [bus] [cleaning] [journey] [cancel]

Builds as for release and prints figures with their settings; all parts unless some are named:
  bus        durable publishing with 1 to 1,024 in flight next to writing and fdatasync, at the end of a file and over
             what is there; publish to completed; a million queued messages: memory, speed next to an empty broker,
             time to start
  cleaning   operations while a million inbox rows out of retention are deleted, next to operations alone
  journey    checkout to tickets, one buyer after the other and many at once; fsyncs an order where perf may count them
  cancel     an event with 10,000 orders (--quick: 1,000) is cancelled: time until all is refunded, and what those who buy
             tickets of another event meanwhile notice of it
Other work on the machine shows in every figure: compare ratios of one run.",
        run: |root, arguments| bench::run(root, arguments),
    },
    Command {
        name: "soak",
        summary: "long runs: kills under load, many simulated histories, a shop killed in the middle of sales",
        help: "usage: cargo xtask soak [--rounds N] [--seed S] [broker] [simulation] [shop]

All parts unless some are named, 20 rounds unless told otherwise. A round is 50 kills of the broker's process, 300
histories of the simulation, or an event with fewer places than buyers in a shop that is killed up to six times while they
buy; then everything is verified. Stops at the first fault. The shop's folder, with its log, stays in target/soak.",
        run: |root, arguments| soak::run(root, arguments),
    },
];

/// Runs the subcommand that the arguments name. Errors: it is unknown, its arguments are wrong, or what it ran failed.
pub fn run(arguments: &[String]) -> Result<()> {
    let Some((name, rest)) = arguments.split_first() else {
        bail!("no command given\n\n{}", overview());
    };
    if matches!(name.as_str(), "help" | "--help" | "-h") {
        say(&overview());
        return Ok(());
    }
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        bail!("`{name}` is no command of xtask\n\n{}", overview());
    };
    if rest.iter().any(|argument| argument == "--help" || argument == "-h") {
        say(command.help);
        return Ok(());
    }
    (command.run)(&root(), rest)
}

fn overview() -> String {
    let mut text = String::from("usage: cargo xtask COMMAND\n\n");
    for command in COMMANDS {
        text.push_str(&format!("  {:<6} {}\n", command.name, command.summary));
    }
    text.push_str("\n`cargo xtask COMMAND --help` says more.");
    text
}

fn no_more(arguments: &[String]) -> Result<()> {
    match arguments.first() {
        Some(first) => bail!("`{first}` is not understood: this command takes no arguments"),
        None => Ok(()),
    }
}

/// The workspace's root: where cargo found this crate, one up.
fn root() -> PathBuf {
    let here = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    here.parent().map_or(here.clone(), Path::to_path_buf)
}
