//! One topic: its subscriptions, and the scheduled messages that wait in it until they are copied to them.

use std::collections::BTreeMap;

use crate::duplicates::Duplicates;
use crate::entity::{EntityId, Rule, TopicRow, TopicSettings};
use crate::message::{Message, Sequence};

#[derive(Debug)]
pub(crate) struct Topic {
    pub(crate) name: String,
    pub(crate) settings: TopicSettings,
    pub(crate) next_sequence: u64,
    pub(crate) bytes: u64,
    pub(crate) scheduled: BTreeMap<Sequence, Message>,
    pub(crate) subscriptions: BTreeMap<String, Subscription>,
    pub(crate) duplicates: Duplicates,
}

#[derive(Debug)]
pub(crate) struct Subscription {
    pub(crate) forward_to: EntityId,
    pub(crate) rule: Rule,
}

impl Topic {
    pub(crate) fn new(row: TopicRow) -> Self {
        Self {
            name: row.name,
            settings: row.settings,
            next_sequence: row.next_sequence,
            bytes: 0,
            scheduled: BTreeMap::new(),
            subscriptions: BTreeMap::new(),
            duplicates: Duplicates::default(),
        }
    }

    pub(crate) fn take_sequence(&mut self) -> Sequence {
        let sequence = Sequence(self.next_sequence);
        self.next_sequence += 1;
        sequence
    }

    /// The queues that get a copy of a message, one each for every subscription that takes it.
    pub(crate) fn takers(&self) -> Vec<EntityId> {
        self.subscriptions
            .values()
            .filter(|subscription| subscription.rule.takes_message())
            .map(|subscription| subscription.forward_to)
            .collect()
    }

    pub(crate) fn hold(&mut self, sequence: Sequence, message: Message) {
        self.bytes += u64::from(message.bytes);
        self.scheduled.insert(sequence, message);
    }

    pub(crate) fn take(&mut self, sequence: Sequence) -> Option<Message> {
        let message = self.scheduled.remove(&sequence)?;
        self.bytes -= u64::from(message.bytes);
        Some(message)
    }
}
