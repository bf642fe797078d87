//! The driver of production: one writer thread and a few reader threads per database, each with its own connection.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::{mpsc, oneshot};

use crate::error::SqlError;
use crate::group::{Job, Writer};
use crate::link::Link;

/// Closures that share one commit, at most.
const GROUP_MAX: usize = 256;
/// Closures that may wait; beyond that, callers wait for room.
const WAITING_MAX: usize = 4096;
/// Reader threads of a database.
pub(crate) const READERS: usize = 3;

/// What a reader thread does with its connection.
pub(crate) type ReadJob = Box<dyn FnOnce(&Link) + Send>;

pub(crate) enum WriteRequest {
    Run(Box<dyn Job>),
    /// Answer once all that came before is done and the connection is closed.
    Close(oneshot::Sender<()>),
}

pub(crate) enum ReadRequest {
    Run(ReadJob),
    /// One reader closes its connection, answers and ends.
    Close(oneshot::Sender<()>),
}

/// The threads and the way to them.
pub(crate) struct Threads {
    writes: Mutex<Option<mpsc::Sender<WriteRequest>>>,
    reads: Mutex<Option<mpsc::Sender<ReadRequest>>>,
    writer: Mutex<Vec<JoinHandle<()>>>,
    readers: Mutex<Vec<JoinHandle<()>>>,
}

impl Threads {
    /// Starts a thread for the writer, if there is one, and for each reader.
    pub(crate) fn start(name: &str, writer: Option<Writer>, readers: Vec<Link>) -> std::io::Result<Self> {
        let (writes, write_requests) = mpsc::channel(WAITING_MAX);
        let (reads, read_requests) = mpsc::channel(WAITING_MAX);
        let threads = Self {
            writes: Mutex::new(writer.is_some().then_some(writes)),
            reads: Mutex::new(Some(reads)),
            writer: Mutex::default(),
            readers: Mutex::default(),
        };
        if let Some(writer) = writer {
            spawn(&threads.writer, format!("{name} writer"), move || run_writer(writer, write_requests))?;
        }
        let read_requests = Arc::new(Mutex::new(read_requests));
        for link in readers {
            let requests = Arc::clone(&read_requests);
            spawn(&threads.readers, format!("{name} reader"), move || run_reader(link, &requests))?;
        }
        Ok(threads)
    }

    /// Hands the job to the writer; waits while too many wait. False: closed.
    pub(crate) async fn write(&self, job: Box<dyn Job>) -> bool {
        let Some(writes) = lock(&self.writes).clone() else { return false };
        writes.send(WriteRequest::Run(job)).await.is_ok()
    }

    /// Hands the job to a reader; waits while too many wait. False: closed.
    pub(crate) async fn read(&self, job: ReadJob) -> bool {
        let Some(reads) = lock(&self.reads).clone() else { return false };
        reads.send(ReadRequest::Run(job)).await.is_ok()
    }

    /// Lets what was handed in before end, then closes all connections.
    pub(crate) async fn close(&self) {
        if let Some(reads) = self.stop_reads() {
            let readers = lock(&self.readers).len();
            for _ in 0..readers {
                let (answer, closed) = oneshot::channel();
                if reads.send(ReadRequest::Close(answer)).await.is_ok() {
                    let _ = closed.await;
                }
            }
        }
        if let Some(writes) = self.stop_writes() {
            let (answer, closed) = oneshot::channel();
            if writes.send(WriteRequest::Close(answer)).await.is_ok() {
                let _ = closed.await;
            }
        }
        join(&self.readers);
        join(&self.writer);
    }

    fn stop_reads(&self) -> Option<mpsc::Sender<ReadRequest>> {
        lock(&self.reads).take()
    }

    fn stop_writes(&self) -> Option<mpsc::Sender<WriteRequest>> {
        lock(&self.writes).take()
    }
}

impl Drop for Threads {
    /// Waits until what is under way has ended, so that the file is free afterwards. The writer goes last: two
    /// connections that close at once each leave the log's tidying to the other.
    fn drop(&mut self) {
        self.stop_reads();
        join(&self.readers);
        self.stop_writes();
        join(&self.writer);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[expect(clippy::disallowed_methods, reason = "the one place where storage starts its threads: named here, joined at the drop")]
fn spawn(threads: &Mutex<Vec<JoinHandle<()>>>, name: String, body: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    let handle = std::thread::Builder::new().name(name).spawn(body)?;
    lock(threads).push(handle);
    Ok(())
}

fn join(threads: &Mutex<Vec<JoinHandle<()>>>) {
    let threads = std::mem::take(&mut *lock(threads));
    for handle in threads {
        // A closure may own the last handle to its own database.
        if handle.thread().id() != std::thread::current().id() {
            let _ = handle.join();
        }
    }
}

fn run_writer(mut writer: Writer, mut requests: mpsc::Receiver<WriteRequest>) {
    while let Some(first) = requests.blocking_recv() {
        let mut jobs = Vec::new();
        let mut next = Some(first);
        let mut closing = None;
        while let Some(request) = next {
            match request {
                WriteRequest::Run(job) => jobs.push(job),
                WriteRequest::Close(answer) => {
                    closing = Some(answer);
                    break;
                }
            }
            next = if jobs.len() < GROUP_MAX { requests.try_recv().ok() } else { None };
        }
        if !jobs.is_empty() {
            writer.group(jobs);
        }
        if let Some(answer) = closing {
            drop(writer);
            let _ = answer.send(());
            return;
        }
    }
}

fn run_reader(link: Link, requests: &Mutex<mpsc::Receiver<ReadRequest>>) {
    loop {
        // One waits for the next request, the others wait for their turn to wait.
        let request = lock(requests).blocking_recv();
        match request {
            Some(ReadRequest::Run(job)) => job(&link),
            Some(ReadRequest::Close(answer)) => {
                drop(link);
                let _ = answer.send(());
                return;
            }
            None => return,
        }
    }
}

/// What is said when a thread is gone that should have answered.
pub(crate) fn thread_gone() -> SqlError {
    SqlError::new(crate::error::SqlClass::Environment, "the database's thread has ended", "")
}
