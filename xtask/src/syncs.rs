//! Counts how often a process waits for the disk, where the system lets us look: with `perf`, for who may.

use std::process::{Child, Command, Stdio};

const CALLS: &str = "syscalls:sys_enter_fdatasync,syscalls:sys_enter_fsync";

/// A count under way.
pub(crate) struct Counting(Option<Child>);

impl Counting {
    /// Begins to count the calls of a process.
    pub(crate) fn begin(process_id: u32) -> Self {
        let mut command = Command::new("perf");
        command.args(["stat", "-x", ";", "-e", CALLS, "-p", &process_id.to_string()]);
        Self(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().ok())
    }

    /// Ends the count. None: it cannot be counted here.
    pub(crate) fn end(self) -> Option<u64> {
        let child = self.0?;
        let told = Command::new("sh").args(["-c", &format!("kill -INT {}", child.id())]).status().ok()?;
        let output = child.wait_with_output().ok().filter(|_| told.success())?;
        count(&String::from_utf8_lossy(&output.stderr))
    }
}

/// The sum of the counts, which stand first in their lines.
fn count(told: &str) -> Option<u64> {
    let counts = told.lines().filter(|line| line.contains("sys_enter_"));
    counts.map(|line| line.split(';').next()?.parse().ok()).try_fold(None, |sum, one: Option<u64>| Some(Some(sum.unwrap_or(0) + one?)))?
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn both_calls_are_counted_together() {
        let told = "12;;syscalls:sys_enter_fdatasync;100;100.00;;\n3;;syscalls:sys_enter_fsync;100;100.00;;\n";
        assert_eq!(count(told), Some(15));
    }

    #[test]
    fn what_cannot_be_counted_is_no_figure() {
        assert_eq!(count("<not supported>;;syscalls:sys_enter_fsync;0;100.00;;\n"), None);
        assert_eq!(count("you may not"), None);
    }
}
