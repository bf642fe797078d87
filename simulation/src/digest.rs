//! What tells two histories apart: a running SHA-256 over everything observable, and, when asked for, the same as text.

use std::fmt::Write as _;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

/// The running hash of one history.
#[derive(Debug, Clone, Default)]
pub struct Digest {
    hash: Sha256,
    text: Option<Vec<String>>,
}

impl Digest {
    /// Also keeps each entry as a line from now on, to compare two runs by eye. Takes memory without bound.
    pub fn keep_text(&mut self) {
        self.text.get_or_insert_default();
    }

    /// Adds what happened: at `at` since the start, of the kind `kind`, in the service `service`.
    pub fn record(&mut self, at: Duration, kind: &str, service: &str, bytes: &[u8]) {
        let micros = u64::try_from(at.as_micros()).unwrap_or(u64::MAX);
        self.hash.update(micros.to_le_bytes());
        for part in [kind.as_bytes(), service.as_bytes(), bytes] {
            self.hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
            self.hash.update(part);
        }
        if let Some(lines) = &mut self.text {
            lines.push(format!("{micros:>12} {kind} {service} {}", bytes.escape_ascii()));
        }
    }

    /// The hash so far, 64 hexadecimal digits.
    #[must_use]
    pub fn hex(&self) -> String {
        self.hash.clone().finalize().iter().fold(String::with_capacity(64), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// The lines so far; none unless [`Digest::keep_text`] was called.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        self.text.as_deref().unwrap_or_default()
    }
}
