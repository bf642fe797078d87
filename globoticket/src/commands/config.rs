//! `globoticket config`: the commented default configuration.

use clap::CommandFactory;

use crate::cli::Cli;
use crate::config::default_file;
use crate::text::say;

pub(crate) fn carry_out() {
    say(default_file(&Cli::command()).trim_end());
}
