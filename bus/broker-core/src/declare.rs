//! Creating what shall exist. Nothing that exists is ever changed: other settings are a refusal that lists them.

use crate::change::Change;
use crate::core::Core;
use crate::entity::{
    Declaration, EntityId, QueueRow, QueueSettings, Rule, SubscriptionRow, TopicRow, TopicSettings, name_fault, queue_differences,
    queue_fault, topic_differences, topic_fault,
};
use crate::queue::Queue;
use crate::refusal::DeclareRefusal;
use crate::topic::{Subscription, Topic};

/// What a declaration found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Declared {
    /// Nothing: it was created.
    Created,
    /// The same, already there.
    Present,
}

impl Core {
    /// Creates an entity unless it is there.
    ///
    /// # Errors
    /// [`DeclareRefusal`]: a bad name or setting, something else under that name, a topic or queue that is missing.
    pub fn declare(&mut self, declaration: &Declaration) -> Result<Declared, DeclareRefusal> {
        match declaration {
            Declaration::Queue { name, settings } => self.declare_queue(name, settings),
            Declaration::Topic { name, settings } => self.declare_topic(name, settings),
            Declaration::Subscription { topic, name, forward_to } => self.declare_subscription(topic, name, forward_to),
        }
    }

    fn declare_queue(&mut self, name: &str, settings: &QueueSettings) -> Result<Declared, DeclareRefusal> {
        check_name(name)?;
        if let Some(id) = self.names.get(name) {
            let there = self.queues.get(id).ok_or_else(|| other_kind(name, "topic"))?;
            return present_or(name, queue_differences(&there.settings, settings));
        }
        check_settings(name, queue_fault(settings))?;
        let row = QueueRow { id: self.take_entity(name), name: name.to_owned(), settings: settings.clone(), next_sequence: 1 };
        self.queues.insert(row.id, Queue::new(row.clone()));
        self.changes.push(Change::QueueAdded(row));
        Ok(Declared::Created)
    }

    fn declare_topic(&mut self, name: &str, settings: &TopicSettings) -> Result<Declared, DeclareRefusal> {
        check_name(name)?;
        if let Some(id) = self.names.get(name) {
            let there = self.topics.get(id).ok_or_else(|| other_kind(name, "queue"))?;
            return present_or(name, topic_differences(&there.settings, settings));
        }
        check_settings(name, topic_fault(settings))?;
        let row = TopicRow { id: self.take_entity(name), name: name.to_owned(), settings: settings.clone(), next_sequence: 1 };
        self.topics.insert(row.id, Topic::new(row.clone()));
        self.changes.push(Change::TopicAdded(row));
        Ok(Declared::Created)
    }

    fn declare_subscription(&mut self, topic: &str, name: &str, forward_to: &str) -> Result<Declared, DeclareRefusal> {
        check_name(name)?;
        let topic_id = self.topic_id(topic)?;
        let queue_id = self.queue_id(forward_to)?;
        let Some(found) = self.topics.get_mut(&topic_id) else { return Err(other_kind(topic, "queue")) };
        if let Some(there) = found.subscriptions.get(name) {
            let target = self.queues.get(&there.forward_to).map_or("", |queue| queue.name.as_str());
            let same = there.forward_to == queue_id;
            let lines = if same { Vec::new() } else { vec![format!("forward_to is `{target}`, wanted `{forward_to}`")] };
            return present_or(&format!("{topic}/{name}"), lines);
        }
        found.subscriptions.insert(name.to_owned(), Subscription { forward_to: queue_id, rule: Rule::True });
        let row = SubscriptionRow { topic: topic_id, name: name.to_owned(), forward_to: queue_id, rule: Rule::True };
        self.changes.push(Change::SubscriptionAdded(row));
        Ok(Declared::Created)
    }

    fn take_entity(&mut self, name: &str) -> EntityId {
        let id = EntityId(self.next_entity);
        self.next_entity += 1;
        self.names.insert(name.to_owned(), id);
        id
    }
}

fn check_name(name: &str) -> Result<(), DeclareRefusal> {
    name_fault(name).map_or(Ok(()), |fault| Err(DeclareRefusal::BadName { name: name.to_owned(), fault }))
}

fn check_settings(name: &str, fault: Option<&'static str>) -> Result<(), DeclareRefusal> {
    fault.map_or(Ok(()), |fault| Err(DeclareRefusal::BadSettings { name: name.to_owned(), fault }))
}

fn other_kind(name: &str, kind: &'static str) -> DeclareRefusal {
    DeclareRefusal::OtherKind { name: name.to_owned(), kind }
}

fn present_or(name: &str, differences: Vec<String>) -> Result<Declared, DeclareRefusal> {
    if differences.is_empty() { Ok(Declared::Present) } else { Err(DeclareRefusal::Differs { name: name.to_owned(), differences }) }
}
