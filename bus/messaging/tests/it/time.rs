//! Time: R19 to R21, and due messages (R5).

use std::sync::{Arc, Mutex};
use std::time::Duration;

use hosting::Timestamp;
use messaging::http::OperationKey;
use messaging::{NotHandled, Settings, TestEndpoint};

use crate::bus::Bus;
use crate::letters::{Greet, Remind, bare, greeter, letter, note, noted, noted_at};
use crate::world::{Party, World, disk};

const MINUTE: Duration = Duration::from_secs(60);

fn reminder() -> messaging::Endpoint {
    bare()
        .handle(|ctx, cmd: Greet| {
            let due = ctx.now().plus(10 * MINUTE);
            let name = cmd.name.clone();
            ctx.send_at(due, &name, Remind { name: cmd.name })
        })
        .handle(|ctx, cmd: Remind| Ok(note(ctx, &cmd.name)?))
}

#[test]
fn now_is_constant_within_a_step() {
    let world = World::default();
    let bus = Bus::new(&world);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (keep, clock) = (seen.clone(), world.clone());
    let endpoint = bare().handle(move |ctx, _: Greet| {
        keep.lock().unwrap().push(ctx.now());
        clock.jump(60);
        keep.lock().unwrap().push(ctx.now());
        Ok(())
    });
    bus.put("greeter", letter(1, "Ada"), 0);
    let _party = world.start(&bus, &disk(), endpoint, Settings::default());
    world.run_for(Duration::from_millis(10));
    let seen = seen.lock().unwrap();
    assert_eq!((seen.len(), seen[0]), (2, seen[1]));
}

#[test]
fn now_never_goes_back_also_over_a_restart_and_health_shows_it() {
    let (world, disk) = (World::default(), disk());
    let bus = Bus::new(&world);
    bus.put("greeter", letter(1, "Ada"), 0);
    let party = world.start(&bus, &disk, greeter(), Settings::default());
    world.run_for(MINUTE);
    world.jump(-3_600);
    bus.put("greeter", letter(2, "Bo"), 0);
    world.run_for(MINUTE);
    assert!(world.health_of("greeter").contains("the wall clock went back by 3"), "{}", world.health_of("greeter"));
    drop(party);
    world.kill();
    bus.put("greeter", letter(3, "Cleo"), 0);
    let party = world.start(&bus, &disk, greeter(), Settings::default());
    world.run_for(MINUTE);
    let at: Vec<Timestamp> = world.wait(party.service.read(noted_at)).unwrap();
    assert!(at.len() == 3 && at.is_sorted(), "{at:?}");
    world.jump(3_600);
    world.run_for(MINUTE);
    assert_eq!(world.health_of("greeter"), "Ready");
}

#[test]
fn back_off_and_locks_do_not_follow_a_wall_clock_that_jumps() {
    let world = World::default();
    let bus = Bus::new(&world);
    bus.state().away = true;
    let _party = world.start(&bus, &disk(), greeter(), Settings::default());
    world.run_for(MINUTE);
    world.jump(-600);
    bus.state().away = false;
    bus.put("greeter", letter(1, "Ada"), 0);
    world.run_for(Duration::from_secs(11));
    assert_eq!(bus.sent_types(), ["letters.greeted"]);
}

#[test]
fn expired_messages_are_not_handled_but_counted() {
    let world = World::default();
    let bus = Bus::new(&world);
    let expiring = |number: u32, at: Timestamp| {
        let mut letter = letter(number, "Ada");
        letter.headers.insert("expirytime".to_owned(), at.to_string());
        letter
    };
    let now = hosting::Clock::now(&world);
    bus.put("greeter", expiring(1, now.minus(Duration::from_secs(1))), 0);
    bus.put("greeter", expiring(2, now.plus(MINUTE)), 0);
    let party = world.start(&bus, &disk(), greeter(), Settings::default());
    world.run_for(Duration::from_secs(1));
    let counts = party.service.counts();
    assert_eq!((counts.handled, counts.expired, counts.dead_lettered, bus.ready("greeter")), (1, 1, 0, 0));
}

#[test]
fn an_expired_message_in_a_test_endpoint_says_so() {
    let mut test = TestEndpoint::new(greeter());
    let mut letter = letter(1, "Ada");
    letter.headers.insert("expirytime".to_owned(), test.now().to_string());
    assert_eq!(test.deliver(letter), Err(NotHandled::Expired));
}

#[test]
fn nothing_due_is_handled_early() {
    let mut test = TestEndpoint::new(reminder());
    test.handle(Greet { name: "Ada".to_owned() }).unwrap();
    test.advance(10 * MINUTE - Duration::from_micros(1));
    assert_eq!(test.read(noted), [""; 0]);
    test.advance(Duration::from_micros(1));
    assert_eq!(test.read(noted), ["Ada"]);
}

#[test]
fn what_fell_due_while_the_process_was_down_is_handled_at_start() {
    let (world, disk) = (World::default(), disk());
    let bus = Bus::new(&world);
    bus.put("greeter", letter(1, "Ada"), 0);
    let party = world.start(&bus, &disk, reminder(), Settings::default());
    world.run_for(MINUTE);
    drop(party);
    world.kill();
    world.run_for(60 * MINUTE);
    let party = world.start(&bus, &disk, reminder(), Settings::default());
    world.run_for(Duration::from_millis(100));
    assert_eq!(world.wait(party.service.read(noted)).unwrap(), ["Ada"]);
}

#[test]
fn a_due_message_is_sent_at_its_time_by_the_loops_too() {
    let world = World::default();
    let bus = Bus::new(&world);
    bus.put("greeter", letter(1, "Ada"), 0);
    let party = world.start(&bus, &disk(), reminder(), Settings::default());
    world.run_for(10 * MINUTE - Duration::from_secs(1));
    assert_eq!(world.wait(party.service.read(noted)).unwrap(), [""; 0]);
    world.run_for(Duration::from_secs(2));
    assert_eq!(world.wait(party.service.read(noted)).unwrap(), ["Ada"]);
}

fn ask<T: serde::Serialize + serde::de::DeserializeOwned + Send + 'static>(
    world: &World,
    party: &Party,
    work: impl Fn(&mut messaging::Context<'_>) -> Result<T, messaging::HandlerError> + Send + Sync + 'static,
) -> T {
    world.wait(party.service.operation(OperationKey::internal("ask", None, b""), move |ctx| Ok(work(ctx)?))).unwrap()
}

#[test]
fn a_due_message_can_be_cancelled_by_its_key_until_it_is_due() {
    let world = World::default();
    let bus = Bus::new(&world);
    let party = world.start(&bus, &disk(), reminder(), Settings::default());
    let remind = |key: u32| {
        ask(&world, &party, move |ctx| {
            let due = ctx.now().plus(MINUTE);
            ctx.send_at(due, key, Remind { name: format!("reminder {key}") })
        });
    };
    remind(1);
    remind(2);
    assert!(ask(&world, &party, |ctx| ctx.cancel::<Remind>(1)), "it was there and is never sent");
    assert!(!ask(&world, &party, |ctx| ctx.cancel::<Remind>(1)), "there is none");
    world.run_for(2 * MINUTE);
    assert!(!ask(&world, &party, |ctx| ctx.cancel::<Remind>(2)), "it fell due");
    assert_eq!(world.wait(party.service.read(noted)).unwrap(), ["reminder 2"]);
}

#[test]
fn the_same_key_again_replaces_a_due_message() {
    let mut test = TestEndpoint::new(reminder());
    test.handle(Greet { name: "Ada".to_owned() }).unwrap();
    test.advance(5 * MINUTE);
    test.handle(Greet { name: "Ada".to_owned() }).unwrap();
    test.advance(60 * MINUTE);
    assert_eq!(test.read(noted), ["Ada"]);
}
