//! A topic and its subscriptions against a reference model: who gets a copy, scheduled copies, duplicates, jumps of the wall
//! clock, restarts.

use std::collections::BTreeMap;

use broker_core::{Destination, QueueSettings, Sent, Sequence, Settlement, Source, Time, TopicSettings};
use proptest::prelude::*;

use crate::mirror::{World, message, micros, queue, subscription, topic};

const WINDOW: i64 = 8_000;
const QUEUES: [&str; 3] = ["a", "b", "c"];

#[derive(Debug, Clone)]
enum Command {
    Publish { id: u8, after: i64 },
    Cancel { which: usize },
    Subscribe { name: u8, queue: usize },
    Receive { queue: usize },
    Pass { micros: i64 },
    Jump { micros: i64 },
    Restart,
    Rebuild,
}

fn commands() -> impl Strategy<Value = Vec<Command>> {
    let command = prop_oneof![
        6 => (0..12_u8, -8_000..9_000_i64).prop_map(|(id, after)| Command::Publish { id, after }),
        1 => (0..5_usize).prop_map(|which| Command::Cancel { which }),
        1 => (0..4_u8, 0..3_usize).prop_map(|(name, queue)| Command::Subscribe { name, queue }),
        3 => (0..3_usize).prop_map(|queue| Command::Receive { queue }),
        2 => (0..5_000_i64).prop_map(|micros| Command::Pass { micros }),
        1 => (-9_000..9_000_i64).prop_map(|micros| Command::Jump { micros }),
        1 => Just(Command::Restart),
        1 => Just(Command::Rebuild),
    ];
    prop::collection::vec(command, 1..80)
}

#[derive(Default)]
struct Model {
    subscriptions: BTreeMap<u8, usize>,
    seen: BTreeMap<u8, i64>,
    waiting: Vec<(i64, u64, u64)>,
    queues: [Vec<u64>; 3],
    next_sequence: u64,
    now: i64,
}

impl Model {
    fn publish(&mut self, content: u64, id: u8, at: i64) -> Option<u64> {
        if self.seen.get(&id).is_some_and(|until| *until > self.now) {
            return None;
        }
        self.seen.insert(id, self.now + WINDOW);
        self.next_sequence += 1;
        if at > self.now {
            self.waiting.push((at, self.next_sequence, content));
        } else {
            self.copy(content);
        }
        Some(self.next_sequence)
    }

    fn copy(&mut self, content: u64) {
        for queue in self.subscriptions.values() {
            self.queues[*queue].push(content);
        }
    }

    fn cancel(&mut self, sequence: u64) -> bool {
        let before = self.waiting.len();
        self.waiting.retain(|(_, own, _)| *own != sequence);
        self.waiting.len() < before
    }

    fn advance(&mut self, now: i64) {
        self.now = self.now.max(now);
        self.waiting.sort_unstable();
        while self.waiting.first().is_some_and(|(at, _, _)| *at <= self.now) {
            let (_, _, content) = self.waiting.remove(0);
            self.copy(content);
        }
    }
}

fn run(commands: Vec<Command>) {
    let to = Destination::Topic("t".to_owned());
    let settings = TopicSettings { duplicate_window: Some(micros(WINDOW as u64)), ..TopicSettings::default() };
    let mut declarations = vec![topic("t", settings)];
    declarations.extend(QUEUES.iter().map(|name| queue(name, QueueSettings::default())));
    let mut world = World::new(&declarations);
    let mut model = Model { now: world.now.wall.as_micros(), ..Model::default() };
    let mut sequences = Vec::new();
    for (content, command) in (1_u64..).zip(commands) {
        match command {
            Command::Publish { id, after } => {
                let at = world.now.wall.as_micros() + after;
                let mut outgoing = message(content);
                outgoing.message_id = format!("id{id}");
                outgoing.scheduled = (after % 2 == 0).then_some(Time::from_micros(at));
                let answer = world.core.send(world.now, &to, &[outgoing]).unwrap();
                let wanted = model.publish(content, id, if after % 2 == 0 { at } else { 0 });
                assert_eq!(answer, [wanted.map_or(Sent::Duplicate, |sequence| Sent::Accepted(Sequence(sequence)))]);
                sequences.extend(wanted);
            }
            Command::Cancel { which } => {
                let sequence = sequences.iter().rev().nth(which).copied().unwrap_or(0);
                assert_eq!(world.core.cancel_scheduled(&to, Sequence(sequence)).is_ok(), model.cancel(sequence));
            }
            Command::Subscribe { name, queue } => {
                let answer = world.core.declare(&subscription("t", &format!("s{name}"), QUEUES[queue]));
                assert_eq!(answer.is_ok(), *model.subscriptions.entry(name).or_insert(queue) == queue);
            }
            Command::Receive { queue } => {
                let delivered = world.receive(&Source::Queue(QUEUES[queue].to_owned()), 1_000);
                let contents = world.contents(delivered.iter().map(|one| one.row));
                assert_eq!(contents, std::mem::take(&mut model.queues[queue]), "each subscription has its copies, in order");
                for one in delivered {
                    world.core.settle(world.now, one.token, Settlement::Complete).unwrap();
                }
            }
            Command::Pass { micros } => world.pass(micros),
            Command::Jump { micros } => world.jump(micros),
            Command::Restart => {
                // As a queue's model: a process that starts knows no later wall clock than its own.
                world.now.wall = world.now.wall.max(Time::from_micros(model.now));
                world.restart();
            }
            Command::Rebuild => world.rebuild(),
        }
        world.advance();
        model.advance(world.now.wall.as_micros());
        let held: usize = QUEUES.iter().map(|name| world.core.counts(name).unwrap().active as usize).sum();
        assert_eq!(held, model.queues.iter().map(Vec::len).sum::<usize>());
        assert_eq!(world.store.rows.len(), held + model.waiting.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_topic_does_what_its_model_does(commands in commands()) {
        run(commands);
    }
}
