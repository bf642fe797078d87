//! Scheduled messages of a queue against a reference model: due times, cancelling, lives, time jumps, restarts.

use broker_core::{Destination, QueueSettings, Sent, Sequence, Source, Time};
use proptest::prelude::*;

use crate::mirror::{World, message, micros, queue};

#[derive(Debug, Clone)]
enum Command {
    Schedule { after: i64, time_to_live: Option<u64> },
    Cancel { which: usize },
    Receive,
    Pass { micros: i64 },
    Jump { micros: i64 },
    Restart,
}

fn commands() -> impl Strategy<Value = Vec<Command>> {
    let command = prop_oneof![
        5 => (-2_000..12_000_i64, prop::option::of(1..9_000_u64))
            .prop_map(|(after, time_to_live)| Command::Schedule { after, time_to_live }),
        2 => (0..8_usize).prop_map(|which| Command::Cancel { which }),
        2 => Just(Command::Receive),
        3 => (0..6_000_i64).prop_map(|micros| Command::Pass { micros }),
        1 => (-9_000..9_000_i64).prop_map(|micros| Command::Jump { micros }),
        1 => Just(Command::Restart),
    ];
    prop::collection::vec(command, 1..80)
}

/// A message by what it was given: when it is due, when it ends, its first number, its number since it is active.
#[derive(Debug, Clone)]
struct Entry {
    content: u64,
    due: i64,
    expires: i64,
    first: u64,
    active: Option<u64>,
}

struct Model {
    entries: Vec<Entry>,
    next_sequence: u64,
    wall: i64,
}

impl Model {
    fn schedule(&mut self, content: u64, at: i64, time_to_live: Option<u64>) -> u64 {
        let first = self.take_sequence();
        let due = at.max(self.wall);
        let expires = time_to_live.map_or(i64::MAX, |micros| due + micros as i64);
        let active = (due == self.wall).then_some(first);
        self.entries.push(Entry { content, due, expires, first, active });
        first
    }

    fn cancel(&mut self, first: u64) -> bool {
        let before = self.entries.len();
        self.entries.retain(|entry| entry.first != first || entry.active.is_some());
        self.entries.len() < before
    }

    fn advance(&mut self, wall: i64) {
        self.wall = self.wall.max(wall);
        let now = self.wall;
        self.entries.sort_by_key(|entry| (entry.due, entry.first));
        for index in 0..self.entries.len() {
            if self.entries[index].active.is_none() && self.entries[index].due <= now {
                self.entries[index].active = Some(self.take_sequence());
            }
        }
        self.entries.retain(|entry| entry.active.is_none() || entry.expires > now);
    }

    /// All active ones, in order; they are gone then.
    fn receive(&mut self) -> Vec<u64> {
        let mut active: Vec<(u64, u64)> =
            self.entries.iter().filter_map(|entry| entry.active.map(|sequence| (sequence, entry.content))).collect();
        active.sort_unstable();
        self.entries.retain(|entry| entry.active.is_none());
        active.into_iter().map(|(_, content)| content).collect()
    }

    fn take_sequence(&mut self) -> u64 {
        self.next_sequence += 1;
        self.next_sequence - 1
    }
}

fn run(commands: Vec<Command>) {
    let to = Destination::Queue("q".to_owned());
    let source = Source::Queue("q".to_owned());
    let mut world = World::new(&[queue("q", QueueSettings::default())]);
    let mut model = Model { entries: Vec::new(), next_sequence: 1, wall: world.now.wall.as_micros() };
    let mut firsts = Vec::new();
    for (content, command) in (1_u64..).zip(commands) {
        match command {
            Command::Schedule { after, time_to_live } => {
                let at = world.now.wall.as_micros() + after;
                let mut outgoing = message(content);
                outgoing.scheduled = Some(Time::from_micros(at));
                outgoing.time_to_live = time_to_live.map(micros);
                let first = model.schedule(content, at, time_to_live);
                let sent = world.core.send(world.now, &to, &[outgoing]).unwrap();
                assert_eq!(sent, [Sent::Accepted(Sequence(first))]);
                firsts.push(first);
            }
            Command::Cancel { which } => {
                let first = firsts.iter().rev().nth(which).copied().unwrap_or(0);
                assert_eq!(world.core.cancel_scheduled(&to, Sequence(first)).is_ok(), model.cancel(first));
            }
            Command::Receive => {
                let delivered = world.receive(&source, 1_000);
                let contents = world.contents(delivered.iter().map(|one| one.row));
                assert_eq!(contents, model.receive(), "what is due is delivered, in the order in which it fell due");
                for one in delivered {
                    assert!(one.row.enqueued <= Time::from_micros(model.wall), "nothing is delivered early");
                    world.core.settle(world.now, one.token, broker_core::Settlement::Complete).unwrap();
                }
            }
            Command::Pass { micros } => world.pass(micros),
            Command::Jump { micros } => world.jump(micros),
            Command::Restart => {
                // A process that starts knows the latest wall clock only from what it finds, so it starts at the clock.
                world.now.wall = world.now.wall.max(Time::from_micros(model.wall));
                world.restart();
            }
        }
        world.advance();
        model.advance(world.now.wall.as_micros());
        let counts = world.core.counts("q").unwrap();
        assert_eq!(counts.scheduled as usize, model.entries.iter().filter(|entry| entry.active.is_none()).count());
        assert_eq!(counts.active as usize, model.entries.iter().filter(|entry| entry.active.is_some()).count());
        assert_eq!(world.store.rows.len(), model.entries.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn scheduled_messages_do_what_their_model_does(commands in commands()) {
        run(commands);
    }
}
