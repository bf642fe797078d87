//! What any durable store pays: appending to a growing file and waiting for the disk.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::load::STORED_BYTES;

pub(crate) struct Floor {
    file: File,
}

impl Floor {
    pub(crate) fn create(folder: &Path) -> Self {
        Self { file: File::create(folder.join("floor")).unwrap() }
    }

    /// Appends of 1 KiB a second, `group` of them for each fdatasync.
    pub(crate) fn appends_per_second(&mut self, group: usize, round: Duration) -> f64 {
        let record = vec![7_u8; STORED_BYTES];
        let began = Instant::now();
        let mut appends = 0_usize;
        while began.elapsed() < round {
            for _ in 0..group {
                self.file.write_all(&record).unwrap();
            }
            self.file.sync_data().unwrap();
            appends += group;
        }
        appends as f64 / began.elapsed().as_secs_f64()
    }
}
