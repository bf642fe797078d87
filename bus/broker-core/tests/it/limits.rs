//! The edges of every limit.

use broker_core::{Destination, QueueSettings, SendRefusal, Source, TopicSettings};

use crate::mirror::{World, message, queue, subscription, topic};

fn to_queue() -> Destination {
    Destination::Queue("q".to_owned())
}

fn small() -> World {
    let settings = QueueSettings { message_bytes_max: 100, bytes_max: 250, ..QueueSettings::default() };
    World::new(&[queue("q", settings), topic("t", TopicSettings::default()), subscription("t", "s", "q")])
}

fn sized(content: u64, bytes: u32) -> broker_core::Outgoing {
    broker_core::Outgoing { bytes, ..message(content) }
}

#[test]
fn a_message_as_large_as_may_be_is_taken_and_one_byte_more_is_not() {
    let mut world = small();
    assert!(world.core.send(world.now, &to_queue(), &[sized(1, 100)]).is_ok());
    let refusal = world.core.send(world.now, &to_queue(), &[sized(2, 101)]).unwrap_err();
    assert_eq!(refusal.to_string(), "a message of 101 bytes is too large for `q`, which takes 100");
}

#[test]
fn a_batch_is_taken_whole_or_not_at_all() {
    let mut world = small();
    assert!(world.core.send(world.now, &to_queue(), &[sized(1, 10), sized(2, 101)]).is_err());
    assert!(world.core.send(world.now, &to_queue(), &[sized(1, 100), sized(2, 100), sized(3, 51)]).is_err());
    assert_eq!(world.core.counts("q").unwrap().active, 0);
    assert!(world.core.send(world.now, &to_queue(), &[sized(1, 100), sized(2, 100), sized(3, 50)]).is_ok());
    assert_eq!(world.core.counts("q").unwrap().bytes, 250);
}

#[test]
fn a_full_queue_takes_again_once_something_is_settled() {
    let mut world = small();
    world.core.send(world.now, &to_queue(), &[sized(1, 100), sized(2, 100), sized(3, 50)]).unwrap();
    assert!(matches!(world.core.send(world.now, &to_queue(), &[sized(4, 1)]), Err(SendRefusal::EntityFull { .. })));
    let one = world.receive(&Source::Queue("q".to_owned()), 1)[0];
    world.core.settle(world.now, one.token, broker_core::Settlement::Complete).unwrap();
    assert!(world.core.send(world.now, &to_queue(), &[sized(4, 100)]).is_ok());
}

#[test]
fn a_topic_refuses_what_one_of_its_queues_has_no_room_for() {
    let mut world = small();
    let to = Destination::Topic("t".to_owned());
    assert!(world.core.send(world.now, &to, &[sized(1, 100), sized(2, 100), sized(3, 51)]).is_err());
    assert!(world.core.send(world.now, &to, &[sized(1, 100), sized(2, 100), sized(3, 50)]).is_ok());
}

#[test]
fn a_queue_with_two_subscriptions_to_a_topic_needs_room_for_both_copies() {
    let mut world = small();
    world.core.declare(&subscription("t", "s2", "q")).unwrap();
    let to = Destination::Topic("t".to_owned());
    assert!(world.core.send(world.now, &to, &[sized(1, 100), sized(2, 26)]).is_err());
    assert!(world.core.send(world.now, &to, &[sized(1, 100), sized(2, 25)]).is_ok());
    assert_eq!(world.core.counts("q").unwrap().bytes, 250);
}

#[test]
fn an_id_of_128_characters_is_taken_and_one_of_129_is_not() {
    let mut world = small();
    for (chars, taken) in [(128, true), (129, false)] {
        let mut outgoing = message(1);
        outgoing.message_id = "ü".repeat(chars);
        assert_eq!(world.core.send(world.now, &to_queue(), &[outgoing]).is_ok(), taken);
        let mut outgoing = message(1);
        outgoing.session_id = Some("ü".repeat(chars));
        assert_eq!(world.core.send(world.now, &to_queue(), &[outgoing]).is_ok(), taken);
    }
}

#[test]
fn a_reason_of_4096_characters_is_kept_and_what_is_longer_is_cut() {
    let mut world = small();
    for (content, chars) in [(1, 4_096), (2, 4_097)] {
        world.core.send(world.now, &to_queue(), &[message(content)]).unwrap();
        let one = world.receive(&Source::Queue("q".to_owned()), 1)[0];
        let (reason, description) = ("ü".repeat(chars), "x".repeat(chars));
        world.core.settle(world.now, one.token, broker_core::Settlement::DeadLetter { reason, description }).unwrap();
        world.advance();
        let cause = &world.store.causes[&one.row.key];
        assert_eq!((cause.reason(), cause.description()), ("ü".repeat(4_096).as_str(), "x".repeat(4_096)));
    }
}

#[test]
fn settings_out_of_range_are_refused() {
    let mut world = small();
    let no_delivery = QueueSettings { max_delivery_count: 0, ..QueueSettings::default() };
    let long_lock = QueueSettings { lock: std::time::Duration::from_secs(301), ..QueueSettings::default() };
    let no_life = QueueSettings { time_to_live: Some(std::time::Duration::ZERO), ..QueueSettings::default() };
    for settings in [no_delivery, long_lock, no_life] {
        assert!(world.core.declare(&queue("other", settings)).is_err());
    }
}

#[test]
fn more_than_one_step_of_time_can_move_is_moved_by_the_next() {
    let mut world =
        World::new(&[queue("q", QueueSettings { time_to_live: Some(std::time::Duration::from_secs(1)), ..QueueSettings::default() })]);
    let batch: Vec<_> = (1..=5_000).map(message).collect();
    world.core.send(world.now, &to_queue(), &batch).unwrap();
    world.now.wall = world.now.wall.plus(std::time::Duration::from_secs(2));
    world.core.advance(world.now);
    assert_eq!(world.core.counts("q").unwrap().active, 904);
    assert!(world.core.next_deadline().wall.unwrap() <= world.now.wall);
    world.core.advance(world.now);
    assert_eq!(world.core.counts("q").unwrap().active, 0);
    assert_eq!(world.core.next_deadline().wall, None);
}
