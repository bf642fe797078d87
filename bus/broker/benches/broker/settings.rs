//! What the command line says.

use std::path::PathBuf;
use std::time::Duration;

pub(crate) struct Settings {
    pub(crate) rounds: usize,
    pub(crate) round: Duration,
    /// How many messages wait in the queue of the backlog's part.
    pub(crate) messages: u64,
    /// Deleted at the end.
    pub(crate) folder: tempfile::TempDir,
    /// How many publishers at once.
    pub(crate) in_flight: Vec<usize>,
    parts: Vec<String>,
}

impl Settings {
    /// Without `--folder` the files are where the build is: on the disk that is meant, not in memory.
    pub(crate) fn parse(arguments: &[String]) -> Self {
        let mut in_flight = vec![1, 16, 64, 256, 1_024];
        let (mut quick, mut folder, mut messages, mut parts) = (false, target(), 1_000_000, Vec::new());
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--quick" => quick = true,
                "--folder" => folder = PathBuf::from(arguments.next().unwrap()),
                "--messages" => messages = arguments.next().unwrap().parse().unwrap(),
                "--in-flight" => in_flight = vec![arguments.next().unwrap().parse().unwrap()],
                // cargo says that this is a bench.
                "--bench" => {}
                part => parts.push(part.to_owned()),
            }
        }
        let folder = tempfile::Builder::new().prefix("bench-").tempdir_in(folder).unwrap();
        let (rounds, round) = if quick { (5, 0.4) } else { (11, 0.8) };
        Self { rounds, round: Duration::from_secs_f64(round), messages, folder, in_flight, parts }
    }

    pub(crate) fn wants(&self, part: &str) -> bool {
        self.parts.is_empty() || self.parts.iter().any(|wanted| wanted == part)
    }
}

/// The folder of the build, which this program lies in.
fn target() -> PathBuf {
    std::env::current_exe().unwrap().parent().unwrap().to_owned()
}
