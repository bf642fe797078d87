//! Receiving: R1 to R9.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use hosting::{Clock, stop_pair};
use messaging::http::OperationKey;
use messaging::{Endpoint, HandlerError, NotHandled, Settings, Settlement, TestEndpoint};
use storage::{CommitFault, Database, Driver, Location, params};

use crate::bus::{BODY_BYTES_MAX, Bus, LOCK};
use crate::letters::{Greet, Greeted, TABLES, bare, greet, greeter, letter, named, note, noted, raw};
use crate::world::{World, disk};

fn count(test: &TestEndpoint, table: &'static str) -> i64 {
    test.read(move |tx| tx.query_one(&format!("SELECT count(*) FROM {table}"), params![], |row| row.get(0)))
}

#[test]
fn a_message_delivered_again_is_a_duplicate_without_effect() {
    let mut test = TestEndpoint::new(greeter());
    test.handle(named("Ada")).unwrap();
    assert_eq!(test.redeliver_last(), Err(NotHandled::Duplicate));
    assert_eq!(test.read(noted), ["Ada"]);
    assert_eq!(test.published::<Greeted>().len(), 1);
}

#[test]
fn an_id_that_is_no_uuid_is_claimed_by_source_and_id() {
    let mut test = TestEndpoint::new(greeter());
    let letter = raw("letter 7", "letters.greet", r#"{"name":"Ada"}"#);
    test.deliver(letter.clone()).unwrap();
    assert_eq!(test.deliver(letter.clone()), Err(NotHandled::Duplicate));
    let mut of_another = letter;
    of_another.headers.insert("source".to_owned(), "/elsewhere".to_owned());
    test.deliver(of_another).unwrap();
    assert_eq!(test.read(noted), ["Ada", "Ada"]);
}

#[test]
fn a_batch_is_taken_in_the_order_of_its_ids() {
    let world = World::default();
    let bus = Bus::new(&world);
    for (number, name) in [(3, "Cleo"), (1, "Ada"), (2, "Bo")] {
        bus.put("greeter", letter(number, name), 0);
    }
    let party = world.start(&bus, &disk(), greeter(), Settings::default());
    world.run_for(Duration::from_secs(1));
    assert_eq!(world.wait(party.service.read(noted)).unwrap(), ["Ada", "Bo", "Cleo"]);
}

#[test]
fn an_unknown_type_is_dead_lettered_at_once_with_what_is_known() {
    let mut test = TestEndpoint::new(greeter());
    let ended = test.deliver(raw("1", "letters.shout", "{}"));
    let Err(NotHandled::DeadLettered(reason, description)) = ended else { panic!("{ended:?}") };
    assert_eq!(reason, "UnknownType");
    for part in ["letters.shout", "letters.shout/v1", "letters.greet"] {
        assert!(description.contains(part), "{description}");
    }
}

#[test]
fn a_body_that_cannot_be_read_is_dead_lettered_at_once_with_type_and_version() {
    let mut test = TestEndpoint::new(greeter());
    let ended = test.deliver(raw("1", "letters.greet", r#"{"nom":"Ada"}"#));
    let Err(NotHandled::DeadLettered(_, description)) = ended else { panic!("{ended:?}") };
    for part in ["letters.greet", "version 1", "letters.greet/v1", "missing field `name`"] {
        assert!(description.contains(part), "{description}");
    }
}

#[test]
fn unknown_fields_of_a_body_are_ignored() {
    let mut test = TestEndpoint::new(greeter());
    test.deliver(raw("1", "letters.greet", r#"{"name":"Ada","title":"Countess"}"#)).unwrap();
    assert_eq!(test.read(noted), ["Ada"]);
}

#[test]
fn a_failed_handler_loses_its_claim_and_the_rest_of_the_batch_is_untouched() {
    let world = World::default();
    let bus = Bus::new(&world);
    let tries = Arc::new(AtomicU32::new(0));
    let seen = tries.clone();
    let endpoint = bare().handle(move |ctx, cmd: Greet| {
        if cmd.name == "Bo" && seen.fetch_add(1, Ordering::Relaxed) == 0 {
            note(ctx, "nobody")?;
            return Err(HandlerError::transient("not now"));
        }
        greet(ctx, cmd)
    });
    for (number, name) in [(1, "Ada"), (2, "Bo"), (3, "Cleo")] {
        bus.put("greeter", letter(number, name), 0);
    }
    let party = world.start(&bus, &disk(), endpoint, Settings::default());
    world.run_for(Duration::from_millis(100));
    assert_eq!(world.wait(party.service.read(noted)).unwrap(), ["Ada", "Cleo", "Bo"]);
    assert_eq!(tries.load(Ordering::Relaxed), 2);
}

#[test]
fn a_panic_is_an_error_that_keeps_its_text_and_has_changed_nothing() {
    let mut test = TestEndpoint::new(bare().handle(|ctx, cmd: Greet| {
        greet(ctx, cmd)?;
        panic!("the ink is dry")
    }));
    let ended = test.handle(named("Ada"));
    let Err(NotHandled::PutOff(error)) = ended else { panic!("{ended:?}") };
    assert!(error.contains("the ink is dry"), "{error}");
    assert_eq!(test.read(noted), [""; 0]);
    assert_eq!(test.published::<Greeted>(), []);
}

#[test]
fn what_a_failed_step_sent_is_not_sent() {
    let mut test = TestEndpoint::new(bare().handle(|ctx, cmd: Greet| {
        greet(ctx, cmd)?;
        Err(HandlerError::permanent("changed my mind"))
    }));
    assert!(test.handle(named("Ada")).is_err());
    assert_eq!((test.outgoing().len(), count(&test, "outbox"), count(&test, "inbox")), (0, 0, 0));
}

#[test]
fn a_body_over_the_transports_maximum_is_refused_by_send() {
    let world = World::default();
    let bus = Bus::new(&world);
    bus.put("greeter", letter(1, &"a".repeat(BODY_BYTES_MAX)), 0);
    let _party = world.start(&bus, &disk(), greeter(), Settings::default());
    world.run_for(Duration::from_secs(1));
    let dead = bus.dead("greeter");
    assert!(dead[0].reason.as_ref().unwrap().1.contains("the transport takes 10000"), "{:?}", dead[0].reason);
}

#[test]
fn trouble_of_ours_is_never_counted_against_a_message() {
    let world = World::default();
    let bus = Bus::new(&world);
    let party = world.start(&bus, &disk(), greeter(), Settings::default());
    party.commits.faults.lock().unwrap().extend([CommitFault::DiskFull; 30]);
    (1..=3).for_each(|number| bus.put("greeter", letter(number, "Ada"), 0));
    world.run_for(Duration::from_secs(100));
    assert_eq!(bus.sent_types(), [""; 0]);
    assert!(world.health_of("greeter").contains("disk is full"), "{}", world.health_of("greeter"));
    assert_eq!(bus.state().settled, []);
    assert!(bus.state().renewed > 0, "the locks are kept meanwhile");
    world.run_for(Duration::from_secs(300));
    assert_eq!(world.wait(party.service.read(noted)).unwrap().len(), 3);
    assert_eq!((bus.dead("greeter").len(), bus.ready("greeter")), (0, 0));
    assert_eq!((party.service.counts().handled, party.service.counts().put_off), (3, 0));
    assert_eq!(world.health_of("greeter"), "Ready");
}

#[test]
fn an_environment_error_that_a_handler_swallows_undoes_the_batch_all_the_same() {
    let world = World::default();
    let bus = Bus::new(&world);
    let party = world.start(&bus, &disk(), greeter_that_swallows(), Settings::default());
    bus.put("greeter", letter(1, &"x".repeat(9_000)), 0);
    world.run_for(Duration::from_secs(10));
    assert_eq!(bus.state().settled, [], "neither handled nor dead-lettered");
    assert!(world.health_of("greeter").contains("in trouble"), "{}", world.health_of("greeter"));
    drop(party);
}

/// Fills its database to the brim and does not care.
fn greeter_that_swallows() -> Endpoint {
    bare().handle(|ctx, cmd: Greet| {
        ctx.tx().set_pages_max(1)?;
        for _ in 0..1_000 {
            let _ = note(ctx, &cmd.name);
        }
        Ok(())
    })
}

#[test]
fn a_step_that_breaks_its_commit_is_the_fault_of_its_message_alone() {
    let world = World::default();
    let bus = Bus::new(&world);
    let endpoint = bare().handle(|ctx, cmd: Greet| {
        if cmd.name == "Bo" {
            ctx.tx().execute("INSERT INTO debts (name) VALUES ($1)", params![cmd.name])?;
        }
        greet(ctx, cmd)
    });
    for (number, name) in [(1, "Ada"), (2, "Bo"), (3, "Cleo")] {
        bus.put("greeter", letter(number, name), 0);
    }
    let party = world.start(&bus, &disk(), endpoint, Settings::default());
    world.run_for(Duration::from_secs(3_600));
    assert_eq!(world.wait(party.service.read(noted)).unwrap(), ["Ada", "Cleo"]);
    assert_eq!(bus.dead("greeter").len(), 1);
}

#[test]
fn a_message_is_settled_only_after_the_commit() {
    let world = World::default();
    let bus = Bus::new(&world);
    let party = world.start(&bus, &disk(), greeter(), Settings::default());
    party.commits.faults.lock().unwrap().push_back(CommitFault::NotCommitted);
    bus.put("greeter", letter(1, "Ada"), 0);
    world.run_for(Duration::from_millis(10));
    assert_eq!(bus.state().settled, []);
    world.run_for(Duration::from_secs(1));
    assert_eq!(bus.state().settled.iter().map(|(_, end)| end.clone()).collect::<Vec<_>>(), [Settlement::Complete]);
}

#[test]
fn a_crash_between_commit_and_settlement_delivers_a_duplicate() {
    let (world, disk) = (World::default(), disk());
    let bus = Bus::new(&world);
    bus.state().loses_settlements = true;
    let party = world.start(&bus, &disk, greeter(), Settings::default());
    bus.put("greeter", letter(1, "Ada"), 0);
    world.run_for(Duration::from_millis(10));
    drop(party);
    world.kill();
    bus.drop_locks();
    bus.state().loses_settlements = false;
    let party = world.start(&bus, &disk, greeter(), Settings::default());
    world.run_for(Duration::from_secs(1));
    assert_eq!(world.wait(party.service.read(noted)).unwrap(), ["Ada"]);
    assert_eq!((party.service.counts().handled, party.service.counts().duplicates, bus.ready("greeter")), (0, 1, 0));
}

#[test]
fn a_lost_lock_is_no_error_and_the_message_comes_again_as_a_duplicate() {
    let world = World::default();
    let bus = Bus::new(&world);
    bus.state().loses_settlements = true;
    let party = world.start(&bus, &disk(), greeter(), Settings::default());
    bus.put("greeter", letter(1, "Ada"), 0);
    world.run_for(LOCK / 2);
    bus.state().loses_settlements = false;
    world.run_for(LOCK);
    assert_eq!(world.wait(party.service.read(noted)).unwrap(), ["Ada"]);
    assert_eq!((party.service.counts().duplicates, bus.ready("greeter")), (1, 0));
    assert_eq!(world.health_of("greeter"), "Ready");
}

#[test]
fn locks_are_renewed_while_messages_wait_longer_than_half_their_lock() {
    let world = World::default();
    let bus = Bus::new(&world);
    let party = world.start(&bus, &disk(), greeter(), Settings::default());
    party.commits.faults.lock().unwrap().extend([CommitFault::DiskFull; 40]);
    let began = world.monotonic();
    bus.put("greeter", letter(1, "Ada"), 0);
    world.run_for(LOCK * 4);
    assert!(bus.state().renewed >= 7, "{}", bus.state().renewed);
    assert_eq!(bus.state().received.iter().filter(|(at, _)| *at >= began).count(), 1, "it is never delivered again meanwhile");
}

#[test]
fn locks_are_renewed_while_a_handler_runs_for_longer_than_half_its_lock() {
    let world = World::default();
    let bus = Bus::new(&world);
    let ((begun, begins), (end, ends)) = (std::sync::mpsc::channel(), std::sync::mpsc::channel());
    let ends = std::sync::Mutex::new(ends);
    let endpoint = bare().handle(move |ctx, cmd: Greet| {
        begun.send(()).unwrap();
        ends.lock().unwrap().recv().unwrap();
        greet(ctx, cmd)
    });
    // On a thread of its own, as in production: the handler holds up the writer and nothing else.
    let folder = tempfile::tempdir().unwrap();
    let location = Location::File(folder.path().join("greeter.sqlite"));
    let db = Database::open(&location, Driver::Thread, endpoint.all_migrations()).unwrap();
    let bound = endpoint.bind(world.outside(), db, bus.clone(), &world.health, Settings::default());
    let (service, hosted) = world.wait_for_threads(bound).unwrap();
    let (_stop, signal) = stop_pair();
    let receiver = hosted.into_iter().find(|part| part.name().ends_with(".receiver")).unwrap();
    drop(world.outside().spawner.spawn("receiver", Box::pin(async move { receiver.run(signal).await.unwrap() })));
    bus.put("greeter", letter(1, "Ada"), 0);
    world.run_for(Duration::from_millis(1));
    begins.recv().unwrap();
    world.run_for(LOCK * 4);
    assert!(bus.state().renewed >= 7, "{}", bus.state().renewed);
    assert_eq!(bus.state().received.len(), 1, "it is never delivered again meanwhile");
    end.send(()).unwrap();
    // The writer takes one after the other: the handler's write is over once this one is.
    service.db().write_blocking(|tx| tx.execute("DELETE FROM inbox WHERE FALSE", params![])).unwrap();
    world.run_for(Duration::from_millis(1));
    assert_eq!((service.counts().handled, service.counts().duplicates), (1, 0));
    world.kill();
}

#[test]
fn a_write_ends_after_its_limit_and_the_rest_goes_into_the_next() {
    let world = World::default();
    let bus = Bus::new(&world);
    (1..=10).for_each(|number| bus.put("greeter", letter(number, "Ada"), 0));
    let endpoint = Endpoint::new("greeter").migrations(TABLES).handle(|ctx, cmd: Greet| Ok(note(ctx, &cmd.name)?));
    let party = world.start(&bus, &disk(), endpoint, Settings { batch_max: 10, write_ms_max: 0, ..Settings::default() });
    world.run_for(Duration::from_secs(1));
    assert_eq!(party.service.counts().handled, 10);
    assert!(party.service.db().commits() >= 10, "a write for each");
}

#[test]
fn an_endpoint_that_handles_nothing_sends_and_never_receives() {
    let world = World::default();
    let bus = Bus::new(&world);
    let party = world.start(&bus, &disk(), bare(), Settings::default());
    bus.put("greeter", letter(1, "Ada"), 0);
    let sent =
        party.service.operation(OperationKey::internal("greet", None, b""), |ctx| Ok(ctx.publish(Greeted { name: "Bo".to_owned() })?));
    world.wait(sent).unwrap();
    world.run_for(Duration::from_secs(60));
    assert_eq!((bus.sent_types(), bus.ready("greeter"), bus.dead("greeter").len()), (vec!["letters.greeted".to_owned()], 1, 0));
}
