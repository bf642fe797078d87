//! What the tests need beside Rust and a C compiler: looked for, and installed from Debian where it is missing.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::stage::say;

const INSTALL: &str = "apt-get update && apt-get install -y --no-install-recommends python3";

/// Has python3 on the path, which runs the functions of `examples/functions`. Errors: it is missing and cannot be installed.
pub(crate) fn have_python() -> Result<()> {
    if answers("python3") {
        return Ok(());
    }
    if !answers("apt-get") {
        bail!("the tests need python3, which is not here: install it, and try again");
    }
    let line = if is_root() { INSTALL.to_owned() } else { format!("sudo sh -c '{INSTALL}'") };
    say(&format!("the tests need python3, which is not here; it is installed from the distribution:\n$ {line}"));
    let status = Command::new("sh").args(["-c", &line]).status().with_context(|| format!("cannot start `{line}`"))?;
    if !status.success() || !answers("python3") {
        bail!("`{line}` ended with {status}; install python3 by hand, and try again");
    }
    Ok(())
}

fn answers(program: &str) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
