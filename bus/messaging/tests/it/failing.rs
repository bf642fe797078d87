//! Failing: R14 to R18.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use hosting::{Clock, Timestamp};
use messaging::dead_letters::{self, Confirmed};
use messaging::recoverability::{Decision, Policy, Tries, decide, jitter};
use messaging::{Endpoint, FailureClass, HandlerError, NotHandled, Settings, Settlement, TestEndpoint, Transport};

use crate::bus::Bus;
use crate::letters::{Greet, bare, greet, greeter, letter, named, note, noted, raw};
use crate::world::{World, disk};

const WEEK: Duration = Duration::from_secs(7 * 24 * 3_600);

fn failing(error: impl Fn(u32) -> Option<HandlerError> + Send + Sync + 'static) -> (Endpoint, Arc<AtomicU32>) {
    let tries = Arc::new(AtomicU32::new(0));
    let seen = tries.clone();
    let endpoint = bare().handle(move |ctx, cmd: Greet| match error(seen.fetch_add(1, Ordering::Relaxed) + 1) {
        Some(error) => Err(error),
        None => greet(ctx, cmd),
    });
    (endpoint, tries)
}

#[test]
fn a_permanent_failure_is_dead_lettered_at_once() {
    let (endpoint, tries) = failing(|_| Some(HandlerError::permanent("no such street")));
    let mut test = TestEndpoint::new(endpoint);
    assert_eq!(test.handle(named("Ada")), Err(NotHandled::DeadLettered("PermanentFailure".to_owned(), "no such street".to_owned())));
    assert_eq!(tries.load(Ordering::Relaxed), 1);
}

#[test]
fn a_transient_failure_is_tried_three_times_more_at_once_then_after_1_10_60_and_600_seconds() {
    let (endpoint, tries) = failing(|_| Some(HandlerError::transient("nobody home")));
    let mut test = TestEndpoint::new(endpoint);
    assert!(matches!(test.handle(named("Ada")), Err(NotHandled::PutOff(_))));
    for (round, delay) in [(2, 1), (3, 10), (4, 60), (5, 600)] {
        test.advance(Duration::from_millis(delay * 890));
        assert_eq!(tries.load(Ordering::Relaxed), 4 * (round - 1), "not before its time, a tenth apart");
        test.advance(Duration::from_millis(delay * 220));
        assert_eq!(tries.load(Ordering::Relaxed), 4 * round);
    }
    test.advance(WEEK);
    assert_eq!(tries.load(Ordering::Relaxed), 20, "then it is a dead letter");
}

#[test]
fn retry_after_waits_for_as_long_as_it_says() {
    let (endpoint, tries) = failing(|tries| (tries == 1).then(|| HandlerError::retry_after(Duration::from_secs(30), "closed")));
    let mut test = TestEndpoint::new(endpoint);
    assert!(matches!(test.handle(named("Ada")), Err(NotHandled::PutOff(_))));
    test.advance(Duration::from_millis(29_999));
    assert_eq!(tries.load(Ordering::Relaxed), 1);
    test.advance(Duration::from_secs(4));
    assert_eq!((tries.load(Ordering::Relaxed), test.read(noted).len()), (2, 1));
}

#[test]
fn a_conflict_has_twenty_tries_of_its_own_and_is_transient_then() {
    let policy = Policy::default();
    let after = |conflicts, failed| decide(&policy, FailureClass::Conflict, Tries { conflicts, failed, round: 0 });
    assert_eq!((after(0, 0), after(19, 0), after(19, 3)), (Decision::RetryNow, Decision::RetryNow, Decision::RetryNow));
    assert_eq!((after(20, 0), after(20, 2)), (Decision::RetryNow, Decision::RetryNow), "three at once, as any transient failure has");
    assert_eq!(after(20, 3), Decision::RetryAfter(Duration::from_secs(1)));
    let (endpoint, tries) = failing(|tries| (tries <= 23).then(|| HandlerError::conflict("too slow")));
    let mut test = TestEndpoint::new(endpoint);
    test.handle(named("Ada")).unwrap();
    assert_eq!(tries.load(Ordering::Relaxed), 24, "the first, twenty as a conflict, three as a transient failure");
    let (endpoint, _) = failing(|_| Some(HandlerError::conflict("too slow")));
    assert!(matches!(TestEndpoint::new(endpoint).handle(named("Ada")), Err(NotHandled::PutOff(_))));
}

#[test]
fn jitter_stays_within_a_tenth() {
    let delay = Duration::from_secs(10);
    for draw in 0..100 {
        let spread = jitter(delay, draw * 0x0123_4567_89AB_CDEF);
        assert!((Duration::from_secs(9)..=Duration::from_secs(11)).contains(&spread), "{spread:?}");
    }
}

#[test]
fn a_delayed_retry_is_the_same_message_with_the_next_round() {
    let world = World::default();
    let bus = Bus::new(&world);
    let (endpoint, _) = failing(|tries| (tries <= 4).then(|| HandlerError::transient("nobody home")));
    let party = world.start(&bus, &disk(), endpoint, Settings::default());
    let mut original = letter(1, "Ada");
    original.headers.insert("conversationid".to_owned(), "story".to_owned());
    bus.put("greeter", original.clone(), 0);
    world.run_for(Duration::from_secs(5));
    let again = bus.state().sent[0].clone();
    assert_eq!((again.id, again.body, again.headers["retryround"].as_str()), (original.id, original.body, "1"));
    assert_eq!(again.headers["conversationid"], "story");
    assert_eq!(world.wait(party.service.read(noted)).unwrap(), ["Ada"]);
}

#[test]
fn a_message_whose_id_is_no_uuid_keeps_it_through_delays_and_dead_letters() {
    let world = World::default();
    let bus = Bus::new(&world);
    let (endpoint, _) = failing(|tries| match tries {
        1..=4 => Some(HandlerError::transient("nobody home")),
        5 => Some(HandlerError::permanent("no such street")),
        _ => None,
    });
    let party = world.start(&bus, &disk(), endpoint, Settings::default());
    let foreign = raw("order 7", "letters.greet", r#"{"name":"Ada"}"#);
    bus.put("greeter", foreign.clone(), 0);
    world.run_for(Duration::from_secs(5));
    let again = bus.state().sent[0].clone();
    assert_eq!((again.id.as_str(), again.headers["id"].as_str()), ("order 7", "order 7"), "put off");
    let dead = world.wait(dead_letters::list(&party.service, None, 10)).unwrap().remove(0);
    assert_eq!(dead.message_id, "order 7");
    world.wait(dead_letters::retry(&party.service, &dead.id, Confirmed::No)).unwrap();
    bus.put("greeter", foreign, 0);
    world.run_for(Duration::from_secs(1));
    assert_eq!(world.wait(party.service.read(noted)).unwrap(), ["Ada"]);
    assert!(bus.state().settled.iter().all(|(id, _)| id == "order 7"));
    assert_eq!((party.service.counts().duplicates, bus.ready("greeter")), (1, 0));
}

#[test]
fn a_dead_letter_tells_the_attempts_of_all_its_rounds() {
    let world = World::default();
    let bus = Bus::new(&world);
    let (endpoint, tries) = failing(|_| Some(HandlerError::transient("nobody home")));
    let party = world.start(&bus, &disk(), endpoint, Settings::default());
    bus.put("greeter", letter(1, "Ada"), 0);
    for attempts in [20, 24] {
        world.run_for(Duration::from_secs(800));
        let dead = world.wait(dead_letters::list(&party.service, None, 10)).unwrap().remove(0);
        assert_eq!((dead.reason.as_str(), tries.load(Ordering::Relaxed)), ("RetriesExhausted", attempts));
        assert_eq!(dead.headers["deadletterattempts"], attempts.to_string());
        world.wait(dead_letters::retry(&party.service, &dead.id, Confirmed::No)).unwrap();
    }
}

#[test]
fn a_crash_after_a_retry_was_written_forks_nothing() {
    let (world, disk) = (World::default(), disk());
    let bus = Bus::new(&world);
    bus.state().loses_settlements = true;
    let fail = Arc::new(AtomicBool::new(true));
    let endpoint = |fail: Arc<AtomicBool>| {
        bare().handle(move |ctx, cmd: Greet| match fail.load(Ordering::Relaxed) {
            true => Err(HandlerError::transient("nobody home")),
            false => greet(ctx, cmd),
        })
    };
    let party = world.start(&bus, &disk, endpoint(fail.clone()), Settings::default());
    bus.put("greeter", letter(1, "Ada"), 0);
    world.run_for(Duration::from_millis(10));
    assert_eq!(party.service.counts().put_off, 1);
    drop(party);
    world.kill();
    bus.drop_locks();
    bus.state().loses_settlements = false;
    fail.store(false, Ordering::Relaxed);
    let party = world.start(&bus, &disk, endpoint(fail), Settings::default());
    world.run_for(Duration::from_millis(100));
    assert_eq!((party.service.counts().duplicates, party.service.counts().handled), (1, 0), "only the later round counts");
    world.run_for(Duration::from_secs(5));
    assert_eq!(world.wait(party.service.read(noted)).unwrap(), ["Ada"]);
    assert_eq!(bus.ready("greeter"), 0);
}

#[test]
fn what_was_delivered_often_is_handled_alone_after_the_others_are_settled() {
    let world = World::default();
    let bus = Bus::new(&world);
    bus.put("greeter", letter(1, "suspect"), 2);
    bus.put("greeter", letter(2, "suspect too"), 9);
    bus.put("greeter", letter(3, "Ada"), 0);
    bus.put("greeter", letter(4, "Bo"), 1);
    let party = world.start(&bus, &disk(), greeter(), Settings::default());
    world.run_for(Duration::from_secs(1));
    let state = bus.state();
    let completed = state.settled.iter().filter(|(_, end)| *end == Settlement::Complete);
    assert_eq!(completed.filter_map(|(id, _)| id.chars().last()).collect::<Vec<_>>(), ['3', '4', '2', '1']);
    drop(state);
    assert_eq!(world.wait(party.service.read(noted)).unwrap(), ["Ada", "Bo", "suspect too", "suspect"]);
}

#[test]
fn a_message_that_kills_the_process_is_dead_lettered_and_its_neighbours_are_not() {
    let (world, disk) = (World::default(), disk());
    let bus = Bus::new(&world);
    (1..=5).for_each(|number| bus.put("greeter", letter(number, if number == 3 { "bomb" } else { "Ada" }), 0));
    let endpoint = || {
        bare().handle(|ctx, cmd: Greet| {
            if cmd.name == "bomb" {
                // Not a text: no handler's panic, the end of the process.
                std::panic::panic_any(0_u8);
            }
            Ok(note(ctx, &cmd.name)?)
        })
    };
    for _ in 0..12 {
        let party = world.start(&bus, &disk, endpoint(), Settings::default());
        world.run_for(Duration::from_millis(20));
        drop(party);
        world.kill();
        bus.drop_locks();
    }
    let party = world.start(&bus, &disk, endpoint(), Settings::default());
    world.run_for(Duration::from_secs(1));
    let dead = bus.dead("greeter");
    assert_eq!(dead.len(), 1);
    assert_eq!(dead[0].reason.as_ref().unwrap().0, "MaxDeliveryCountExceeded");
    assert!(dead[0].message.id.ends_with('3'));
    assert_eq!((world.wait(party.service.read(noted)).unwrap().len(), bus.ready("greeter")), (4, 0));
}

#[test]
fn a_neighbour_that_was_handled_and_never_settled_is_no_dead_letter() {
    let (world, disk) = (World::default(), disk());
    let bus = Bus::new(&world);
    bus.state().loses_settlements = true;
    bus.put("greeter", letter(1, "Ada"), 0);
    let party = world.start(&bus, &disk, greeter(), Settings::default());
    world.run_for(Duration::from_millis(20));
    drop(party);
    world.kill();
    (0..10).for_each(|_| {
        bus.state().queues.get_mut("greeter").unwrap()[0].count += 1;
    });
    bus.drop_locks();
    bus.state().loses_settlements = false;
    let _party = world.start(&bus, &disk, greeter(), Settings::default());
    world.run_for(Duration::from_millis(20));
    assert_eq!((bus.dead("greeter").len(), bus.ready("greeter")), (0, 0));
}

#[test]
fn a_dead_letter_keeps_the_message_and_says_why_where_when_and_how_often() {
    let world = World::default();
    let bus = Bus::new(&world);
    let source = std::io::Error::other("the road is flooded");
    let text = source.to_string();
    let (endpoint, _) = failing(move |_| Some(HandlerError::permanent("cannot deliver").caused_by(std::io::Error::other(text.clone()))));
    let party = world.start(&bus, &disk(), endpoint, Settings::default());
    bus.put("greeter", letter(1, "Ada"), 0);
    world.run_for(Duration::from_secs(1));
    let found = world.wait(dead_letters::list(&party.service, None, 10)).unwrap();
    let dead = &found[0];
    assert_eq!(
        (dead.message_id.as_str(), dead.kind.as_str(), dead.body.as_str()),
        (letter(1, "").id.as_str(), "letters.greet", r#"{"name":"Ada"}"#)
    );
    assert_eq!((dead.reason.as_str(), dead.description.as_str()), ("PermanentFailure", "cannot deliver: the road is flooded"));
    assert_eq!((dead.headers["deadletterendpoint"].as_str(), dead.headers["deadletterattempts"].as_str()), ("greeter", "1"));
    dead.headers["deadlettertime"].parse::<Timestamp>().unwrap();
    assert_eq!(dead.headers["source"], "/stranger");
}

#[test]
fn a_dead_letter_is_retried_with_the_same_id_and_the_next_round() {
    let world = World::default();
    let bus = Bus::new(&world);
    let (endpoint, _) = failing(|tries| (tries == 1).then(|| HandlerError::permanent("no such street")));
    let party = world.start(&bus, &disk(), endpoint, Settings::default());
    bus.put("greeter", letter(1, "Ada"), 0);
    world.run_for(Duration::from_secs(1));
    let dead = world.wait(dead_letters::list(&party.service, None, 10)).unwrap().remove(0);
    world.wait(dead_letters::retry(&party.service, &dead.id, Confirmed::No)).unwrap();
    world.run_for(Duration::from_secs(1));
    assert_eq!(world.wait(party.service.read(noted)).unwrap(), ["Ada"]);
    assert_eq!(bus.dead("greeter").len(), 0);
    let again = world.wait(dead_letters::retry(&party.service, &dead.id, Confirmed::No)).unwrap_err();
    assert!(again.to_string().contains("there is no dead letter"), "{again}");
}

#[test]
fn twenty_failures_in_a_row_slow_an_endpoint_down_until_one_message_succeeds() {
    let world = World::default();
    let bus = Bus::new(&world);
    let broken = Arc::new(AtomicBool::new(true));
    let seen = broken.clone();
    let endpoint = bare().handle(move |ctx, cmd: Greet| match seen.load(Ordering::Relaxed) {
        true => Err(HandlerError::transient("the post office is closed")),
        false => Ok(note(ctx, &cmd.name)?),
    });
    (1..=200).for_each(|number| bus.put("greeter", letter(number, "Ada"), 0));
    let party = world.start(&bus, &disk(), endpoint, Settings::default());
    world.run_for(Duration::from_secs(120));
    assert!(world.health_of("greeter").contains("failures in a row; messages are tried one at a time"), "{}", world.health_of("greeter"));
    let (commits, began) = (party.service.db().commits(), world.monotonic());
    world.run_for(Duration::from_secs(100));
    let per_minute = (party.service.db().commits() - commits) * 60 / (world.monotonic() - began).as_secs();
    assert!(per_minute <= 20, "{per_minute} writes a minute");
    broken.store(false, Ordering::Relaxed);
    world.run_for(Duration::from_secs(700));
    assert_eq!(party.service.counts().handled, 200);
    assert_eq!(world.health_of("greeter"), "Ready");
}

#[test]
fn permanent_failures_do_not_slow_an_endpoint_down() {
    let world = World::default();
    let bus = Bus::new(&world);
    let (endpoint, _) = failing(|_| Some(HandlerError::permanent("no such street")));
    (1..=100).for_each(|number| bus.put("greeter", letter(number, "Ada"), 0));
    let party = world.start(&bus, &disk(), endpoint, Settings::default());
    world.run_for(Duration::from_secs(1));
    assert_eq!((party.service.counts().dead_lettered, world.health_of("greeter").as_str()), (100, "Ready"));
    assert!(bus.trouble().is_none());
}
