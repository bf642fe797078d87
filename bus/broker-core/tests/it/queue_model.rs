//! A queue against a reference model that scans a list: send, peek-lock, settle, renew, send again, time to live,
//! duplicates, restarts.

use std::collections::BTreeMap;

use broker_core::{Cause, Destination, QueueSettings, Resubmission, ResubmitRefusal, Sent, Sequence, Settlement, Source, Time};
use proptest::prelude::*;
use uuid::Uuid;

use crate::mirror::{World, message, micros, queue};

const LOCK: i64 = 5_000;
const MAX_DELIVERIES: u16 = 3;

#[derive(Debug, Clone)]
enum Command {
    Send { id: u64, time_to_live: Option<u64>, count: u64 },
    Receive { dead: bool, max: usize },
    Settle { which: usize, how: u8 },
    Renew { which: usize },
    Resubmit { sequence: u64 },
    Pass { micros: i64 },
    Jump { micros: i64 },
    Restart,
    Rebuild,
}

fn commands() -> impl Strategy<Value = Vec<Command>> {
    let command = prop_oneof![
        4 => (0..12_u64, prop::option::of(1..10_000_u64), 1..4_u64)
            .prop_map(|(id, time_to_live, count)| Command::Send { id, time_to_live, count }),
        5 => (prop::bool::weighted(0.25), 1..4_usize).prop_map(|(dead, max)| Command::Receive { dead, max }),
        6 => (0..12_usize, 0..4_u8).prop_map(|(which, how)| Command::Settle { which, how }),
        1 => (0..12_usize).prop_map(|which| Command::Renew { which }),
        2 => (1..40_u64).prop_map(|sequence| Command::Resubmit { sequence }),
        3 => (0..7_000_i64).prop_map(|micros| Command::Pass { micros }),
        1 => (-9_000..9_000_i64).prop_map(|micros| Command::Jump { micros }),
        1 => Just(Command::Restart),
        1 => Just(Command::Rebuild),
    ];
    prop::collection::vec(command, 1..80)
}

#[derive(Debug, Clone, PartialEq)]
struct Entry {
    content: u64,
    sequence: u64,
    count: u16,
    expires: i64,
    lock: Option<(i64, Uuid)>,
    dead: Option<&'static str>,
}

/// What the queues differ in.
#[derive(Debug, Clone, Copy)]
struct Kind {
    dead_letter_expired: bool,
    time_to_live: Option<u64>,
    duplicate_window: Option<u64>,
}

fn kinds() -> impl Strategy<Value = Kind> {
    (any::<bool>(), prop::option::of(2_000..12_000_u64), prop::option::of(1_000..9_000_u64))
        .prop_map(|(dead_letter_expired, time_to_live, duplicate_window)| Kind { dead_letter_expired, time_to_live, duplicate_window })
}

struct Model {
    kind: Kind,
    entries: Vec<Entry>,
    seen: BTreeMap<u64, i64>,
    next_sequence: u64,
    wall: i64,
}

impl Model {
    fn send(&mut self, content: u64, id: u64, time_to_live: Option<u64>) -> Sent {
        if let Some(window) = self.kind.duplicate_window {
            if self.seen.get(&id).is_some_and(|until| *until > self.wall) {
                return Sent::Duplicate;
            }
            self.seen.insert(id, self.wall + window as i64);
        }
        self.arrive(content, time_to_live);
        Sent::Accepted(Sequence(self.next_sequence - 1))
    }

    fn arrive(&mut self, content: u64, time_to_live: Option<u64>) {
        let shortest = time_to_live.into_iter().chain(self.kind.time_to_live).min();
        let expires = shortest.map_or(i64::MAX, |micros| self.wall + micros as i64);
        self.entries.push(Entry { content, sequence: self.next_sequence, count: 0, expires, lock: None, dead: None });
        self.next_sequence += 1;
    }

    fn bury(&mut self, content: u64, why: &'static str) {
        let index = self.entries.iter().position(|entry| entry.content == content).unwrap();
        let mut entry = self.entries.remove(index);
        entry.dead = Some(why);
        entry.lock = None;
        entry.expires = i64::MAX;
        entry.sequence = self.next_sequence;
        self.next_sequence += 1;
        self.entries.push(entry);
    }

    fn unlock(&mut self, content: u64) {
        let entry = self.entries.iter_mut().find(|entry| entry.content == content).unwrap();
        entry.lock = None;
        if entry.dead.is_none() && entry.count >= MAX_DELIVERIES {
            self.bury(content, "MaxDeliveryCountExceeded");
        } else if entry.dead.is_none() && entry.expires <= self.wall {
            self.expire(content);
        }
    }

    fn expire(&mut self, content: u64) {
        if self.kind.dead_letter_expired {
            self.bury(content, "TTLExpiredException");
        } else {
            self.entries.retain(|entry| entry.content != content);
        }
    }

    fn advance(&mut self, wall: i64, steady: i64) {
        self.wall = self.wall.max(wall);
        let mut ended: Vec<(i64, Uuid, u64)> =
            self.entries.iter().filter_map(|entry| entry.lock.map(|(until, token)| (until, token, entry.content))).collect();
        ended.retain(|(until, _, _)| *until <= steady);
        ended.sort_unstable();
        ended.into_iter().for_each(|(_, _, content)| self.unlock(content));
        let over = self.entries.iter().filter(|entry| entry.dead.is_none() && entry.lock.is_none() && entry.expires <= self.wall);
        let mut over: Vec<(i64, u64, u64)> = over.map(|entry| (entry.expires, entry.sequence, entry.content)).collect();
        over.sort_unstable();
        over.into_iter().for_each(|(_, _, content)| self.expire(content));
    }

    fn receive(&mut self, dead: bool, max: usize) -> Vec<u64> {
        let mut ready: Vec<&mut Entry> =
            self.entries.iter_mut().filter(|entry| entry.dead.is_some() == dead && entry.lock.is_none()).collect();
        ready.sort_by_key(|entry| entry.sequence);
        ready.into_iter().take(max).map(|entry| entry.content).collect()
    }

    fn restart(&mut self) {
        self.entries.iter_mut().for_each(|entry| entry.lock = None);
        // Those whose last delivery was under way when the process died are found at the next receive.
    }

    fn put_away_counted(&mut self) {
        let mut over: Vec<(u64, u64)> = self
            .entries
            .iter()
            .filter(|entry| entry.dead.is_none() && entry.lock.is_none() && entry.count >= MAX_DELIVERIES)
            .map(|entry| (entry.sequence, entry.content))
            .collect();
        over.sort_unstable();
        over.into_iter().for_each(|(_, content)| self.bury(content, "MaxDeliveryCountExceeded"));
    }
}

fn settlement(how: u8) -> Settlement {
    match how {
        0 => Settlement::Complete,
        1 => Settlement::Abandon,
        2 => Settlement::Release,
        _ => Settlement::DeadLetter { reason: "Told".to_owned(), description: "so".to_owned() },
    }
}

fn run(kind: Kind, commands: Vec<Command>) {
    let settings = QueueSettings {
        lock: micros(LOCK as u64),
        max_delivery_count: MAX_DELIVERIES,
        dead_letter_expired: kind.dead_letter_expired,
        time_to_live: kind.time_to_live.map(micros),
        duplicate_window: kind.duplicate_window.map(micros),
        ..QueueSettings::default()
    };
    let mut world = World::new(&[queue("q", settings)]);
    let mut model = Model { kind, entries: Vec::new(), seen: BTreeMap::new(), next_sequence: 1, wall: 1_000_000 };
    let mut tokens: Vec<Uuid> = Vec::new();
    let mut sent = 0;
    for command in commands {
        match command {
            Command::Send { id, time_to_live, count } => {
                for id in id..id + count {
                    sent += 1;
                    send(&mut world, &mut model, sent, id, time_to_live);
                }
            }
            Command::Receive { dead, max } => receive(&mut world, &mut model, &mut tokens, dead, max),
            Command::Settle { which, how } => settle(&mut world, &mut model, nth_last(&tokens, which), how),
            Command::Renew { which } => renew(&mut world, &mut model, nth_last(&tokens, which)),
            Command::Resubmit { sequence } => {
                sent += 1;
                resubmit(&mut world, &mut model, sequence, sent);
            }
            Command::Pass { micros } => world.pass(micros),
            Command::Jump { micros } => world.jump(micros),
            Command::Restart => {
                // A process that starts knows the latest wall clock only from what it finds, so it starts at the clock.
                world.now.wall = world.now.wall.max(Time::from_micros(model.wall));
                model.restart();
                world.restart();
            }
            Command::Rebuild => world.rebuild(),
        }
        world.advance();
        model.advance(world.now.wall.as_micros(), world.now.steady.as_micros());
        compare(&world, &model);
    }
}

fn nth_last(tokens: &[Uuid], which: usize) -> Uuid {
    tokens.iter().rev().nth(which).copied().unwrap_or(Uuid::nil())
}

fn send(world: &mut World, model: &mut Model, content: u64, id: u64, time_to_live: Option<u64>) {
    let mut outgoing = message(content);
    outgoing.message_id = format!("id{id}");
    outgoing.time_to_live = time_to_live.map(micros);
    let answer = world.core.send(world.now, &Destination::Queue("q".to_owned()), &[outgoing]).unwrap();
    assert_eq!(answer, [model.send(content, id, time_to_live)]);
}

fn receive(world: &mut World, model: &mut Model, tokens: &mut Vec<Uuid>, dead: bool, max: usize) {
    let source = if dead { Source::DeadLetters("q".to_owned()) } else { Source::Queue("q".to_owned()) };
    let delivered = world.receive(&source, max);
    let until = world.now.steady.as_micros() + LOCK;
    for one in &delivered {
        if !dead {
            // What is passed over on the way to a delivery is put away.
            let before =
                model.entries.iter().filter(|entry| entry.dead.is_none() && entry.lock.is_none() && entry.sequence < one.row.sequence.0);
            let before: Vec<u64> = before.map(|entry| entry.content).collect();
            before.into_iter().for_each(|content| model.bury(content, "MaxDeliveryCountExceeded"));
        }
        let content = world.store.contents[&one.row.key];
        assert_eq!(model.receive(dead, 1), [content], "the first that can be received is delivered");
        let entry = model.entries.iter_mut().find(|entry| entry.content == content).unwrap();
        entry.count += 1;
        assert_eq!(entry.count, one.row.delivery_count);
        entry.lock = Some((until, one.token));
        tokens.push(one.token);
    }
    if delivered.len() < max {
        if !dead {
            model.put_away_counted();
        }
        assert!(model.receive(dead, 1).is_empty(), "nothing that can be received is left out");
    }
}

fn settle(world: &mut World, model: &mut Model, token: Uuid, how: u8) {
    let answer = world.core.settle(world.now, token, settlement(how));
    let Some(entry) = model.entries.iter_mut().find(|entry| entry.lock.is_some_and(|(_, held)| held == token)) else {
        return assert!(answer.is_err());
    };
    if how >= 3 && entry.dead.is_some() {
        return assert!(answer.is_err());
    }
    assert!(answer.is_ok());
    let content = entry.content;
    match how {
        0 => model.entries.retain(|entry| entry.content != content),
        1 => model.unlock(content),
        2 => {
            entry.count -= 1;
            model.unlock(content);
        }
        _ => model.bury(content, "Told"),
    }
}

fn renew(world: &mut World, model: &mut Model, token: Uuid) {
    let answer = world.core.renew(world.now, token);
    let until = world.now.steady.as_micros() + LOCK;
    match model.entries.iter_mut().find_map(|entry| entry.lock.as_mut().filter(|(_, held)| *held == token)) {
        Some(lock) => {
            lock.0 = until;
            assert_eq!(answer, Ok(Time::from_micros(model.wall.max(world.now.wall.as_micros()) + LOCK)));
        }
        None => assert!(answer.is_err()),
    }
}

fn resubmit(world: &mut World, model: &mut Model, sequence: u64, content: u64) {
    let again = Resubmission { sequence: Sequence(sequence), bytes: 10, content };
    let answer = world.core.resubmit(world.now, "q", &again);
    match model.entries.iter().position(|entry| entry.dead.is_some() && entry.sequence == sequence) {
        None => assert_eq!(answer, Err(ResubmitRefusal::NotThere { sequence })),
        Some(index) if model.entries[index].lock.is_some() => assert_eq!(answer, Err(ResubmitRefusal::Locked { sequence })),
        Some(index) => {
            assert_eq!(answer, Ok(Sequence(model.next_sequence)));
            model.entries.remove(index);
            model.arrive(content, None);
        }
    }
}

fn compare(world: &World, model: &Model) {
    let mut wanted: Vec<_> =
        model.entries.iter().map(|entry| (entry.sequence, entry.content, entry.count, entry.lock.is_some(), entry.dead)).collect();
    wanted.sort_unstable();
    let mut found = Vec::new();
    for source in [Source::Queue("q".to_owned()), Source::DeadLetters("q".to_owned())] {
        for browsed in world.core.browse(&source, broker_core::Sequence(0), 1_000).unwrap() {
            let key = browsed.row.key;
            assert_eq!(world.store.rows[&key], browsed.row, "what is stored is what is held");
            let why = world.store.causes.get(&key).map(Cause::reason);
            let locked = browsed.state == broker_core::MessageState::Locked;
            found.push((browsed.row.sequence.0, world.store.contents[&key], browsed.row.delivery_count, locked, why));
        }
    }
    found.sort_unstable();
    assert_eq!(found, wanted);
    let counts = world.core.counts("q").unwrap();
    assert_eq!(counts.bytes, 10 * wanted.len() as u64);
    assert_eq!(counts.locked as usize, wanted.iter().filter(|entry| entry.3).count());
    assert_eq!(counts.dead_letters as usize, wanted.iter().filter(|entry| entry.4.is_some()).count());
    assert_eq!(world.store.rows.len(), wanted.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_queue_does_what_its_model_does(kind in kinds(), commands in commands()) {
        run(kind, commands);
    }
}
