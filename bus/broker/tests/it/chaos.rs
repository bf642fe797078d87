//! Random operations, failing commits and crashes in one thread: what the broker answered is compared with what it
//! delivers. Each history comes from a number, and the same number is the same history.

use std::collections::BTreeMap;

use broker::{Delivery, SettleMode, Settlement};
use storage::CommitFault::{CommittedButUnknown, DiskFull, NotCommitted};
use uuid::Uuid;

use crate::harness::{World, active, dead, message, run};

const HISTORIES: u64 = 150;
const STEPS: u64 = 80;

#[derive(Debug, Default)]
struct Life {
    accepted: bool,
    held: Option<Uuid>,
    /// Deliveries that count.
    deliveries: u32,
    completed: bool,
    buried: bool,
    /// Settled so that a crash may undo it.
    settled_lazily: bool,
}

struct History {
    world: World,
    seed: u64,
    lives: BTreeMap<String, Life>,
    sent: u64,
    /// How many commits may have been repeated.
    doubts: u32,
}

impl History {
    fn below(&mut self, bound: u64) -> u64 {
        // xorshift64 (Marsaglia 2003).
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        (self.seed >> 16) % bound
    }

    async fn step(&mut self) {
        match self.below(22) {
            0..=5 => self.send().await,
            6..=10 => self.receive().await,
            11..=15 => self.settle().await,
            16 => {
                let millis = self.below(200);
                self.world.pass(millis).await;
            }
            17..=18 => self.fail(),
            19..=20 => self.resubmit().await,
            _ => self.crash().await,
        }
    }

    fn fail(&mut self) {
        let fault = match self.below(3) {
            0 => DiskFull,
            1 => NotCommitted,
            _ => CommittedButUnknown,
        };
        self.doubts += 1;
        self.world.fail_next([fault]);
    }

    async fn send(&mut self) {
        let batch: Vec<_> = (0..=self.below(3))
            .map(|_| {
                self.sent += 1;
                message(&format!("m{}", self.sent))
            })
            .collect();
        let ids: Vec<String> = batch.iter().map(|outgoing| outgoing.message_id.clone()).collect();
        for (id, result) in ids.into_iter().zip(self.world.broker.send(batch).await) {
            self.lives.insert(id, Life { accepted: result.is_ok(), ..Life::default() });
        }
    }

    async fn receive(&mut self) {
        let delivered = self.world.receive_now(&active()).await;
        delivered.iter().for_each(|delivery| self.check_delivery(delivery));
    }

    fn check_delivery(&mut self, delivery: &Delivery) {
        let life = self.lives.get_mut(&delivery.message_id).unwrap();
        let told = format!("{} {life:?}", delivery.message_id);
        assert!(life.accepted, "what was refused is not delivered: {told}");
        assert!(life.held.is_none(), "what is locked is not delivered: {told}");
        assert!(!life.completed && !life.buried, "what was settled is not delivered: {told}");
        assert!(delivery.delivery_count >= life.deliveries, "no delivery is forgotten: {told}");
        assert!(delivery.delivery_count <= life.deliveries + self.doubts, "none is invented: {told}");
        life.held = Some(delivery.lock_token);
        life.deliveries = delivery.delivery_count + 1;
    }

    async fn settle(&mut self) {
        let held: Vec<(String, Uuid)> = self.lives.iter().filter_map(|(id, life)| life.held.map(|token| (id.clone(), token))).collect();
        if held.is_empty() {
            return;
        }
        let (id, token) = held[usize::try_from(self.below(held.len() as u64)).unwrap()].clone();
        let mode = if self.below(2) == 0 { SettleMode::Lazy } else { SettleMode::Synced };
        let settlement = match self.below(4) {
            0 => Settlement::Abandon,
            1 => Settlement::Release,
            2 => Settlement::DeadLetter { reason: "Poison".to_owned(), description: String::new(), headers: BTreeMap::new() },
            _ => Settlement::Complete,
        };
        let result = self.world.broker.settle(vec![(token, settlement.clone())], mode).await.remove(0);
        let Some(life) = self.lives.get_mut(&id).filter(|_| result.is_ok()) else { return };
        life.held = None;
        life.settled_lazily = mode == SettleMode::Lazy;
        match settlement {
            Settlement::Complete => life.completed = true,
            Settlement::DeadLetter { .. } => life.buried = true,
            Settlement::Release => life.deliveries -= 1,
            Settlement::Abandon => {}
        }
    }

    async fn resubmit(&mut self) {
        let letters = self.world.broker.browse(&dead(), 0, 1_000).await.unwrap();
        if letters.is_empty() {
            return;
        }
        let letter = &letters[usize::try_from(self.below(letters.len() as u64)).unwrap()];
        let life = self.lives.get_mut(&letter.message_id).unwrap();
        if self.world.broker.resubmit("q", letter.sequence_number, BTreeMap::new()).await.is_ok() {
            *life = Life { accepted: true, ..Life::default() };
        }
    }

    async fn crash(&mut self) {
        // Half of the time, what was settled lazily has been written before.
        if self.below(2) == 0 {
            self.heal().await;
            self.lives.values_mut().for_each(|life| life.settled_lazily = false);
        }
        self.world.crash().await;
        self.doubts += 1;
        let mut undone = Vec::new();
        for browsed in self.world.broker.browse(&active(), 0, 1_000).await.unwrap() {
            undone.push(browsed.message_id);
        }
        for (id, life) in &mut self.lives {
            life.held = None;
            if life.settled_lazily && undone.contains(id) {
                (life.completed, life.buried) = (false, false);
            }
            life.settled_lazily = false;
        }
    }

    /// Lets the store work again and everything be written.
    async fn heal(&mut self) {
        self.world.heal();
        for _ in 0..3 {
            self.world.pass(200).await;
        }
    }

    async fn end(&mut self) {
        self.heal().await;
        self.receive().await;
        let dead: Vec<String> = self.world.receive_now(&dead()).await.into_iter().map(|delivery| delivery.message_id).collect();
        for (id, life) in &self.lives {
            let there = life.held.is_some();
            let exhausted = dead.contains(id) && !life.buried;
            assert!(!exhausted || life.deliveries >= 10, "only the last delivery makes a dead letter: {id} {life:?}");
            assert_eq!(there || exhausted, life.accepted && !life.completed && !life.buried, "nothing is lost: {id} {life:?}");
            assert_eq!(dead.contains(id), life.buried || exhausted, "{id} {life:?}");
        }
    }
}

#[test]
fn whatever_fails_the_broker_does_what_it_answered() {
    for number in 1..=histories() {
        run(|world| async move {
            let seed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let mut history = History { world, seed, lives: BTreeMap::new(), sent: 0, doubts: 0 };
            let tell = Tell(number);
            for _ in 0..STEPS {
                history.step().await;
            }
            history.end().await;
            drop(tell);
        });
    }
}

fn histories() -> u64 {
    std::env::var("BROKER_TEST_HISTORIES").ok().and_then(|text| text.parse().ok()).unwrap_or(HISTORIES)
}

/// Says which history failed.
struct Tell(u64);

impl Drop for Tell {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("history {}", self.0);
        }
    }
}
