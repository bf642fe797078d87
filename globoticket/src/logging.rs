//! Logs, to standard error: what happens inside, for operators. Answers to commands go to standard output.

use tracing_subscriber::EnvFilter;

use crate::config::Faults;

/// What is logged, and how.
#[derive(Debug, clap::Args)]
pub(crate) struct LogArgs {
    /// What is logged: off, error, warn, info, debug, trace, or a list such as warn,messaging=debug. Unless it is given:
    /// info where the shop runs, off where it is simulated, else warn.
    #[arg(long, global = true, value_name = "LEVELS", display_order = 901)]
    log: Option<String>,
    /// How logs are written: text or json.
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text", display_order = 902)]
    log_format: String,
}

/// Begins to log, at `default` unless told otherwise; what is wrong with the settings is noted.
pub(crate) fn start(args: &LogArgs, default: &str, faults: &mut Faults) {
    let levels = args.log.as_deref().unwrap_or(default);
    let filter = EnvFilter::builder().parse(levels);
    if let Err(error) = &filter {
        faults.wrong("log", levels, &format!("it must be a level or a list of them ({error})"));
    }
    let is_json = match args.log_format.as_str() {
        "text" => false,
        "json" => true,
        other => return faults.wrong("log-format", other, "it must be text or json"),
    };
    let Ok(filter) = filter else { return };
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // An error would mean that logs are on already.
    let _ = if is_json { log.json().try_init() } else { log.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).try_init() };
}
