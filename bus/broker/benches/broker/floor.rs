//! What any durable store pays: writing and waiting for the disk. Twice, since it depends on where one writes: at the end
//! of a file, which then grows and whose new length has to reach the disk too; and over what is there, as SQLite's log does once
//! it has its size. Whichever is faster at the moment is the floor.

use std::fs::File;
use std::io::{Seek, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::load::{Load, STORED_BYTES};

/// Of the file that is written over: more than any group, and about what a log here has.
const LAID_OUT_BYTES: usize = 16 * 1024 * 1024;

pub(crate) struct Floor {
    growing: File,
    laid_out: File,
    /// Where the next group goes in the file that is laid out.
    at: usize,
}

impl Floor {
    pub(crate) fn create(folder: &Path) -> Self {
        let mut laid_out = File::create(folder.join("floor-laid-out")).unwrap();
        laid_out.write_all(&vec![0; LAID_OUT_BYTES]).unwrap();
        laid_out.sync_all().unwrap();
        Self { growing: File::create(folder.join("floor-growing")).unwrap(), laid_out, at: LAID_OUT_BYTES }
    }

    /// Appends of 1 KiB, `group` of them for each fdatasync; a latency is a group's.
    pub(crate) fn append(&mut self, group: usize, round: Duration) -> Load {
        repeat(group, round, |records| write(&mut self.growing, records))
    }

    /// The same number of bytes for each fdatasync, over what is there.
    pub(crate) fn overwrite(&mut self, group: usize, round: Duration) -> Load {
        repeat(group, round, |records| {
            if self.at + records * STORED_BYTES > LAID_OUT_BYTES {
                self.laid_out.rewind().unwrap();
                self.at = 0;
            }
            write(&mut self.laid_out, records);
            self.at += records * STORED_BYTES;
        })
    }
}

fn write(file: &mut File, records: usize) {
    for _ in 0..records {
        file.write_all(&[7_u8; STORED_BYTES]).unwrap();
    }
    file.sync_data().unwrap();
}

fn repeat(group: usize, round: Duration, mut write: impl FnMut(usize)) -> Load {
    let (began, mut latencies) = (Instant::now(), Vec::new());
    while began.elapsed() < round {
        let asked = Instant::now();
        write(group);
        latencies.push(asked.elapsed());
    }
    Load { messages: (latencies.len() * group) as u64, took: began.elapsed(), latencies }
}
