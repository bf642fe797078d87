//! Stopping: R39 and R40.

use std::time::Duration;

use hosting::{Clock, Host, stop_pair};
use messaging::http::OperationKey;
use messaging::{HandlerError, Settings, Settlement};
use storage::CommitFault;

use crate::bus::Bus;
use crate::letters::{Archive, Greet, bare, greeter, letter, noted};
use crate::world::{World, disk};

#[test]
fn a_stop_ends_receiving_and_dispatches_what_is_committed() {
    let world = World::default();
    let bus = Bus::new(&world);
    bus.state().full.insert("archive".to_owned());
    let mut party = world.start(&bus, &disk(), greeter(), Settings::default());
    let sent = party.service.operation(OperationKey::internal("send", None, b""), |ctx| Ok(ctx.send(Archive { name: "Ada".to_owned() })?));
    world.wait(sent).unwrap();
    bus.state().full.clear();
    world.run_for(Duration::from_millis(990));
    assert_eq!(world.wait(party.host.stop()), [""; 0]);
    bus.put("greeter", letter(1, "Bo"), 0);
    world.run_for(Duration::from_secs(10));
    assert_eq!(bus.sent_types(), ["letters.archive"]);
    assert_eq!((bus.ready("greeter"), party.service.counts().handled), (1, 0));
}

#[test]
fn a_stop_waits_for_running_steps_and_gives_back_what_has_not_begun() {
    let world = World::default();
    let bus = Bus::new(&world);
    let (stop, signal) = stop_pair();
    let stop = std::sync::Mutex::new(Some(stop));
    let endpoint = bare().handle(move |ctx, cmd: Greet| {
        drop(stop.lock().unwrap().take());
        crate::letters::greet(ctx, cmd)
    });
    (1..=5).for_each(|number| bus.put("greeter", letter(number, "Ada"), 0));
    let settings = Settings { write_ms_max: 0, ..Settings::default() };
    let (service, hosted, _) = world.bind(&bus, &disk(), endpoint, settings);
    let receiver = hosted.into_iter().find(|service| service.name().ends_with(".receiver")).unwrap();
    world.wait(receiver.run(signal)).unwrap();
    assert_eq!(world.wait(service.read(noted)).unwrap(), ["Ada"]);
    let ends: Vec<Settlement> = bus.state().settled.iter().map(|(_, end)| end.clone()).collect();
    assert_eq!(ends, [Settlement::Complete, Settlement::Release, Settlement::Release, Settlement::Release, Settlement::Release]);
    assert_eq!(bus.state().queues["greeter"].iter().map(|item| item.count).sum::<u32>(), 0, "and nothing counts against it");
}

#[test]
fn what_is_past_the_deadline_is_given_back_without_recoverability() {
    let world = World::default();
    let bus = Bus::new(&world);
    let mut party = world.start(&bus, &disk(), greeter(), Settings::default());
    party.commits.faults.lock().unwrap().extend([CommitFault::DiskFull; 10_000]);
    bus.put("greeter", letter(1, "Ada"), 0);
    world.run_for(Duration::from_secs(60));
    let began = world.monotonic();
    world.wait(party.host.stop());
    assert!(world.monotonic() - began <= Duration::from_secs(20));
    assert_eq!(bus.state().settled.iter().map(|(_, end)| end.clone()).collect::<Vec<_>>(), [Settlement::Release]);
    assert_eq!(party.service.counts().put_off, 0);
}

#[test]
fn a_second_stop_and_a_stop_that_never_started_are_fine() {
    let world = World::default();
    let bus = Bus::new(&world);
    let mut never = Host::new(world.outside(), world.health.clone(), Duration::from_secs(10));
    assert_eq!(world.wait(never.stop()), [""; 0]);
    let mut party = world.start(&bus, &disk(), greeter(), Settings::default());
    assert_eq!(world.wait(party.host.stop()), [""; 0]);
    assert_eq!(world.wait(party.host.stop()), [""; 0]);
}

#[test]
fn an_endpoint_starts_again_after_a_stop() {
    let (world, disk) = (World::default(), disk());
    let bus = Bus::new(&world);
    for number in 1..=2 {
        let mut party = world.start(&bus, &disk, greeter(), Settings::default());
        bus.put("greeter", letter(number, "Ada"), 0);
        world.run_for(Duration::from_secs(1));
        world.wait(party.host.stop());
    }
    assert_eq!(bus.sent_types().len(), 2);
}

#[test]
fn a_stop_does_not_wait_out_the_back_off_of_a_failing_endpoint() {
    let world = World::default();
    let bus = Bus::new(&world);
    (1..=50).for_each(|number| bus.put("greeter", letter(number, "Ada"), 0));
    let endpoint = bare().handle(|_, _: Greet| Err(HandlerError::transient("nobody home")));
    let mut party = world.start(&bus, &disk(), endpoint, Settings::default());
    world.run_for(Duration::from_secs(60));
    let began = world.monotonic();
    assert_eq!(world.wait(party.host.stop()), [""; 0]);
    assert!(world.monotonic() - began < Duration::from_secs(1));
}
