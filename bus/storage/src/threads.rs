//! The driver of production: one writer thread and a few reader threads per database, each with its own connection.

use std::sync::{Arc, Mutex, PoisonError};
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
    Close,
}

/// The threads and the way to them.
pub(crate) struct Threads {
    writes: Mutex<Option<mpsc::Sender<WriteRequest>>>,
    reads: Mutex<Option<mpsc::Sender<ReadRequest>>>,
    running: Mutex<Vec<JoinHandle<()>>>,
}

impl Threads {
    /// Starts a thread for the writer, if there is one, and for each reader.
    pub(crate) fn start(name: &str, writer: Option<Writer>, readers: Vec<Link>) -> std::io::Result<Self> {
        let (writes, write_requests) = mpsc::channel(WAITING_MAX);
        let (reads, read_requests) = mpsc::channel(WAITING_MAX);
        let threads = Self {
            writes: Mutex::new(writer.is_some().then_some(writes)),
            reads: Mutex::new(Some(reads)),
            running: Mutex::new(Vec::new()),
        };
        if let Some(writer) = writer {
            threads.spawn(format!("{name} writer"), move || run_writer(writer, write_requests))?;
        }
        let read_requests = Arc::new(Mutex::new(read_requests));
        for link in readers {
            let requests = Arc::clone(&read_requests);
            threads.spawn(format!("{name} reader"), move || run_reader(&link, &requests))?;
        }
        Ok(threads)
    }

    fn spawn(&self, name: String, body: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
        let handle = std::thread::Builder::new().name(name).spawn(body)?;
        self.running.lock().unwrap_or_else(PoisonError::into_inner).push(handle);
        Ok(())
    }

    /// Hands the job to the writer; waits while too many wait. False: closed.
    pub(crate) async fn write(&self, job: Box<dyn Job>) -> bool {
        let Some(writes) = self.writes.lock().unwrap_or_else(PoisonError::into_inner).clone() else { return false };
        writes.send(WriteRequest::Run(job)).await.is_ok()
    }

    /// Hands the job to a reader; waits while too many wait. False: closed.
    pub(crate) async fn read(&self, job: ReadJob) -> bool {
        let Some(reads) = self.reads.lock().unwrap_or_else(PoisonError::into_inner).clone() else { return false };
        reads.send(ReadRequest::Run(job)).await.is_ok()
    }

    /// Lets what was handed in before end, then closes all connections.
    pub(crate) async fn close(&self) {
        let writes = self.writes.lock().unwrap_or_else(PoisonError::into_inner).take();
        let reads = self.reads.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(reads) = reads {
            for _ in 0..READERS {
                // The last reader to go closes the queue, then nobody takes any more.
                let _ = reads.send(ReadRequest::Close).await;
            }
        }
        if let Some(writes) = writes {
            let (answer, closed) = oneshot::channel();
            if writes.send(WriteRequest::Close(answer)).await.is_ok() {
                let _ = closed.await;
            }
        }
        self.join();
    }

    fn join(&self) {
        let running = std::mem::take(&mut *self.running.lock().unwrap_or_else(PoisonError::into_inner));
        for handle in running {
            // A closure may own the last handle to its own database.
            if handle.thread().id() != std::thread::current().id() {
                let _ = handle.join();
            }
        }
    }
}

impl Drop for Threads {
    /// Waits until what is under way has ended, so that the file is free afterwards.
    fn drop(&mut self) {
        self.writes.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.reads.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.join();
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

fn run_reader(link: &Link, requests: &Mutex<mpsc::Receiver<ReadRequest>>) {
    loop {
        // One waits for the next request, the others wait for their turn to wait.
        let request = requests.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
        match request {
            Some(ReadRequest::Run(job)) => job(link),
            Some(ReadRequest::Close) | None => return,
        }
    }
}

/// What is said when a thread is gone that should have answered.
pub(crate) fn thread_gone() -> SqlError {
    SqlError::new(crate::error::SqlClass::Environment, "the database's thread has ended", "")
}
