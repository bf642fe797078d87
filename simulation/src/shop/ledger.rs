//! What went over the bus in one history: for the invariant that each message is handled exactly once, and for stories.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use messaging::{Delivery, Destination, OutgoingMessage};

/// When something happened: virtual time since the start, and its place among all that happened then.
pub(crate) type Moment = (Duration, u64);

/// A message that the bus has accepted; one that was sent again is the same message.
pub(crate) struct Sent {
    pub(crate) at: Moment,
    pub(crate) destination: Destination,
    pub(crate) id: String,
    pub(crate) source: String,
    pub(crate) kind: String,
    pub(crate) subject: String,
    pub(crate) causation: Option<String>,
    pub(crate) body: String,
}

/// A message that an endpoint was given.
pub(crate) struct Delivered {
    pub(crate) at: Moment,
    pub(crate) endpoint: String,
    pub(crate) id: String,
}

#[derive(Default)]
pub(crate) struct Ledger {
    pub(crate) sent: Vec<Sent>,
    pub(crate) delivered: Vec<Delivered>,
    known: BTreeSet<String>,
    moments: u64,
}

/// What one handling of a message may send several times about one subject.
const OFTEN: [&str; 3] =
    ["globoticket.payment.call-gateway", "globoticket.payment.refund-failed", "globoticket.box-office.availability-changed"];

impl Ledger {
    pub(crate) fn moment(&mut self, now: Duration) -> Moment {
        self.moments += 1;
        (now, self.moments)
    }

    pub(crate) fn sent(&mut self, at: Moment, message: OutgoingMessage) {
        if !self.known.insert(message.id.clone()) {
            return;
        }
        let header = |name: &str| message.headers.get(name).cloned().unwrap_or_default();
        self.sent.push(Sent {
            at,
            source: header("source").trim_start_matches('/').to_owned(),
            kind: header("type"),
            subject: header("subject"),
            causation: message.headers.get("causationid").cloned(),
            body: String::from_utf8_lossy(&message.body).into_owned(),
            destination: message.destination,
            id: message.id,
        });
    }

    pub(crate) fn delivered(&mut self, now: Duration, endpoint: &str, delivery: &Delivery) {
        let at = self.moment(now);
        self.delivered.push(Delivered { at, endpoint: endpoint.to_owned(), id: delivery.id.clone() });
    }

    /// Messages that were handled more than once: the same endpoint has sent the same thing twice because of them.
    pub(crate) fn handled_twice(&self) -> Vec<String> {
        let mut effects: BTreeMap<(&str, &str, &str, &str), u32> = BTreeMap::new();
        for sent in self.sent.iter().filter(|sent| !OFTEN.contains(&sent.kind.as_str())) {
            let Some(cause) = sent.causation.as_deref() else { continue };
            *effects.entry((cause, sent.source.as_str(), sent.kind.as_str(), sent.subject.as_str())).or_default() += 1;
        }
        let twice = effects.into_iter().filter(|(_, times)| *times > 1);
        twice
            .map(|((cause, source, kind, subject), times)| {
                format!("message {cause} was handled more than once by {source}: it sent {kind} about {subject} {times} times")
            })
            .collect()
    }
}
