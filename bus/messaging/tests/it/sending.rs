//! Sending: R5, R10 to R13, and the envelope.

use std::time::Duration;

use http::StatusCode;
use messaging::dead_letters::{self, Confirmed, LetterError};
use messaging::http::{OperationKey, Problem};
use messaging::{Context, Service, Settings, TestEndpoint};
use storage::CommitFault;

use crate::bus::Bus;
use crate::letters::{Archive, Greet, Greeted, Remind, bare, greeter, letter, named, note, noted, raw};
use crate::world::{World, disk};

fn say(world: &World, service: &Service, name: &str) -> Result<String, Problem> {
    let name = name.to_owned();
    world.wait(service.operation(OperationKey::internal("say", None, b""), move |ctx| {
        note(ctx, &name)?;
        ctx.send(Archive { name: name.clone() })?;
        Ok(name.clone())
    }))
}

#[test]
fn outgoing_messages_carry_the_conversation_and_their_cause() {
    let mut test = TestEndpoint::new(greeter());
    let mut incoming = letter(1, "Ada");
    incoming.headers.insert("conversationid".to_owned(), "the whole story".to_owned());
    incoming.headers.insert("correlationid".to_owned(), "order 7".to_owned());
    incoming.headers.insert("traceparent".to_owned(), "00-aa-bb-01".to_owned());
    let id = incoming.id.clone();
    test.deliver(incoming).unwrap();
    let headers = &test.outgoing()[0].headers;
    for (name, value) in [
        ("specversion", "1.0"),
        ("type", "letters.greeted"),
        ("source", "/greeter"),
        ("dataschema", "letters.greeted/v1"),
        ("datacontenttype", "application/json"),
        ("conversationid", "the whole story"),
        ("correlationid", "order 7"),
        ("causationid", &id),
        ("traceparent", "00-aa-bb-01"),
    ] {
        assert_eq!(headers[name], value, "{name}");
    }
    assert_eq!(headers["id"], test.outgoing()[0].id);
}

#[test]
fn an_operation_starts_a_conversation() {
    let mut test = TestEndpoint::new(bare());
    let twice = |ctx: &mut Context<'_>| {
        ctx.send(Archive { name: "Ada".to_owned() })?;
        Ok(ctx.publish(Greeted { name: "Ada".to_owned() })?)
    };
    test.operation(twice).unwrap();
    test.operation(twice).unwrap();
    let told = |name: &str| test.outgoing().iter().map(|message| message.headers.get(name).cloned()).collect::<Vec<_>>();
    let conversations = told("conversationid");
    assert_eq!((&conversations[0], &conversations[2]), (&conversations[1], &conversations[3]), "one for all that an operation sends");
    assert_ne!(conversations[0], conversations[2], "and another for the next operation");
    assert_eq!((told("correlationid"), told("causationid")), (conversations, vec![None; 4]));
}

#[test]
fn a_message_says_when_it_expires_counted_from_when_it_is_due_and_what_it_belongs_to() {
    let (hour, day) = (Duration::from_secs(3_600), Duration::from_secs(24 * 3_600));
    let mut test = TestEndpoint::new(bare());
    let began = test.now();
    let send = move |ctx: &mut Context<'_>| {
        ctx.publish(Greeted { name: "Ada".to_owned() })?;
        ctx.send(Archive { name: "Ada".to_owned() })?;
        Ok(ctx.send_at(ctx.now().plus(day), "later", Archive { name: "Bo".to_owned() })?)
    };
    test.operation(send).unwrap();
    test.advance(day);
    let told = |name: &str| test.outgoing().iter().map(|message| message.headers.get(name).cloned()).collect::<Vec<_>>();
    assert_eq!(told("expirytime"), [None, Some(began.plus(hour).to_string()), Some(began.plus(day + hour).to_string())]);
    assert_eq!(told("partitionkey"), [None, Some("Ada".to_owned()), Some("Bo".to_owned())]);
}

#[test]
fn what_is_sent_again_after_a_crash_has_the_same_id() {
    let (world, disk) = (World::default(), disk());
    let bus = Bus::new(&world);
    bus.state().loses_confirmations = true;
    let party = world.start(&bus, &disk, greeter(), Settings::default());
    say(&world, &party.service, "Ada").unwrap();
    world.run_for(Duration::from_millis(10));
    drop(party);
    world.kill();
    bus.state().loses_confirmations = false;
    let party = world.start(&bus, &disk, greeter(), Settings::default());
    world.run_for(Duration::from_secs(1));
    let ids: Vec<String> = bus.state().sent.iter().map(|message| message.id.clone()).collect();
    assert!(ids.len() >= 2 && ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    let sent = ids.len();
    world.run_for(Duration::from_secs(60));
    assert_eq!(bus.state().sent.len(), sent, "what is confirmed goes from the outbox");
    drop(party);
}

#[test]
fn what_was_committed_is_sent_though_its_cause_was_lost() {
    let (world, disk) = (World::default(), disk());
    let bus = Bus::new(&world);
    bus.state().away = true;
    let party = world.start(&bus, &disk, greeter(), Settings::default());
    say(&world, &party.service, "Ada").unwrap();
    drop(party);
    world.kill();
    bus.state().away = false;
    let _party = world.start(&bus, &disk, greeter(), Settings::default());
    world.run_for(Duration::from_secs(1));
    assert_eq!(bus.sent_types(), ["letters.archive"]);
}

#[test]
fn rows_leave_in_the_order_of_their_commits() {
    let world = World::default();
    let bus = Bus::new(&world);
    bus.state().away = true;
    let party = world.start(&bus, &disk(), greeter(), Settings::default());
    for name in ["Ada", "Bo", "Cleo"] {
        say(&world, &party.service, name).unwrap();
    }
    bus.state().away = false;
    world.run_for(Duration::from_secs(20));
    let bodies: Vec<Archive> = bus.state().sent.iter().map(|message| serde_json::from_slice(&message.body).unwrap()).collect();
    assert_eq!(bodies.iter().map(|archive| archive.name.as_str()).collect::<Vec<_>>(), ["Ada", "Bo", "Cleo"]);
}

#[test]
fn a_full_destination_delays_only_its_own_rows() {
    let world = World::default();
    let bus = Bus::new(&world);
    bus.state().full.insert("archive".to_owned());
    let party = world.start(&bus, &disk(), greeter(), Settings::default());
    // More than a batch of the dispatcher.
    for _ in 0..300 {
        say(&world, &party.service, "Ada").unwrap();
    }
    bus.put("greeter", letter(1, "Bo"), 0);
    world.run_for(Duration::from_secs(2));
    assert_eq!(bus.sent_types(), ["letters.greeted"]);
    assert!(world.health_of("greeter").contains("`archive` takes no more"), "{}", world.health_of("greeter"));
    bus.state().full.clear();
    world.run_for(Duration::from_secs(3));
    assert_eq!(bus.state().sent.len(), 301);
    assert_eq!(world.health_of("greeter"), "Ready");
}

#[test]
fn a_destination_is_told_as_full_until_it_takes_something() {
    let world = World::default();
    let bus = Bus::new(&world);
    bus.state().full.insert("archive".to_owned());
    let party = world.start(&bus, &disk(), greeter(), Settings::default());
    say(&world, &party.service, "Ada").unwrap();
    for number in 1..=100 {
        world.run_for(Duration::from_millis(130));
        bus.put("greeter", letter(number, "Bo"), 0);
        world.run_for(Duration::from_millis(1));
        assert!(world.health_of("greeter").contains("`archive` takes no more"), "{}", world.health_of("greeter"));
    }
    bus.state().full.clear();
    world.run_for(Duration::from_secs(2));
    assert_eq!(world.health_of("greeter"), "Ready");
}

#[test]
fn what_one_part_finds_mended_does_not_hide_what_another_suffers_from() {
    let world = World::default();
    let bus = Bus::new(&world);
    let party = world.start(&bus, &disk(), greeter(), Settings::default());
    bus.state().sends_nothing = true;
    say(&world, &party.service, "Ada").unwrap();
    for number in 1..=50 {
        bus.put("greeter", letter(number, "Bo"), 0);
        world.run_for(Duration::from_millis(200));
        assert!(world.health_of("greeter").contains("bus unreachable"), "{}", world.health_of("greeter"));
    }
    assert_eq!(party.service.counts().handled, 50, "what can be received is handled");
    bus.state().sends_nothing = false;
    world.run_for(Duration::from_secs(20));
    assert_eq!(world.health_of("greeter"), "Ready");
}

#[test]
fn a_bus_that_has_nothing_to_give_is_not_told_as_away_for_ever() {
    let world = World::default();
    let bus = Bus::new(&world);
    bus.state().away = true;
    let _party = world.start(&bus, &disk(), greeter(), Settings::default());
    world.run_for(Duration::from_secs(30));
    assert!(world.health_of("greeter").contains("nothing can be received"), "{}", world.health_of("greeter"));
    bus.state().away = false;
    world.run_for(Duration::from_secs(15));
    assert_eq!(world.health_of("greeter"), "Ready");
}

#[test]
fn a_bus_that_goes_away_in_the_middle_of_a_batch_is_away_and_holds_up_no_destination() {
    let world = World::default();
    let bus = Bus::new(&world);
    bus.state().dropped.insert("letters.archive".to_owned());
    let party = world.start(&bus, &disk(), greeter(), Settings::default());
    say(&world, &party.service, "Ada").unwrap();
    world.run_for(Duration::from_secs(1));
    let health = world.health_of("greeter");
    assert!(health.contains("bus unreachable, 1 waiting") && !health.contains("destination"), "{health}");
    bus.state().dropped.clear();
    world.run_for(Duration::from_secs(5));
    assert_eq!((bus.state().sent.len(), world.health_of("greeter").as_str()), (1, "Ready"));
}

#[test]
fn what_was_confirmed_goes_from_the_outbox_together_with_what_is_given_up() {
    let world = World::default();
    let bus = Bus::new(&world);
    bus.state().refused.insert("letters.archive".to_owned());
    bus.state().away = true;
    let endpoint = bare().handle(|ctx, cmd: Greet| {
        ctx.send(Archive { name: cmd.name.clone() })?;
        ctx.publish(Greeted { name: cmd.name })
    });
    let party = world.start(&bus, &disk(), endpoint, Settings::default());
    let both = party.service.operation(OperationKey::internal("both", None, b""), |ctx| {
        ctx.send(Archive { name: "Ada".to_owned() })?;
        Ok(ctx.publish(Greeted { name: "Ada".to_owned() })?)
    });
    world.wait(both).unwrap();
    let before = party.service.db().commits();
    bus.state().away = false;
    world.run_for(Duration::from_secs(20));
    assert_eq!((bus.sent_types(), party.service.db().commits() - before), (vec!["letters.greeted".to_owned()], 1));
    assert_eq!(world.wait(dead_letters::list(&party.service, None, 10)).unwrap().len(), 1);
}

#[test]
fn steps_that_are_undone_do_not_count_as_waiting() {
    let world = World::default();
    let bus = Bus::new(&world);
    let settings = Settings { backlog_max: 5, ..Settings::default() };
    let party = world.start(&bus, &disk(), greeter(), settings);
    bus.state().sends_nothing = true;
    say(&world, &party.service, "Ada").unwrap();
    world.run_for(Duration::from_secs(60));
    party.commits.faults.lock().unwrap().extend([CommitFault::DiskFull; 10]);
    bus.put("greeter", letter(1, "Bo"), 0);
    world.run_for(Duration::from_millis(2_500));
    party.commits.faults.lock().unwrap().clear();
    say(&world, &party.service, "Cleo").unwrap();
}

#[test]
fn a_backlog_is_known_from_the_start() {
    let (world, disk) = (World::default(), disk());
    let bus = Bus::new(&world);
    bus.state().sends_nothing = true;
    let settings = || Settings { backlog_max: 2, ..Settings::default() };
    let party = world.start(&bus, &disk, greeter(), settings());
    for name in ["Ada", "Bo", "Cleo"] {
        say(&world, &party.service, name).unwrap();
    }
    drop(party);
    world.kill();
    let (service, _, _) = world.bind(&bus, &disk, greeter(), settings());
    assert_eq!(say(&world, &service, "Di").unwrap_err().kind(), "too-much-waiting");
}

#[test]
fn a_refused_batch_is_tried_one_by_one() {
    let world = World::default();
    let bus = Bus::new(&world);
    bus.state().refuses_batches = true;
    bus.state().away = true;
    let party = world.start(&bus, &disk(), greeter(), Settings::default());
    for name in ["Ada", "Bo", "Cleo"] {
        say(&world, &party.service, name).unwrap();
    }
    bus.state().away = false;
    world.run_for(Duration::from_secs(20));
    assert_eq!(bus.state().sent.len(), 3);
    assert_eq!(bus.state().batches.iter().rev().take(4).rev().copied().collect::<Vec<_>>(), [3, 1, 1, 1]);
}

#[test]
fn a_row_that_can_never_be_sent_is_kept_and_shown_as_a_dead_letter() {
    let world = World::default();
    let bus = Bus::new(&world);
    bus.state().refused.insert("letters.archive".to_owned());
    let party = world.start(&bus, &disk(), greeter(), Settings::default());
    say(&world, &party.service, "Ada").unwrap();
    bus.put("greeter", letter(1, "Bo"), 0);
    world.run_for(Duration::from_secs(60));
    assert_eq!(bus.sent_types(), ["letters.greeted"]);
    let letters = world.wait(dead_letters::list(&party.service, None, 10)).unwrap();
    assert_eq!((letters.len(), letters[0].kind.as_str(), letters[0].reason.as_str()), (1, "letters.archive", "Unsendable"));
    assert!(letters[0].description.contains("is not welcome"));
    assert_eq!(letters[0].body, r#"{"name":"Ada"}"#);
    let shown = world.wait(dead_letters::show(&party.service, &letters[0].id)).unwrap();
    assert_eq!((shown.message_id, shown.description), (letters[0].message_id.clone(), letters[0].description.clone()));
}

#[test]
fn a_row_that_could_not_be_sent_is_sent_when_it_is_retried_and_the_cause_is_gone() {
    let world = World::default();
    let bus = Bus::new(&world);
    bus.state().refused.insert("letters.archive".to_owned());
    // Forgets at once: nobody has seen what was never sent, so its age is no danger.
    let party = world.start(&bus, &disk(), greeter(), Settings { inbox_retention_s: 0, ..Settings::default() });
    say(&world, &party.service, "Ada").unwrap();
    world.run_for(Duration::from_secs(60));
    let letter = world.wait(dead_letters::list(&party.service, None, 10)).unwrap().remove(0);
    world.wait(dead_letters::retry(&party.service, &letter.id, Confirmed::No)).unwrap();
    world.run_for(Duration::from_secs(1));
    let again = world.wait(dead_letters::list(&party.service, None, 10)).unwrap();
    assert_eq!(again[0].id, letter.id, "it is refused again, and is still there");
    bus.state().refused.clear();
    world.wait(dead_letters::retry(&party.service, &letter.id, Confirmed::No)).unwrap();
    world.run_for(Duration::from_secs(1));
    assert_eq!(bus.state().sent.last().unwrap().id, letter.message_id);
    assert_eq!(world.wait(dead_letters::list(&party.service, None, 10)).unwrap().len(), 0);
    let twice = world.wait(dead_letters::retry(&party.service, &letter.id, Confirmed::No)).unwrap_err();
    assert!(matches!(twice, LetterError::Unknown(_)), "{twice}");
}

#[test]
fn dead_letters_are_listed_page_by_page_those_that_were_never_sent_last() {
    let world = World::default();
    let bus = Bus::new(&world);
    bus.state().refused.insert("letters.archive".to_owned());
    let party = world.start(&bus, &disk(), greeter(), Settings::default());
    say(&world, &party.service, "Ada").unwrap();
    say(&world, &party.service, "Bo").unwrap();
    (1..=3).for_each(|number| bus.put("greeter", raw(&number.to_string(), "letters.unheard-of", "{}"), 0));
    world.run_for(Duration::from_secs(60));
    let (mut kinds, mut after) = (Vec::new(), None);
    loop {
        let page = world.wait(dead_letters::list(&party.service, after.as_deref(), 2)).unwrap();
        assert!(page.len() <= 2);
        let Some(last) = page.last() else { break };
        after = Some(last.id.clone());
        kinds.extend(page.into_iter().map(|letter| letter.kind));
    }
    assert_eq!(kinds, [["letters.unheard-of"; 3].as_slice(), &["letters.archive"; 2]].concat());
    for id in ["greeter", "greeter/", "greeter/x", "greeter/-1", "greeter/unsendable-", "other/1", ""] {
        assert!(matches!(world.wait(dead_letters::show(&party.service, id)), Err(LetterError::Unknown(_))), "{id}");
        assert!(matches!(world.wait(dead_letters::list(&party.service, Some(id), 2)), Err(LetterError::Unknown(_))), "{id}");
    }
}

#[test]
fn a_bus_that_is_away_is_tried_again_with_back_off() {
    let world = World::default();
    let bus = Bus::new(&world);
    bus.state().away = true;
    let party = world.start(&bus, &disk(), greeter(), Settings::default());
    say(&world, &party.service, "Ada").unwrap();
    world.run_for(Duration::from_secs(100));
    let tries = bus.state().batches.len();
    assert!((8..=25).contains(&tries), "{tries}");
}

#[test]
fn an_outbox_that_cannot_be_written_is_tried_again_with_back_off() {
    let world = World::default();
    let bus = Bus::new(&world);
    let party = world.start(&bus, &disk(), greeter(), Settings::default());
    say(&world, &party.service, "Ada").unwrap();
    world.run_for(Duration::from_secs(1));
    let before = bus.state().sent.len();
    bus.state().away = true;
    say(&world, &party.service, "Bo").unwrap();
    party.commits.faults.lock().unwrap().extend([CommitFault::DiskFull; 1_000]);
    bus.state().away = false;
    world.run_for(Duration::from_secs(100));
    let sent = bus.state().sent.len() - before;
    assert!((5..=40).contains(&sent), "{sent}");
    assert!(world.health_of("greeter").contains("the outbox cannot be written"), "{}", world.health_of("greeter"));
    party.commits.faults.lock().unwrap().clear();
    world.run_for(Duration::from_secs(30));
    let sent = bus.state().sent.len();
    world.run_for(Duration::from_secs(100));
    assert_eq!((bus.state().sent.len(), world.health_of("greeter").as_str()), (sent, "Ready"));
}

#[test]
fn above_the_limit_operations_are_refused_and_at_twice_the_limit_receiving_stops() {
    let world = World::default();
    let bus = Bus::new(&world);
    bus.state().full.insert("archive".to_owned());
    let endpoint = bare().handle(|ctx, cmd: Greet| {
        (0..4).try_for_each(|_| ctx.send(Archive { name: cmd.name.clone() }))?;
        Ok(note(ctx, &cmd.name)?)
    });
    let settings = Settings { backlog_max: 10, batch_max: 1, ..Settings::default() };
    let party = world.start(&bus, &disk(), endpoint, settings);
    for _ in 0..11 {
        say(&world, &party.service, "Ada").unwrap();
    }
    let refused = say(&world, &party.service, "Ada").unwrap_err();
    assert_eq!((refused.status(), refused.kind()), (StatusCode::SERVICE_UNAVAILABLE, "too-much-waiting"));
    (1..=10).for_each(|number| bus.put("greeter", letter(number, "Bo"), 0));
    world.run_for(Duration::from_secs(60));
    // 11 rows and four of each message: the third reaches twice the limit.
    assert_eq!(party.service.counts().handled, 3);
    bus.state().full.clear();
    world.run_for(Duration::from_secs(60));
    assert_eq!(party.service.counts().handled, 10);
    say(&world, &party.service, "Ada").unwrap();
}

#[test]
fn rows_that_are_due_later_do_not_count_towards_the_limit() {
    let world = World::default();
    let bus = Bus::new(&world);
    let party = world.start(&bus, &disk(), greeter(), Settings { backlog_max: 2, ..Settings::default() });
    for number in 0..10 {
        let remind = party.service.operation(OperationKey::internal("remind", None, b""), move |ctx| {
            let due = ctx.now().plus(Duration::from_secs(3_600));
            Ok(ctx.send_at(due, number, Remind { name: "Ada".to_owned() })?)
        });
        world.wait(remind).unwrap();
    }
    say(&world, &party.service, "Ada").unwrap();
}

#[test]
fn while_the_bus_is_away_operations_succeed_and_health_says_how_many_wait() {
    let world = World::default();
    let bus = Bus::new(&world);
    bus.state().away = true;
    let party = world.start(&bus, &disk(), greeter(), Settings::default());
    for name in ["Ada", "Bo", "Cleo"] {
        say(&world, &party.service, name).unwrap();
    }
    world.run_for(Duration::from_secs(30));
    let health = world.health_of("greeter");
    assert!(health.contains("Degraded") && health.contains("bus unreachable, 3 waiting"), "{health}");
    bus.state().away = false;
    world.run_for(Duration::from_secs(30));
    assert_eq!(world.health_of("greeter"), "Ready");
    assert_eq!(bus.state().sent.len(), 3);
    assert_eq!(world.wait(party.service.read(noted)).unwrap().len(), 3);
}

#[test]
fn an_event_reaches_each_subscriber_once_through_inbox_and_outbox() {
    let world = World::default();
    let bus = Bus::new(&world);
    let listener = messaging::Endpoint::new("listener").migrations(crate::letters::TABLES).on(|ctx, event: Greeted| {
        note(ctx, &event.name)?;
        Ok(())
    });
    let greeter = greeter();
    let ended = messaging::topology::check(&[greeter.declaration(), listener.declaration()]);
    assert!(ended.is_err(), "the archive is missing: {ended:?}");
    bus.state().subscriptions.insert(("letters.greeted".to_owned(), "listener".to_owned()));
    bus.state().loses_confirmations = true;
    let _greeter = world.start(&bus, &disk(), greeter, Settings::default());
    let heard = world.start(&bus, &disk(), listener, Settings::default());
    bus.put("greeter", serde_letter(), 0);
    world.run_for(Duration::from_secs(2));
    bus.state().loses_confirmations = false;
    world.run_for(Duration::from_secs(30));
    assert!(bus.state().sent.len() > 1, "it was sent more than once");
    assert_eq!(world.wait(heard.service.read(noted)).unwrap(), ["Ada"]);
}

fn serde_letter() -> messaging::OutgoingMessage {
    let mut letter = letter(1, "");
    letter.body = serde_json::to_vec(&named("Ada")).unwrap().into();
    letter
}

#[test]
fn a_timeout_that_fell_due_is_sent_although_a_later_one_takes_its_key() {
    let mut test = TestEndpoint::new(greeter());
    test.operation(|ctx| {
        let now = ctx.now();
        ctx.send_at(now, "Ada", Remind { name: "Ada".to_owned() })?;
        Ok(ctx.send_at(now.plus(Duration::from_secs(10)), "Ada", Remind { name: "Ada".to_owned() })?)
    })
    .unwrap();
    assert_eq!(test.sent::<Remind>().len(), 1);
    test.advance(Duration::from_secs(10));
    assert_eq!(test.sent::<Remind>().len(), 2);
}
