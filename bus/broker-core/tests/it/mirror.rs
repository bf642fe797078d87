//! A store in memory that does what the changes say, and nothing else; a core can be restored from it at any moment.

use std::collections::BTreeMap;
use std::time::Duration;

use broker_core::{
    Cause, Change, Content, Core, Declaration, EntityId, Key, Lock, Now, Outgoing, Place, QueueRow, QueueSettings, Restore, Row,
    SubscriptionRow, Time, TopicRow, TopicSettings,
};
use uuid::Uuid;

#[derive(Default)]
pub(crate) struct Mirror {
    queues: BTreeMap<EntityId, QueueRow>,
    topics: BTreeMap<EntityId, TopicRow>,
    subscriptions: Vec<SubscriptionRow>,
    pub(crate) rows: BTreeMap<Key, Row>,
    pub(crate) contents: BTreeMap<Key, u64>,
    pub(crate) causes: BTreeMap<Key, Cause>,
    ids: BTreeMap<(EntityId, String), Time>,
}

impl Mirror {
    pub(crate) fn take(&mut self, core: &mut Core) {
        core.take_changes().into_iter().for_each(|change| self.apply(change));
    }

    fn apply(&mut self, change: Change) {
        match change {
            Change::QueueAdded(row) => assert!(self.queues.insert(row.id, row).is_none()),
            Change::TopicAdded(row) => assert!(self.topics.insert(row.id, row).is_none()),
            Change::SubscriptionAdded(row) => self.subscriptions.push(row),
            Change::Inserted { row, content } => {
                let content = match content {
                    Content::Sent(content) => content,
                    Content::CopyOf(key) => self.contents[&key],
                };
                assert!(self.contents.insert(row.key, content).is_none(), "a key is used twice");
                self.rows.insert(row.key, row);
            }
            Change::Counted { key, delivery_count } => self.rows.get_mut(&key).unwrap().delivery_count = delivery_count,
            Change::Enqueued(row) => assert!(self.rows.insert(row.key, row).is_some()),
            Change::DeadLettered { row, cause, .. } => {
                assert!(self.rows.insert(row.key, row).is_some());
                self.causes.insert(row.key, cause);
            }
            Change::Resubmitted { row, content } => {
                assert_eq!(self.rows.insert(row.key, row).expect("it was there").place, Place::DeadLetter);
                self.contents.insert(row.key, content);
                assert!(self.causes.remove(&row.key).is_some(), "it was dead for a reason");
            }
            Change::Removed { key, place } => {
                assert_eq!(self.rows.remove(&key).expect("a row is removed once").place, place);
                self.contents.remove(&key);
                self.causes.remove(&key);
            }
            Change::SequenceMoved { entity, next } => match self.queues.get_mut(&entity) {
                Some(queue) => queue.next_sequence = next,
                None => self.topics.get_mut(&entity).unwrap().next_sequence = next,
            },
            Change::IdRemembered { entity, message_id, until } => {
                self.ids.insert((entity, message_id), until);
            }
            Change::IdsForgotten { entity, until } => self.ids.retain(|(owner, _), end| *owner != entity || *end > until),
        }
    }

    pub(crate) fn restore(&self, latest_wall: Time, locks: impl IntoIterator<Item = Lock>) -> Core {
        let mut restore = Restore::new();
        restore.latest_wall(latest_wall);
        self.queues.values().cloned().for_each(|row| restore.queue(row));
        self.topics.values().cloned().for_each(|row| restore.topic(row));
        self.subscriptions.iter().cloned().for_each(|row| restore.subscription(row));
        self.rows.values().for_each(|row| restore.message(row));
        self.ids.iter().for_each(|((entity, id), until)| restore.remembered(*entity, id, *until));
        assert_eq!(restore.orphans(), 0);
        let next = self.rows.keys().next_back().map_or(1, |key| key.0 + 1);
        restore.finish(Key(next), locks)
    }
}

/// A core with its store and its two clocks.
pub(crate) struct World {
    pub(crate) core: Core,
    pub(crate) store: Mirror,
    pub(crate) now: Now,
    tokens: u128,
}

impl World {
    pub(crate) fn new(declarations: &[Declaration]) -> Self {
        let mut core = Core::new();
        for declaration in declarations {
            core.declare(declaration).unwrap();
        }
        let now = Now { wall: Time::from_micros(1_000_000), steady: Time::from_micros(0) };
        let mut world = Self { core, store: Mirror::default(), now, tokens: 0 };
        world.advance();
        world
    }

    /// Lets time pass on both clocks.
    pub(crate) fn pass(&mut self, micros: i64) {
        self.now.wall = Time::from_micros(self.now.wall.as_micros() + micros);
        self.now.steady = Time::from_micros(self.now.steady.as_micros() + micros);
        self.advance();
    }

    /// Lets the wall clock alone jump.
    pub(crate) fn jump(&mut self, micros: i64) {
        self.now.wall = Time::from_micros(self.now.wall.as_micros() + micros);
        self.advance();
    }

    pub(crate) fn advance(&mut self) {
        self.core.advance(self.now);
        self.store.take(&mut self.core);
        let next = self.core.next_deadline();
        assert!(next.steady.is_none_or(|at| at > self.now.steady), "a lock is left that has ended");
        assert!(next.wall.is_none_or(|at| at > self.now.wall), "something due is left");
    }

    pub(crate) fn receive(&mut self, source: &broker_core::Source, max: usize) -> Vec<broker_core::Delivered> {
        let tokens = &mut self.tokens;
        let mut token = || {
            *tokens += 1;
            Uuid::from_u128(*tokens)
        };
        let delivered = self.core.receive(self.now, source, max, &mut token).unwrap();
        self.store.take(&mut self.core);
        delivered
    }

    /// The process dies and another one starts.
    pub(crate) fn restart(&mut self) {
        self.core = self.store.restore(Time::from_micros(0), []);
        self.advance();
    }

    /// The store is read again; locks are kept.
    pub(crate) fn rebuild(&mut self) {
        let locks: Vec<Lock> = self.core.locks().copied().collect();
        self.core = self.store.restore(self.core.latest_wall(), locks);
    }

    pub(crate) fn contents(&self, rows: impl IntoIterator<Item = Row>) -> Vec<u64> {
        rows.into_iter().map(|row| self.store.contents[&row.key]).collect()
    }
}

pub(crate) fn queue(name: &str, settings: QueueSettings) -> Declaration {
    Declaration::Queue { name: name.to_owned(), settings }
}

pub(crate) fn topic(name: &str, settings: TopicSettings) -> Declaration {
    Declaration::Topic { name: name.to_owned(), settings }
}

pub(crate) fn subscription(topic: &str, name: &str, forward_to: &str) -> Declaration {
    Declaration::Subscription { topic: topic.to_owned(), name: name.to_owned(), forward_to: forward_to.to_owned() }
}

pub(crate) fn message(content: u64) -> Outgoing {
    Outgoing { message_id: format!("m{content}"), session_id: None, time_to_live: None, scheduled: None, bytes: 10, content }
}

pub(crate) const fn micros(micros: u64) -> Duration {
    Duration::from_micros(micros)
}
