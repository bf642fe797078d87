//! What the killed processes were told, and whether the disk agrees.

use std::collections::BTreeMap;

use broker::{Browsed, MessageState};

/// One message's life as its senders and receivers saw it.
#[derive(Debug, Default, Clone)]
struct Life {
    confirmed: bool,
    /// How many processes had been killed before the one that sent it; 0 where that is not known.
    killed_before: u32,
    due: i64,
    deliveries: u32,
    releases: u32,
    completing: bool,
    completed: bool,
    burying: bool,
    buried: bool,
}

impl Life {
    /// Each process that was killed since may have taken it once without living to tell.
    fn deliveries_max(&self, kills: u32) -> u32 {
        self.deliveries + kills - self.killed_before
    }
}

#[derive(Debug, Default)]
pub(super) struct Record {
    lives: BTreeMap<String, Life>,
    kills: u32,
    faults: Vec<String>,
}

impl Record {
    /// Takes a line down; answers whether it was one of the process's own.
    pub(super) fn note(&mut self, line: &str) -> bool {
        // The test harness writes without an end of line before the first one.
        let Some((_, told)) = line.split_once('@') else { return false };
        let words: Vec<&str> = told.split(' ').collect();
        let life = self.lives.entry(words[1].to_owned()).or_default();
        match (words[0], words.get(2).copied()) {
            ("sent", Some(due)) => {
                life.confirmed = true;
                life.killed_before = self.kills;
                life.due = due.parse().unwrap();
            }
            ("got", Some(count)) => {
                let count: u32 = count.parse().unwrap();
                if life.completed || life.buried {
                    self.faults.push(format!("delivered again though its settlement was confirmed: {told}"));
                }
                if count < life.deliveries.saturating_sub(life.releases) {
                    self.faults.push(format!("a delivery was forgotten: {told}, {life:?}"));
                }
                life.deliveries += 1;
                if count > life.deliveries_max(self.kills) {
                    self.faults.push(format!("a delivery was counted that never was: {told}, {life:?}"));
                }
            }
            ("settling", Some("complete")) => life.completing = true,
            ("settling", Some("release")) => life.releases += 1,
            ("settling", Some("dead-letter")) => life.burying = true,
            ("settling", Some(_)) => {}
            ("settled", Some("complete")) => life.completed = true,
            ("settled", Some("dead-letter")) => life.buried = true,
            _ => self.faults.push(told.to_owned()),
        }
        true
    }

    /// Compares with what is on the disk after one more kill.
    pub(super) fn check(&mut self, there: &[Browsed], dead: &[Browsed]) -> Result<(), String> {
        self.kills += 1;
        let mut faults = std::mem::take(&mut self.faults);
        let there = by_id(there, &mut faults);
        let dead = by_id(dead, &mut faults);
        for (id, life) in &self.lives {
            faults.extend(
                fault(life, self.kills, there.get(id.as_str()).copied(), dead.get(id.as_str()).copied())
                    .map(|fault| format!("{id}: {fault}; {life:?}")),
            );
        }
        if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
    }

    /// A run that did nothing would prove nothing.
    pub(super) fn check_that_enough_happened(&self) {
        let count = |which: fn(&Life) -> bool| self.lives.values().filter(|life| which(life)).count();
        assert!(count(|life| life.confirmed && life.due == 0) > 100, "messages were sent");
        assert!(count(|life| life.confirmed && life.due > 0) > 10, "messages were scheduled");
        assert!(count(|life| life.completed) > 100, "messages were completed");
        assert!(count(|life| life.buried) > 10, "messages were dead-lettered");
        assert!(count(|life| life.deliveries > 1) > 10, "messages were delivered again");
    }
}

/// The messages by their ids; none may be there twice, and each must be whole.
fn by_id<'b>(found: &'b [Browsed], faults: &mut Vec<String>) -> BTreeMap<&'b str, &'b Browsed> {
    let mut by_id = BTreeMap::new();
    for browsed in found {
        if by_id.insert(browsed.message_id.as_str(), browsed).is_some() {
            faults.push(format!("{} is there twice", browsed.message_id));
        }
        if browsed.body != format!("body of {}", browsed.message_id) {
            faults.push(format!("{} has another body", browsed.message_id));
        }
    }
    by_id
}

fn fault(life: &Life, kills: u32, there: Option<&Browsed>, dead: Option<&Browsed>) -> Option<&'static str> {
    if life.confirmed && !life.completing && there.is_none() && dead.is_none() {
        return Some("it was confirmed and is lost");
    }
    if life.completed && (there.is_some() || dead.is_some()) {
        return Some("it was completed and is there again");
    }
    if life.buried && (there.is_some() || dead.is_none()) {
        return Some("it was dead-lettered and is not in the dead letters");
    }
    if dead.is_some() && !life.burying {
        return Some("it is a dead letter and nobody said so");
    }
    let found = there.or(dead)?;
    if found.delivery_count < life.deliveries.saturating_sub(life.releases) {
        return Some("a delivery was forgotten");
    }
    if found.delivery_count > life.deliveries_max(kills) {
        return Some("a delivery was counted that never was");
    }
    // One that was due before it arrived was enqueued when it arrived.
    let waits = found.state == MessageState::Scheduled;
    if life.confirmed && (found.enqueued.as_micros() < life.due || waits && found.enqueued.as_micros() != life.due) {
        return Some("it is due at another time");
    }
    (waits && life.deliveries > 0).then_some("it was delivered and is scheduled again")
}
