//! A shop in a process of its own, for long runs: started on a folder under `target/`, bought from, killed, verified.
//! Only its command line is known here.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::stage::{cargo, say};

/// A running shop. Its process ends with this.
pub(crate) struct Shop {
    binary: PathBuf,
    folder: PathBuf,
    ports: [String; 2],
    process: Child,
    /// From the start of the process to its word that it is ready, with an empty folder: seeding included.
    pub(crate) ready_ms: f64,
}

/// What `buy --json` says.
#[derive(Debug)]
pub(crate) struct BuyReport {
    pub(crate) buyers: u64,
    pub(crate) issued: u64,
    pub(crate) contradicted: u64,
    pub(crate) unresolved: u64,
    pub(crate) orders_per_second: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
}

impl Shop {
    /// Builds it as it is shipped and starts it on an empty folder, `target/<name>`.
    pub(crate) fn build_and_start(root: &Path, name: &str) -> Result<Self> {
        cargo(root, &["build", "--locked", "--release", "-p", "globoticket"], &[])?;
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
        let folder = target.join(name);
        if folder.exists() {
            std::fs::remove_dir_all(&folder).with_context(|| format!("{} cannot be emptied", folder.display()))?;
        }
        std::fs::create_dir_all(&folder)?;
        let binary = target.join("release/globoticket");
        let (process, ready_ms) = start(&binary, &folder, &["0".to_owned(), "0".to_owned()])?;
        let ports = ports(&folder)?;
        Ok(Self { binary, folder, ports, process, ready_ms })
    }

    /// Enters an event that has room for `capacity` buyers; answers its id once it is on sale.
    pub(crate) fn create_event(&self, title: &str, capacity: u32) -> Result<String> {
        let capacity = capacity.to_string();
        let created = self.ask(&["events", "create", "--title", title, "--capacity", &capacity, "--price", "25.00", "--json"])?;
        created["id"].as_str().map(str::to_owned).with_context(|| format!("no id in {created}"))
    }

    /// Says that an event does not take place.
    pub(crate) fn cancel_event(&self, event: &str) -> Result<()> {
        self.ask(&["events", "cancel", event, "--json"]).map(drop)
    }

    /// Whether nothing is under way at this moment. Fails where something is untrue.
    pub(crate) fn is_at_rest(&self) -> Result<bool> {
        let mut command = Command::new(&self.binary);
        command.args(["verify", "--json", "--data", "data"]).current_dir(&self.folder).stdin(Stdio::null());
        let output = command.output().context("`verify` cannot be started")?;
        match output.status.code() {
            Some(0) => Ok(true),
            Some(3) => Ok(false),
            _ => bail!("`verify` ended with {}: {}", output.status, String::from_utf8_lossy(&output.stdout)),
        }
    }

    /// Sends buyers and waits until each has reached an end.
    pub(crate) fn buy(&self, event: &str, buyers: u32, at_once: u32) -> Result<BuyReport> {
        let output = self.buying(event, buyers, at_once).output().context("`buy` cannot be started")?;
        report(&output.stdout).with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// The command that [`Shop::buy`] runs, for who wants to do something meanwhile.
    pub(crate) fn buying(&self, event: &str, buyers: u32, at_once: u32) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(["buy", "--url", &format!("http://127.0.0.1:{}", self.ports[0]), "--event", event, "--json"]);
        command.args(["--buyers", &buyers.to_string(), "--at-once", &at_once.to_string()]);
        command.current_dir(&self.folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Ends the process as a power cut would, and starts it again on the same folder and ports.
    pub(crate) fn kill_and_start(&mut self) -> Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        (self.process, _) = start(&self.binary, &self.folder, &self.ports)?;
        Ok(())
    }

    /// Waits until nothing is under way and checks everything.
    pub(crate) fn verify(&self) -> Result<()> {
        let found = self.ask(&["verify", "--wait", "60", "--json"])?;
        say(&format!("  verify: {found}"));
        if found["dead_letters"].as_u64() != Some(0) {
            bail!("there are dead letters; the shop's folder is kept: {}", self.folder.display());
        }
        Ok(())
    }

    pub(crate) fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// Memory that it has of the machine; 0 where the system does not tell.
    pub(crate) fn resident_mib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) / 1_024
    }

    fn ask(&self, arguments: &[&str]) -> Result<Value> {
        let mut command = Command::new(&self.binary);
        command.args(arguments).args(["--data", "data"]).current_dir(&self.folder).stdin(Stdio::null());
        let output = command.output().context("the shop's command cannot be started")?;
        if !output.status.success() {
            let said = [output.stdout, output.stderr].concat();
            bail!("`{}` ended with {}: {}", arguments.join(" "), output.status, String::from_utf8_lossy(&said));
        }
        serde_json::from_slice(&output.stdout).context("no JSON")
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[expect(clippy::disallowed_methods, reason = "a figure for people; nothing is decided by it")]
fn start(binary: &Path, folder: &Path, ports: &[String; 2]) -> Result<(Child, f64)> {
    let began = Instant::now();
    let log = std::fs::OpenOptions::new().create(true).append(true).open(folder.join("log"))?;
    let mut command = Command::new(binary);
    command.args(["run", "--data", "data", "--port", &ports[0], "--gateway-port", &ports[1], "--log", "warn"]);
    command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
    let mut process = command.spawn().context("the shop cannot be started")?;
    let output = process.stdout.take().context("the shop has no output")?;
    let ready = BufReader::new(output).lines().map_while(Result::ok).any(|line| line.starts_with("ready"));
    if !ready {
        bail!("the shop ended before it was ready: {}; see {}", process.wait()?, folder.join("log").display());
    }
    Ok((process, Duration::as_secs_f64(&began.elapsed()) * 1_000.0))
}

/// The ports that the system gave it, as it notes them in its folder.
fn ports(folder: &Path) -> Result<[String; 2]> {
    let noted = std::fs::read(folder.join("data/shop.json")).context("the shop did not note where it is")?;
    let noted: Value = serde_json::from_slice(&noted)?;
    let port = |key: &str| {
        let url = noted[key].as_str().with_context(|| format!("no {key} in {noted}"))?;
        url.trim_end_matches('/').rsplit(':').next().map(str::to_owned).with_context(|| format!("no port in {url}"))
    };
    Ok([port("url")?, port("gateway_url")?])
}

/// Reads what `buy --json` printed.
pub(crate) fn report(output: &[u8]) -> Result<BuyReport> {
    let found: Value = serde_json::from_slice(output).context("`buy` did not answer with JSON")?;
    let count = |key: &str| found[key].as_u64().with_context(|| format!("no {key} in {found}"));
    let figure = |key: &str| found[key].as_f64().unwrap_or(0.0);
    Ok(BuyReport {
        buyers: count("buyers")?,
        issued: count("issued")?,
        contradicted: count("contradicted")?,
        unresolved: count("unresolved")?,
        orders_per_second: figure("orders_per_second"),
        p50_ms: figure("p50_ms"),
        p99_ms: figure("p99_ms"),
    })
}
