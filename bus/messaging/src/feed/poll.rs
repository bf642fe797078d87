//! Polls a feed of another service: fetches what comes after the cursor, waiting there for news, and lets the endpoint
//! take it in. Trouble on either side stops it where it is; it goes on from there.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hosting::{BoxFuture, Either, HostedService, ServiceFailure, StopSignal, race};
use http::{Request, StatusCode, header};
use serde_json::Value;
use storage::Tx;

use super::publish::{FeedPage, PublishedEntry};
use super::reading::{Learnt, RegisteredFeed, Restart};
use crate::Service;
use crate::dispatcher::pause;
use crate::error::chain;
use crate::troubles::Part;

/// Entries of one step: few enough that HTTP operations hardly wait for it.
const STEP_ENTRIES: u32 = 100;
/// How long the publisher holds a request when there is nothing new.
const WAIT: Duration = Duration::from_secs(20);
/// How much longer its answer may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// Between two looks at a publisher that does not hold requests.
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);
const BACK_OFF_FIRST: Duration = Duration::from_millis(100);
const BACK_OFF_MAX: Duration = Duration::from_secs(10);

/// Where a feed is read.
#[derive(Clone)]
pub struct FeedSource {
    /// The publisher's base URL: `/feeds/NAME` follows.
    pub url: String,
    /// What opens it.
    pub service_key: String,
}

impl std::fmt::Debug for FeedSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FeedSource").field("url", &self.url).finish_non_exhaustive()
    }
}

pub(crate) struct Poller {
    service: Service,
    feed: Arc<RegisteredFeed>,
}

/// What the publisher said.
enum Fetched {
    Page(FeedPage),
    Gone { oldest: Option<String>, why: Restart },
}

impl Poller {
    pub(crate) fn new(service: Service, feed: RegisteredFeed) -> Self {
        Self { service, feed: Arc::new(feed) }
    }

    async fn work(&self, stop: &StopSignal) {
        let mut back_off = BACK_OFF_FIRST;
        while !stop.is_stopped() {
            // After trouble the publisher is not asked to wait: that all is well again should show at once.
            let wait = if back_off == BACK_OFF_FIRST { WAIT } else { Duration::ZERO };
            match race(stop.stopped(), self.round(wait)).await {
                Either::First(()) => return,
                Either::Second(Ok(())) => {
                    back_off = BACK_OFF_FIRST;
                    self.service.inner.troubles.clear(Part::Feed(self.feed.feed));
                }
                Either::Second(Err(why)) => {
                    let trouble = format!("feed {} is not read on: {why}", self.feed.name());
                    self.service.inner.troubles.set(Part::Feed(self.feed.feed), trouble);
                    pause(&self.service, stop, back_off).await;
                    back_off = (back_off * 2).min(BACK_OFF_MAX);
                }
            }
        }
    }

    /// One look at the feed; an error says what keeps the reader from going on.
    async fn round(&self, wait: Duration) -> Result<(), String> {
        let feed = Arc::clone(&self.feed);
        let from = self.service.read(move |tx| feed.cursor(tx)).await.map_err(|error| format!("the cursor cannot be read: {error}"))?;
        let clock = &self.service.inner.outside.clock;
        let began = clock.monotonic();
        match self.fetch(from.as_deref(), wait).await? {
            Fetched::Gone { oldest, why } => self.start_over(from, oldest, why).await,
            Fetched::Page(page) if page.entries.is_empty() => {
                if clock.monotonic() - began < BETWEEN_LOOKS {
                    clock.sleep(BETWEEN_LOOKS).await;
                }
                Ok(())
            }
            Fetched::Page(page) => self.learn(from, page.entries).await,
        }
    }

    async fn fetch(&self, from: Option<&str>, wait: Duration) -> Result<Fetched, String> {
        let FeedSource { url, service_key } = &self.feed.source;
        let after = from.map(|cursor| format!("&after={cursor}")).unwrap_or_default();
        let (feed, reader, wait_s) = (self.feed.feed, self.service.name(), wait.as_secs());
        let request = Request::get(format!("{url}/feeds/{feed}?reader={reader}&max={STEP_ENTRIES}&wait={wait_s}s{after}"))
            .header(header::AUTHORIZATION, format!("Bearer {service_key}"))
            .body(Bytes::new())
            .map_err(|error| format!("its address makes no request: {error}"))?;
        let response = self.service.inner.outside.http.send(request, wait + ANSWER_WITHIN).await.map_err(|error| error.to_string())?;
        let (status, body) = (response.status(), response.body());
        match status {
            StatusCode::OK => {
                serde_json::from_slice(body).map(Fetched::Page).map_err(|error| format!("its answer cannot be read: {error}"))
            }
            StatusCode::GONE => {
                let problem: Value = serde_json::from_slice(body).unwrap_or_default();
                let why = if problem["type"] == "feed-cursor-expired" { Restart::EntriesMissed } else { Restart::NewEpoch };
                Ok(Fetched::Gone { oldest: problem["oldest"].as_str().map(str::to_owned), why })
            }
            _ => {
                let problem: Value = serde_json::from_slice(body).unwrap_or_default();
                Err(format!("its service answers {status}: {}", problem["detail"].as_str().unwrap_or("no reason given")))
            }
        }
    }

    async fn learn(&self, from: Option<String>, entries: Vec<PublishedEntry>) -> Result<(), String> {
        let (feed, service) = (Arc::clone(&self.feed), self.service.clone());
        let entries = Arc::new(entries);
        let to_learn = Arc::clone(&entries);
        let step = move |tx: &mut Tx<'_>| feed.learn(tx, service.now(), &service.inner.steps.surroundings, from.as_deref(), &to_learn);
        let learnt =
            self.service.inner.db.write(step).await.map_err(|error| format!("what it tells cannot be written: {}", chain(&error)))?;
        self.service.committed(learnt.ready(), Vec::new());
        if !self.service.inner.outside.protections.has("feed-cursor") {
            self.set_cursor_afterwards(&learnt, &entries).await;
        }
        match learnt {
            Learnt::All { .. } | Learnt::Known => Ok(()),
            Learnt::Stuck { taken, why, .. } => Err(format!("its entry {} cannot be taken in: {why}", entries[taken].cursor)),
        }
    }

    /// What a reader without rule R35 does: a crash before this, and it learns everything twice.
    async fn set_cursor_afterwards(&self, learnt: &Learnt, entries: &[PublishedEntry]) {
        let taken = match learnt {
            Learnt::All { .. } => entries.len(),
            Learnt::Stuck { taken, .. } => *taken,
            Learnt::Known => 0,
        };
        let Some(last) = taken.checked_sub(1).and_then(|last| entries.get(last)) else { return };
        let (feed, cursor) = (Arc::clone(&self.feed), last.cursor.clone());
        let _ = self.service.inner.db.write(move |tx| feed.set_cursor(tx, Some(&cursor))).await;
    }

    async fn start_over(&self, from: Option<String>, oldest: Option<String>, why: Restart) -> Result<(), String> {
        tracing::warn!(endpoint = self.service.name(), feed = self.feed.name(), ?why, "the feed is read on at its oldest entry");
        let (feed, service) = (Arc::clone(&self.feed), self.service.clone());
        let step = move |tx: &mut Tx<'_>| {
            let around = &service.inner.steps.surroundings;
            feed.start_over(tx, service.now(), around, from.as_deref(), oldest.as_deref(), why)
        };
        match self.service.inner.db.write(step).await {
            Ok(ready) => {
                self.service.committed(ready, Vec::new());
                Ok(())
            }
            Err(error) => Err(format!("it cannot be begun anew: {}", chain(&error))),
        }
    }
}

impl HostedService for Poller {
    fn name(&self) -> String {
        format!("{}.poller:{}", self.service.name(), self.feed.name())
    }

    fn run(&self, stop: StopSignal) -> BoxFuture<'_, Result<(), ServiceFailure>> {
        Box::pin(async move {
            self.work(&stop).await;
            Ok(())
        })
    }
}
