//! Running other programs, one stage after the other, and telling people how long each took.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// One step of a longer run.
pub(crate) struct Stage<'a> {
    pub(crate) name: &'static str,
    pub(crate) work: Box<dyn Fn() -> Result<()> + 'a>,
}

/// Runs the stages in order and stops at the first one that fails, naming it.
pub(crate) fn run_all(stages: &[Stage<'_>]) -> Result<()> {
    let mut times = Vec::new();
    for stage in stages {
        say(&format!("== {}", stage.name));
        let (result, took) = timed(&stage.work);
        times.push(format!("   {:<8} {:>6.1} min", stage.name, took.as_secs_f64() / 60.0));
        if let Err(error) = result {
            say(&times.join("\n"));
            return Err(error.context(format!("stage `{}` failed", stage.name)));
        }
    }
    say("== all stages passed");
    say(&times.join("\n"));
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "minutes for people; nothing is decided by them")]
fn timed(work: &dyn Fn() -> Result<()>) -> (Result<()>, Duration) {
    let began = std::time::Instant::now();
    (work(), began.elapsed())
}

/// Runs cargo in the workspace's root. Errors: it cannot be started, or it does not exit with 0.
pub(crate) fn cargo(root: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Result<()> {
    let line = format!("cargo {}", arguments.join(" "));
    say(&format!("$ {line}"));
    let status = Command::new(cargo_program())
        .args(arguments)
        .envs(environment.iter().copied())
        .current_dir(root)
        .status()
        .with_context(|| format!("cannot start `{line}`"))?;
    if !status.success() {
        bail!("`{line}` ended with {status}");
    }
    Ok(())
}

/// What cargo prints to standard output, its errors passed through.
pub(crate) fn cargo_output(root: &Path, arguments: &[&str]) -> Result<Vec<u8>> {
    let line = format!("cargo {}", arguments.join(" "));
    let output = Command::new(cargo_program())
        .args(arguments)
        .current_dir(root)
        .stderr(std::process::Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start `{line}`"))?;
    if !output.status.success() {
        bail!("`{line}` ended with {}", output.status);
    }
    Ok(output.stdout)
}

fn cargo_program() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"))
}

/// Lets time pass.
#[expect(clippy::disallowed_methods, reason = "a long run waits for a moment to disturb; no test does")]
pub(crate) fn pause(millis: u64) {
    std::thread::sleep(Duration::from_millis(millis));
}

/// A line for the person who started this.
#[expect(clippy::print_stdout, reason = "a program for people; this is its one way to speak")]
pub(crate) fn say(line: &str) {
    println!("{line}");
}
