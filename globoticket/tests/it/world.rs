//! Runs the binary: once to its end, or as a shop on a folder of its own that is stopped with the test.

use std::fs::File;
use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use tempfile::TempDir;

/// Where a running shop's standard error goes.
const COMPLAINTS: &str = "complaints.txt";

/// How a command ended.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    /// Fails the test unless the command ended with `code` and said `text` on standard error.
    pub(crate) fn refused(&self, code: i32, text: &str) {
        assert_eq!(self.code, Some(code), "{}{}", self.out, self.err);
        assert!(self.err.contains(text), "`{text}` is not in: {}", self.err);
    }

    /// What the command answered, as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        assert_eq!(self.code, Some(0), "{}{}", self.out, self.err);
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }
}

/// A command of ours, in an empty environment as far as settings go and in a folder of its own.
pub(crate) fn command(folder: &TempDir, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_globoticket"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("GLOBOTICKET_")) {
        command.env_remove(name);
    }
    command.current_dir(folder.path()).args(args).stdin(Stdio::null());
    command
}

/// Runs a command to its end in an empty folder.
pub(crate) fn run(args: &[&str]) -> Ended {
    run_in(&folder(), args)
}

pub(crate) fn run_in(folder: &TempDir, args: &[&str]) -> Ended {
    ended(&command(folder, args).output().unwrap())
}

pub(crate) fn ended(output: &Output) -> Ended {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ended { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
}

pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// A running shop on ports that the system chose.
pub(crate) struct Shop {
    pub(crate) folder: TempDir,
    process: Child,
    said: Lines<BufReader<ChildStdout>>,
}

impl Shop {
    /// Starts it and waits until it says that it is ready.
    pub(crate) fn start(extra: &[&str]) -> Self {
        Self::start_in(folder(), extra)
    }

    pub(crate) fn start_in(folder: TempDir, extra: &[&str]) -> Self {
        let args = [&["run", "--data", "data", "--port", "0", "--gateway-port", "0"], extra].concat();
        let complaints = File::create(folder.path().join(COMPLAINTS)).unwrap();
        let mut process = command(&folder, &args).stdout(Stdio::piped()).stderr(complaints).spawn().unwrap();
        let mut said = BufReader::new(process.stdout.take().unwrap()).lines();
        let ready = said.by_ref().map_while(Result::ok).find(|line| line.starts_with("ready"));
        assert!(ready.is_some(), "the shop ended before it was ready");
        Self { folder, process, said }
    }

    /// A command of its operator.
    pub(crate) fn ask(&self, args: &[&str]) -> Ended {
        run_in(&self.folder, &[args, &["--data", "data"]].concat())
    }

    /// Where it says that it is.
    pub(crate) fn url(&self) -> String {
        let text = std::fs::read_to_string(self.folder.path().join("data/shop.json")).unwrap();
        let running: serde_json::Value = serde_json::from_str(&text).unwrap();
        running["url"].as_str().unwrap().to_owned()
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(mut self) -> TempDir {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        std::mem::replace(&mut self.folder, folder())
    }

    /// Tells it to stop and answers how it ended.
    pub(crate) fn stop(mut self) -> (Option<i32>, TempDir) {
        self.tell_to_stop();
        let code = self.process.wait().unwrap().code();
        (code, std::mem::replace(&mut self.folder, folder()))
    }

    /// Tells it to stop, again as soon as it says that it does, and answers how it ended and what it complained of.
    pub(crate) fn stop_twice(mut self) -> (Option<i32>, String) {
        self.tell_to_stop();
        assert!(self.said.by_ref().map_while(Result::ok).any(|line| line.starts_with("stopping")), "it says that it stops");
        self.tell_to_stop();
        let code = self.process.wait().unwrap().code();
        (code, std::fs::read_to_string(self.folder.path().join(COMPLAINTS)).unwrap())
    }

    fn tell_to_stop(&self) {
        // The shell's own `kill`: a bare machine has no other.
        let told = Command::new("sh").args(["-c", &format!("kill -TERM {}", self.process.id())]).status().unwrap();
        assert!(told.success());
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        // Has ended already, where the test ended it.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Sends a body as a plain client does, and answers all that comes back.
pub(crate) fn post(url: &str, path: &str, body: &str) -> String {
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!("POST {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
