//! Many buyers, some at once, and what a person sees of them meanwhile.

use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use buyer::{Choice, Client, Company, End, Journal, Purchase, Usual, Whim, buy_among, compare};
use hosting::{Clock, Outside};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Chosen;
use crate::text::{amount, say};

/// How often a progress bar is drawn anew, a second.
const DRAWN_PER_SECOND: u8 = 10;

/// What all buyers have in common.
pub(super) struct Crowd {
    pub(super) client: Client,
    pub(super) choice: Choice,
    pub(super) card: String,
    pub(super) email: String,
    pub(super) usual: Usual,
}

/// One buyer's story.
struct Story {
    purchase: Purchase,
    journal: Journal,
    end: End,
}

impl Crowd {
    /// Lets `buyers` buy, `at_once` at the same time; answers how it ended for each, after comparing what each was told
    /// with what is true when all are done.
    pub(super) async fn buy(self, buyers: usize, at_once: usize, progress: &Arc<Progress>) -> Vec<End> {
        let crowd = Arc::new(self);
        let (one, bar) = (Arc::clone(&crowd), Arc::clone(progress));
        let stories = in_parallel(&crowd.client.outside, buyers, at_once, move |number| {
            let (crowd, bar) = (Arc::clone(&one), Arc::clone(&bar));
            async move { crowd.send_one(number, &bar).await }
        });
        let stories: Arc<Vec<Option<Story>>> = Arc::new(stories.await);
        let twice = codes_seen_twice(&stories);
        let (one, told) = (Arc::clone(&crowd), Arc::clone(&stories));
        let ends = in_parallel(&crowd.client.outside, buyers, at_once, move |number| {
            let (crowd, told, twice) = (Arc::clone(&one), Arc::clone(&told), twice.clone());
            async move { crowd.compare_one(told.get(number).and_then(Option::as_ref), &twice).await }
        });
        ends.await.into_iter().map(|end| end.unwrap_or_else(died)).collect()
    }

    async fn send_one(&self, number: usize, progress: &Progress) -> Story {
        let purchase = Purchase {
            choice: self.choice.clone(),
            card: self.card.clone(),
            email: self.email.clone(),
            name: format!("Buyer {}", number + 1),
            whim: Whim::None,
        };
        let mut journal = Journal::default();
        let company = Company { usual: &self.usual, progress: &mut |step| progress.step(step) };
        let end = buy_among(&self.client, &purchase, &mut journal, company).await;
        progress.one_is_done();
        Story { purchase, journal, end }
    }

    async fn compare_one(&self, story: Option<&Story>, twice: &BTreeSet<String>) -> End {
        let Some(story) = story else { return died() };
        if let Some(code) = story.journal.codes().unwrap_or_default().iter().find(|code| twice.contains(*code)) {
            return End::Contradicted(format!("the ticket {code} was given to more than one buyer"));
        }
        compare(&self.client, &story.purchase, &story.journal, story.end.clone()).await
    }
}

fn died() -> End {
    End::Unresolved("the buyer's task died".to_owned())
}

fn codes_seen_twice(stories: &[Option<Story>]) -> BTreeSet<String> {
    let (mut seen, mut twice) = (BTreeSet::new(), BTreeSet::new());
    for code in stories.iter().flatten().flat_map(|story| story.journal.codes().unwrap_or_default()) {
        if !seen.insert(code) {
            twice.insert(code.clone());
        }
    }
    twice
}

/// Does `work` for each number below `count`, `at_once` at the same time; the answers in order of number.
async fn in_parallel<T, F>(
    outside: &Outside,
    count: usize,
    at_once: usize,
    work: impl Fn(usize) -> F + Send + Sync + 'static,
) -> Vec<Option<T>>
where
    T: Send + 'static,
    F: Future<Output = T> + Send,
{
    let done: Arc<Mutex<Vec<Option<T>>>> = Arc::new(Mutex::new((0..count).map(|_| None).collect()));
    let (next, work) = (Arc::new(AtomicUsize::new(0)), Arc::new(work));
    let tasks: Vec<_> = (0..at_once)
        .map(|_| {
            let (done, next, work) = (Arc::clone(&done), Arc::clone(&next), Arc::clone(&work));
            let task = async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return;
                    }
                    let answer = work(number).await;
                    if let Some(place) = done.lock().unwrap_or_else(PoisonError::into_inner).get_mut(number) {
                        *place = Some(answer);
                    }
                }
            };
            outside.spawner.spawn("buyer", Box::pin(task))
        })
        .collect();
    for task in tasks {
        task.await;
    }
    std::mem::take(&mut *done.lock().unwrap_or_else(PoisonError::into_inner))
}

/// What a person sees: each step of a single buyer with its time, or a bar for many on a terminal.
pub(super) struct Progress {
    clock: Arc<dyn Clock>,
    shown: Shown,
}

enum Shown {
    Nothing,
    Steps { began: Duration },
    Bar(ProgressBar),
}

impl Progress {
    pub(super) fn new(outside: &Outside, buyers: usize, json: bool) -> Self {
        let clock = Arc::clone(&outside.clock);
        let shown = match buyers {
            1 if !json => Shown::Steps { began: clock.monotonic() },
            2.. if std::io::stderr().is_terminal() => Shown::Bar(bar(buyers)),
            _ => Shown::Nothing,
        };
        Self { clock, shown }
    }

    pub(super) fn chosen(&self, chosen: &Chosen, quantity: u32) {
        if let Shown::Steps { .. } = self.shown {
            let price = amount(chosen.price_minor, &chosen.currency);
            say(format!("{quantity} × {} ({}) at {price}", chosen.title, chosen.ticket_type));
        }
    }

    fn step(&self, step: &str) {
        if let Shown::Steps { began } = self.shown {
            let ms = (self.clock.monotonic() - began).as_secs_f64() * 1_000.0;
            say(format!("{ms:9.1} ms  {step}"));
        }
    }

    fn one_is_done(&self) {
        if let Shown::Bar(bar) = &self.shown {
            bar.inc(1);
        }
    }

    pub(super) fn finish(&self) {
        if let Shown::Bar(bar) = &self.shown {
            bar.finish_and_clear();
        }
    }
}

fn bar(buyers: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} buyers, {per_sec}, {eta} left");
    let bar = ProgressBar::with_draw_target(Some(buyers as u64), ProgressDrawTarget::stderr_with_hz(DRAWN_PER_SECOND));
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
