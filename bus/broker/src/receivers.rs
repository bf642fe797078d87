//! Receivers that wait for messages, and handing messages over so that none is lost when a receiver goes away.

use std::collections::{BTreeMap, VecDeque};

use broker_core::{Delivered, Source};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::error::QueryError;
use crate::message::Delivery;

/// A receiver that waits.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) max: usize,
    pub(crate) answer: oneshot::Sender<Result<Handover, QueryError>>,
}

/// A receiver and what was locked for it, until that is stored.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) source: Source,
    pub(crate) waiting: Waiting,
    pub(crate) delivered: Vec<Delivered>,
}

/// All receivers that wait, in order of arrival.
#[derive(Debug, Default)]
pub(crate) struct Receivers {
    by_source: BTreeMap<Source, VecDeque<Waiting>>,
}

impl Receivers {
    /// Those who went away meanwhile are forgotten: a receiver that asks again and again would fill the memory.
    pub(crate) fn add(&mut self, source: Source, waiting: Waiting) {
        let queue = self.by_source.entry(source).or_default();
        queue.retain(|waiting| !waiting.answer.is_closed());
        queue.push_back(waiting);
    }

    /// Puts one back that was served in vain, before all others.
    pub(crate) fn add_first(&mut self, source: Source, waiting: Waiting) {
        self.by_source.entry(source).or_default().push_front(waiting);
    }

    /// Where somebody waits.
    pub(crate) fn sources(&self) -> Vec<Source> {
        self.by_source.keys().cloned().collect()
    }

    /// The first one at `source` that still waits.
    pub(crate) fn take(&mut self, source: &Source) -> Option<Waiting> {
        let queue = self.by_source.get_mut(source)?;
        while let Some(waiting) = queue.pop_front() {
            if !waiting.answer.is_closed() {
                return Some(waiting);
            }
        }
        self.by_source.remove(source);
        None
    }
}

/// Deliveries on their way to a receiver. If it is dropped before the receiver has taken them, they are given back,
/// uncounted.
#[derive(Debug)]
pub(crate) struct Handover {
    deliveries: Vec<Delivery>,
    given_back: mpsc::UnboundedSender<Vec<Uuid>>,
}

impl Handover {
    /// `given_back` is unbounded because a drop cannot wait; what is in it is bounded by the locks that are held.
    pub(crate) fn new(deliveries: Vec<Delivery>, given_back: mpsc::UnboundedSender<Vec<Uuid>>) -> Self {
        Self { deliveries, given_back }
    }

    pub(crate) fn take(mut self) -> Vec<Delivery> {
        std::mem::take(&mut self.deliveries)
    }
}

impl Drop for Handover {
    fn drop(&mut self) {
        if !self.deliveries.is_empty() {
            // Without a loop there are no locks either.
            let _ = self.given_back.send(self.deliveries.iter().map(|delivery| delivery.lock_token).collect());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn receivers_that_went_away_are_forgotten_though_an_earlier_one_still_waits() {
        let (mut receivers, source) = (Receivers::default(), Source::Queue("q".to_owned()));
        let mut add = || {
            let (answer, answered) = oneshot::channel();
            receivers.add(source.clone(), Waiting { max: 1, answer });
            answered
        };
        let _patient = add();
        (0..100).for_each(|_| drop(add()));
        assert_eq!(receivers.by_source[&source].len(), 2, "the patient one, and the last, whose going away nothing has noticed yet");
    }
}
