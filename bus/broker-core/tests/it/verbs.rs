//! One sentence each about what the verbs promise.

use broker_core::{
    Cause, DeclareRefusal, Declared, Destination, Place, QueueSettings, Resubmission, ResubmitRefusal, Sent, Sequence, SettleRefusal,
    Settlement, Source, Time,
};

use crate::mirror::{World, message, micros, queue, subscription, topic};

fn to(name: &str) -> Destination {
    Destination::Queue(name.to_owned())
}

fn active() -> Source {
    Source::Queue("q".to_owned())
}

fn dead() -> Source {
    Source::DeadLetters("q".to_owned())
}

fn world_with(settings: QueueSettings, messages: u64) -> World {
    let mut world = World::new(&[queue("q", settings)]);
    let batch: Vec<_> = (1..=messages).map(message).collect();
    world.core.send(world.now, &to("q"), &batch).unwrap();
    world.advance();
    world
}

fn world(messages: u64) -> World {
    world_with(QueueSettings { lock: micros(1_000), max_delivery_count: 2, ..QueueSettings::default() }, messages)
}

fn dead_letter() -> Settlement {
    Settlement::DeadLetter { reason: "Poison".to_owned(), description: "it will never work".to_owned() }
}

#[test]
fn messages_are_received_in_the_order_in_which_they_were_sent() {
    let mut world = world(5);
    let delivered = world.receive(&active(), 3);
    assert_eq!(world.contents(delivered.iter().map(|one| one.row)), [1, 2, 3]);
    assert_eq!(world.receive(&active(), 9).len(), 2);
}

#[test]
fn a_message_given_back_comes_before_those_sent_after_it() {
    let mut world = world(3);
    let first = world.receive(&active(), 2)[0];
    world.core.settle(world.now, first.token, Settlement::Abandon).unwrap();
    let next = world.receive(&active(), 1)[0];
    assert_eq!((next.row.key, next.row.delivery_count), (first.row.key, 2));
}

#[test]
fn a_release_is_not_counted_and_an_abandon_is() {
    let mut world = world(1);
    let counts: Vec<u16> = [Settlement::Release, Settlement::Release, Settlement::Abandon, Settlement::Release]
        .into_iter()
        .map(|how| {
            let one = world.receive(&active(), 1)[0];
            world.core.settle(world.now, one.token, how).unwrap();
            one.row.delivery_count
        })
        .collect();
    assert_eq!(counts, [1, 1, 1, 2]);
}

#[test]
fn a_lock_that_ends_gives_the_message_back_counted() {
    let mut world = world(1);
    let first = world.receive(&active(), 1)[0];
    assert!(world.receive(&active(), 1).is_empty());
    world.pass(1_000);
    assert_eq!(world.core.settle(world.now, first.token, Settlement::Complete), Err(SettleRefusal::LockLost));
    assert_eq!(world.receive(&active(), 1)[0].row.delivery_count, 2);
}

#[test]
fn a_renewed_lock_lasts_its_full_time_again() {
    let mut world = world(1);
    let one = world.receive(&active(), 1)[0];
    world.pass(900);
    let until = world.core.renew(world.now, one.token).unwrap();
    assert_eq!(until, world.now.wall.plus(micros(1_000)));
    world.pass(900);
    assert!(world.core.settle(world.now, one.token, Settlement::Complete).is_ok());
}

#[test]
fn a_lock_does_not_end_when_the_wall_clock_jumps() {
    let mut world = world(1);
    let one = world.receive(&active(), 1)[0];
    world.jump(1_000_000_000);
    assert!(world.core.settle(world.now, one.token, Settlement::Complete).is_ok());
}

#[test]
fn a_settled_message_cannot_be_settled_again() {
    let mut world = world(1);
    let one = world.receive(&active(), 1)[0];
    assert!(world.core.settle(world.now, one.token, Settlement::Complete).is_ok());
    assert_eq!(world.core.settle(world.now, one.token, Settlement::Complete), Err(SettleRefusal::LockLost));
}

#[test]
fn the_last_permitted_delivery_that_fails_goes_to_the_dead_letters() {
    let mut world = world(1);
    for _ in 0..2 {
        let one = world.receive(&active(), 1)[0];
        world.core.settle(world.now, one.token, Settlement::Abandon).unwrap();
    }
    assert!(world.receive(&active(), 1).is_empty());
    let row = world.receive(&dead(), 1)[0].row;
    let cause = &world.store.causes[&row.key];
    assert_eq!(cause.reason(), "MaxDeliveryCountExceeded");
    assert_eq!(cause.description(), "Message could not be consumed after 2 delivery attempts.");
}

#[test]
fn a_message_that_kills_every_process_goes_to_the_dead_letters() {
    let mut world = world(2);
    for _ in 0..2 {
        world.receive(&active(), 1);
        world.restart();
    }
    assert_eq!(world.receive(&active(), 1)[0].row.sequence, Sequence(2));
    assert_eq!(world.core.counts("q").unwrap().dead_letters, 1);
}

#[test]
fn a_dead_letter_has_its_reason_and_cannot_be_dead_lettered_again() {
    let mut world = world(1);
    let one = world.receive(&active(), 1)[0];
    world.core.settle(world.now, one.token, dead_letter()).unwrap();
    let again = world.receive(&dead(), 1)[0];
    assert_eq!((again.row.first_sequence, again.row.place), (Sequence(1), Place::DeadLetter));
    assert!(matches!(&world.store.causes[&again.row.key], Cause::Told { reason, .. } if reason == "Poison"));
    assert_eq!(world.core.settle(world.now, again.token, dead_letter()), Err(SettleRefusal::DeadAlready));
    assert!(world.core.settle(world.now, again.token, Settlement::Complete).is_ok());
    world.advance();
    assert!(world.store.rows.is_empty());
}

#[test]
fn an_expired_message_is_dropped_or_dead_lettered_as_the_queue_says() {
    for dead_letter_expired in [false, true] {
        let settings = QueueSettings { time_to_live: Some(micros(500)), dead_letter_expired, ..QueueSettings::default() };
        let mut world = world_with(settings, 1);
        world.pass(500);
        assert!(world.receive(&active(), 1).is_empty());
        let found = world.receive(&dead(), 1);
        assert_eq!(found.len(), usize::from(dead_letter_expired));
        assert!(found.iter().all(|one| world.store.causes[&one.row.key].reason() == "TTLExpiredException"));
    }
}

#[test]
fn a_locked_message_does_not_expire_under_its_receiver() {
    let mut world = world_with(QueueSettings { time_to_live: Some(micros(500)), ..QueueSettings::default() }, 2);
    let both = world.receive(&active(), 2);
    world.pass(600);
    assert!(world.core.settle(world.now, both[0].token, Settlement::Complete).is_ok());
    world.core.settle(world.now, both[1].token, Settlement::Abandon).unwrap();
    world.advance();
    assert!(world.store.rows.is_empty(), "the one that came back late is gone");
}

#[test]
fn a_scheduled_message_gets_a_new_number_when_it_is_due_and_keeps_its_first() {
    let mut world = world(0);
    let mut later = message(1);
    later.scheduled = Some(world.now.wall.plus(micros(100)));
    world.core.send(world.now, &to("q"), &[later, message(2)]).unwrap();
    assert_eq!(world.receive(&active(), 9).len(), 1);
    world.pass(100);
    let row = world.receive(&active(), 9)[0].row;
    assert_eq!((row.first_sequence, row.sequence), (Sequence(1), Sequence(3)));
    assert!(world.core.cancel_scheduled(&to("q"), Sequence(1)).is_err());
}

#[test]
fn a_second_message_with_an_id_seen_within_the_window_is_accepted_and_dropped() {
    let settings = QueueSettings { duplicate_window: Some(micros(1_000)), ..QueueSettings::default() };
    let mut world = world_with(settings, 1);
    world.restart();
    assert_eq!(world.core.send(world.now, &to("q"), &[message(1)]), Ok(vec![Sent::Duplicate]));
    world.pass(1_000);
    assert_eq!(world.core.counts("q").unwrap().remembered_ids, 0);
    assert_eq!(world.core.send(world.now, &to("q"), &[message(1)]), Ok(vec![Sent::Accepted(Sequence(2))]));
}

#[test]
fn a_restart_frees_locks_and_a_rebuild_keeps_them() {
    let mut world = world(3);
    let one = world.receive(&active(), 1)[0];
    world.rebuild();
    assert_eq!(world.receive(&active(), 9).len(), 2);
    assert!(world.core.settle(world.now, one.token, Settlement::Complete).is_ok());
    world.advance();
    world.restart();
    assert_eq!(world.receive(&active(), 9).len(), 2);
}

#[test]
fn numbers_are_not_given_again_after_a_restart() {
    let mut world = world(2);
    for one in world.receive(&active(), 2) {
        world.core.settle(world.now, one.token, Settlement::Complete).unwrap();
    }
    world.advance();
    world.restart();
    assert_eq!(world.core.send(world.now, &to("q"), &[message(3)]), Ok(vec![Sent::Accepted(Sequence(3))]));
}

#[test]
fn declaring_again_changes_nothing_and_other_settings_are_a_list_of_differences() {
    let mut world = world(0);
    let same = QueueSettings { lock: micros(1_000), max_delivery_count: 2, ..QueueSettings::default() };
    assert_eq!(world.core.declare(&queue("q", same.clone())), Ok(Declared::Present));
    let other = QueueSettings { max_delivery_count: 3, dead_letter_expired: true, ..same };
    let refusal = world.core.declare(&queue("q", other)).unwrap_err();
    assert!(matches!(&refusal, DeclareRefusal::Differs { differences, .. } if differences.len() == 2));
    assert_eq!(
        refusal.to_string(),
        "`q` exists already with other settings: max_delivery_count is 2, wanted 3; dead_letter_expired is false, wanted true"
    );
}

#[test]
fn names_that_cannot_be_and_things_that_are_missing_are_refused() {
    let mut world = world(0);
    for name in ["", "a b", "ü", "/a", &"x".repeat(261)] {
        assert!(matches!(world.core.declare(&queue(name, QueueSettings::default())), Err(DeclareRefusal::BadName { .. })), "{name}");
    }
    assert!(matches!(world.core.declare(&topic("q", Default::default())), Err(DeclareRefusal::OtherKind { kind: "queue", .. })));
    assert!(matches!(world.core.declare(&subscription("t", "s", "q")), Err(DeclareRefusal::NoEntity(_))));
    assert!(world.core.send(world.now, &to("nowhere"), &[message(1)]).is_err());
}

#[test]
fn browsing_shows_active_and_scheduled_messages_and_locks_nothing() {
    let mut world = world(2);
    let mut later = message(3);
    later.scheduled = Some(Time::from_micros(i64::MAX - 1));
    world.core.send(world.now, &to("q"), &[later, message(4)]).unwrap();
    world.advance();
    let found = world.core.browse(&active(), Sequence(2), 2).unwrap();
    assert_eq!(world.contents(found.iter().map(|browsed| browsed.row)), [2, 3]);
    assert_eq!(world.receive(&active(), 9).len(), 3);
}

fn again(sequence: Sequence) -> Resubmission {
    Resubmission { sequence, bytes: 12, content: 77 }
}

#[test]
fn a_dead_letter_sent_again_comes_after_all_others_as_if_never_delivered_and_with_its_new_content() {
    let settings = QueueSettings { time_to_live: Some(micros(500)), dead_letter_expired: true, ..QueueSettings::default() };
    let mut world = world_with(settings, 1);
    world.pass(500);
    world.core.send(world.now, &to("q"), &[message(2)]).unwrap();
    let letter = world.core.browse(&dead(), Sequence(0), 1).unwrap()[0].row;
    let sequence = world.core.resubmit(world.now, "q", &again(letter.sequence)).unwrap();
    world.advance();
    world.restart();
    let delivered = world.receive(&active(), 9);
    assert_eq!(world.contents(delivered.iter().map(|one| one.row)), [2, 77]);
    let row = delivered[1].row;
    assert_eq!((row.key, row.sequence, row.first_sequence), (letter.key, sequence, Sequence(1)));
    assert_eq!((row.delivery_count, row.enqueued, row.expires), (1, world.now.wall, world.now.wall.plus(micros(500))));
    let counts = world.core.counts("q").unwrap();
    assert_eq!((counts.dead_letters, counts.bytes), (0, 22));
}

#[test]
fn a_dead_letter_is_sent_again_once_and_never_from_under_a_receiver() {
    let mut world = world(2);
    for one in world.receive(&active(), 2) {
        world.core.settle(world.now, one.token, dead_letter()).unwrap();
    }
    let held = world.receive(&dead(), 1)[0];
    let number = held.row.sequence.0;
    let locked = world.core.resubmit(world.now, "q", &again(held.row.sequence));
    assert_eq!(locked, Err(ResubmitRefusal::Locked { sequence: number }));
    world.core.settle(world.now, held.token, Settlement::Release).unwrap();
    assert!(world.core.resubmit(world.now, "q", &again(held.row.sequence)).is_ok());
    let gone = world.core.resubmit(world.now, "q", &again(held.row.sequence));
    assert_eq!(gone, Err(ResubmitRefusal::NotThere { sequence: number }));
    assert_eq!(world.core.counts("q").unwrap().dead_letters, 1, "the other one stays");
}

#[test]
fn neither_a_full_queue_nor_a_remembered_id_keeps_a_dead_letter_from_being_sent_again() {
    let settings = QueueSettings { bytes_max: 10, duplicate_window: Some(micros(9_000)), ..QueueSettings::default() };
    let mut world = world_with(settings, 1);
    let one = world.receive(&active(), 1)[0];
    world.core.settle(world.now, one.token, dead_letter()).unwrap();
    assert!(world.core.send(world.now, &to("q"), &[message(2)]).is_err());
    let letter = world.core.browse(&dead(), Sequence(0), 1).unwrap()[0].row;
    assert!(world.core.resubmit(world.now, "q", &again(letter.sequence)).is_ok());
    world.advance();
    assert_eq!(world.receive(&active(), 1)[0].row.key, letter.key);
}
