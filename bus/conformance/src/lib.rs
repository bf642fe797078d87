//! What any transport of the framework must prove: one suite for all. Each row is a promise with an id; a row that a
//! transport's capabilities rule out is reported as skipped, with the reason, never left out.
//!
//! A transport's own tests implement [`Place`] and assert the report:
//!
//! ```ignore
//! let report = conformance::suite(|row| Box::new(MyPlace::new(row))).await;
//! report.assert();
//! ```
#![warn(missing_docs)]

mod bench;
mod crashes;
mod dead;
mod delivery;
mod due;
mod hops;
mod letters;
mod setup;
mod stops;
mod topics;

use std::fmt;
use std::sync::Arc;

use hosting::{BoxFuture, Outside};
use messaging::storage::Database;
use messaging::{Endpoint, Transport};

use crate::bench::{Bench, Failure, Verdict};

/// Where one row runs: a bus of its own, empty at first, and the process around it.
pub trait Place: Send + Sync {
    /// Clock, ids and tasks. The suite waits for minutes at times (locks lapse): a virtual clock makes that short.
    fn outside(&self) -> Outside;

    /// A transport on the bus. After [`Place::stop`] or [`Place::kill`], on what these left.
    fn start(&self) -> BoxFuture<'_, Result<Arc<dyn Transport>, String>>;

    /// Ends transport and, where it lives in this process, bus in good order.
    fn stop(&self) -> BoxFuture<'_, ()>;

    /// Ends all tasks and connections of this process at once, as `kill -9` does.
    fn kill(&self);

    /// Stops the bus beneath living transports and endpoints, lets some seconds pass, and starts it again. `false`: it
    /// cannot.
    fn restart_bus(&self) -> BoxFuture<'_, Result<bool, String>> {
        Box::pin(std::future::ready(Ok(false)))
    }

    /// The endpoint's database; the same again after a stop or a kill.
    ///
    /// # Errors
    /// If it cannot be opened.
    fn database(&self, endpoint: &Endpoint) -> Result<Database, String>;

    /// Makes `queue` exist with settings that differ from what provisioning would make. `false`: it cannot.
    fn spoil<'a>(&'a self, _queue: &'a str) -> BoxFuture<'a, bool> {
        Box::pin(std::future::ready(false))
    }
}

/// How a row ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The promise is kept.
    Passed,
    /// The transport's capabilities rule it out, because.
    Skipped(&'static str),
    /// It is not kept.
    Failed(String),
}

/// A promise and how it ended.
#[derive(Debug, Clone)]
pub struct Row {
    /// Such as `T05`.
    pub id: &'static str,
    /// What was to be proved.
    pub promise: &'static str,
    /// How it ended.
    pub ending: Ending,
}

/// How all rows ended.
#[derive(Debug, Clone)]
pub struct Report {
    /// In order.
    pub rows: Vec<Row>,
}

impl Report {
    /// # Panics
    /// If a row failed, with the whole report.
    #[expect(clippy::panic, reason = "this is what a test calls")]
    pub fn assert(&self) {
        if self.rows.iter().any(|row| matches!(row.ending, Ending::Failed(_))) {
            panic!("the transport does not keep its promises:\n{self}");
        }
    }

    /// Ids of the rows that were skipped.
    #[must_use]
    pub fn skipped(&self) -> Vec<&'static str> {
        self.rows.iter().filter(|row| matches!(row.ending, Ending::Skipped(_))).map(|row| row.id).collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Row { id, promise, ending } in &self.rows {
            match ending {
                Ending::Passed => writeln!(f, "{id} passed   {promise}")?,
                Ending::Skipped(because) => writeln!(f, "{id} skipped  {promise}; because {because}")?,
                Ending::Failed(why) => writeln!(f, "{id} FAILED   {promise}: {why}")?,
            }
        }
        Ok(())
    }
}

type Prove = for<'b> fn(&'b Bench) -> BoxFuture<'b, Result<Verdict, Failure>>;

/// Every row: its id, its promise, its proof.
const ROWS: &[(&str, &str, Prove)] = &[
    ("T01", "body, headers and ids survive byte for byte", |bench| Box::pin(delivery::survives(bench))),
    ("T02", "bodies may be empty or as large as promised; one byte more fails at send", |bench| Box::pin(delivery::sizes(bench))),
    ("T03", "who only sends opens no receiver", |bench| Box::pin(delivery::send_only(bench))),
    ("T04", "an empty queue yields nothing and costs nothing", |bench| Box::pin(delivery::empty(bench))),
    ("T05", "what was completed is never seen again, also after a restart", |bench| Box::pin(delivery::completed(bench))),
    ("T06", "a release redelivers uncounted; a lapsed lock counts", |bench| Box::pin(delivery::released(bench))),
    ("T07", "what a killed process held comes again", |bench| Box::pin(crashes::killed_holder(bench))),
    ("T08", "a lock that is renewed is not lost", |bench| Box::pin(delivery::renewed(bench))),
    ("T10", "competing receivers: each message is at one of them at a time", |bench| Box::pin(delivery::competing(bench))),
    ("T12", "a receiver that holds many starves no other", |bench| Box::pin(delivery::prefetch(bench))),
    ("T13", "every subscribed endpoint gets one copy, however many receive for it", |bench| Box::pin(topics::one_copy(bench))),
    ("T15", "endpoints are isolated; odd names are mapped or refused", |bench| Box::pin(topics::isolated(bench))),
    ("T16", "a new subscriber sees old messages only where promised", |bench| Box::pin(topics::new_subscriber(bench))),
    ("T20", "what is sent for later is not handled before, and survives a restart", |bench| Box::pin(due::later(bench))),
    ("T21", "due in the past is now; due in ten years is kept exactly", |bench| Box::pin(due::past_and_far(bench))),
    ("T22", "what is cancelled before it is due is never sent; after, it says so", |bench| Box::pin(due::cancelled(bench))),
    ("T23", "what is expired is not handled but counted", |bench| Box::pin(due::expired(bench))),
    ("T24", "a dead letter keeps its message and says why", |bench| Box::pin(dead::told(bench))),
    ("T25", "a dead letter is retried at its endpoint under its id", |bench| Box::pin(dead::retried(bench))),
    ("T26", "queues and dead letters can be looked at", |bench| Box::pin(dead::browsed(bench))),
    ("T29", "a crash between commit and settlement: the inbox swallows the second delivery", |bench| Box::pin(crashes::unsettled(bench))),
    ("T31", "confirmed is durable; no confirmation is an error", |bench| Box::pin(crashes::confirmed(bench))),
    ("T32", "a command that goes nowhere is an error", |bench| Box::pin(topics::unroutable(bench))),
    ("T33", "many publish at once, then all is closed: none is lost", |bench| Box::pin(crashes::parallel(bench))),
    ("T34", "a stop ends running steps, begins none, and gives the rest back", |bench| Box::pin(stops::gives_back(bench))),
    ("T35", "stop twice, drop without stop, start after stop", |bench| Box::pin(stops::twice(bench))),
    ("T36", "the bus restarts twice under load: none is lost, consumers go on by themselves, subscriptions are back", |bench| {
        Box::pin(crashes::restarts(bench))
    }),
    ("T39", "provisioning is idempotent, also at once; other settings give a difference", |bench| Box::pin(setup::provisioned(bench))),
    ("T43", "trace and conversation are kept on every hop", |bench| Box::pin(hops::kept(bench))),
    ("T47", "a dead letter sent again by several at once goes once; a crash leaves it in one place", |bench| {
        Box::pin(dead::sent_again(bench))
    }),
];

/// Runs every row, each in a place of its own.
pub async fn suite(place: impl Fn(&'static str) -> Box<dyn Place>) -> Report {
    rows(&[], place).await
}

/// Runs the rows of these ids; all, if none is named.
pub async fn rows(ids: &[&str], place: impl Fn(&'static str) -> Box<dyn Place>) -> Report {
    let mut rows = Vec::with_capacity(ROWS.len());
    for (id, promise, prove) in ROWS.iter().filter(|(id, ..)| ids.is_empty() || ids.contains(id)) {
        let bench = Bench::new(place(id));
        let ending = match prove(&bench).await {
            Ok(Verdict::Proved) => Ending::Passed,
            Ok(Verdict::Skipped(because)) => Ending::Skipped(because),
            Err(Failure(why)) => Ending::Failed(why),
        };
        rows.push(Row { id, promise, ending });
    }
    Report { rows }
}
