//! External calls: R28 to R31.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use hosting::Clock;
use messaging::{Begin, Call, CallError, CallFailed, Context, Endpoint, ExternalCall, HandlerResult, Settings, TestEndpoint};
use serde::{Deserialize, Serialize};
use storage::CommitFault;

use crate::bus::Bus;
use crate::letters::{Archive, Greet, Greeted, TABLES, bare, letter, named, note, noted};
use crate::world::{World, disk};

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Ring {
    name: String,
}

impl ExternalCall for Ring {
    const NAME: &'static str = "ring";
    type Answer = String;
    const TIMEOUT: Duration = Duration::from_secs(30);
    const RETRIES: &'static [Duration] = &[Duration::from_secs(1), Duration::from_secs(10)];
}

/// What the bell does at an attempt.
type Bell = Arc<dyn Fn(u32) -> Result<String, CallError> + Send + Sync>;

/// (key, attempt, previous unknown, when) of every attempt.
type Attempts = Arc<Mutex<Vec<(String, u32, bool, Duration)>>>;

fn begin(ctx: &mut Context<'_>, cmd: Greet) -> Result<Begin<Ring>, messaging::HandlerError> {
    note(ctx, &format!("begin {}", cmd.name))?;
    if cmd.name == "nobody" {
        return Ok(Begin::Nothing);
    }
    Ok(Begin::Call { key: cmd.name.clone(), request: Ring { name: cmd.name } })
}

fn record(ctx: &mut Context<'_>, request: Ring, result: Result<String, CallFailed>) -> HandlerResult {
    let text = match result {
        Ok(answer) => format!("{} said {answer}", request.name),
        Err(failed) => format!("{} failed after {} ({}): {}", request.name, failed.attempts, failed.any_unknown, failed.error),
    };
    Ok(note(ctx, &text)?)
}

/// A bell that takes `lasts` to answer.
fn endpoint(world: &World, attempts: &Attempts, lasts: Duration, bell: Bell) -> Endpoint {
    let (world, attempts) = (world.clone(), attempts.clone());
    let call = move |call: Call, _: Ring| {
        let (world, bell) = (world.clone(), bell.clone());
        attempts.lock().unwrap().push((call.key().to_owned(), call.attempt(), call.previous_unknown(), world.monotonic()));
        async move {
            world.sleep(lasts).await;
            bell(call.attempt())
        }
    };
    Endpoint::new("greeter").migrations(TABLES).external_call(begin, call, record)
}

fn ok() -> Bell {
    Arc::new(|_| Ok("come in".to_owned()))
}

#[test]
fn begin_commits_what_is_about_to_happen_and_the_message_is_completed_before_the_call() {
    let world = World::default();
    let bus = Bus::new(&world);
    let attempts = Attempts::default();
    let party = world.start(&bus, &disk(), endpoint(&world, &attempts, Duration::from_secs(20), ok()), Settings::default());
    bus.put("greeter", letter(1, "Ada"), 0);
    world.run_for(Duration::from_secs(10));
    assert_eq!((attempts.lock().unwrap().len(), bus.ready("greeter")), (1, 0), "no lock is held during the call");
    assert_eq!(world.wait(party.service.read(noted)).unwrap(), ["begin Ada"]);
    world.run_for(Duration::from_secs(15));
    assert_eq!(world.wait(party.service.read(noted)).unwrap(), ["begin Ada", "Ada said come in"]);
    world.run_for(Duration::from_secs(600));
    assert_eq!(attempts.lock().unwrap().len(), 1);
}

#[test]
fn begin_may_decide_against_the_call() {
    let world = World::default();
    let mut test = TestEndpoint::new(endpoint(&world, &Attempts::default(), Duration::ZERO, ok()));
    test.handle(named("nobody")).unwrap();
    assert_eq!(test.calls::<Ring>().len(), 0);
    test.handle(named("Ada")).unwrap();
    assert_eq!(test.calls::<Ring>()[0].0, "Ada");
    test.answer::<Ring>(Ok("hello".to_owned())).unwrap();
    assert_eq!(test.read(noted), ["begin nobody", "begin Ada", "Ada said hello"]);
}

#[test]
fn an_attempt_that_left_no_record_makes_the_next_one_unknown_under_the_same_key() {
    let (world, disk) = (World::default(), disk());
    let bus = Bus::new(&world);
    let attempts = Attempts::default();
    let start = || world.start(&bus, &disk, endpoint(&world, &attempts, Duration::from_secs(20), ok()), Settings::default());
    let party = start();
    bus.put("greeter", letter(1, "Ada"), 0);
    world.run_for(Duration::from_secs(10));
    drop(party);
    world.kill();
    let party = start();
    world.run_for(Duration::from_secs(30));
    let seen: Vec<_> = attempts.lock().unwrap().iter().map(|(key, attempt, unknown, _)| (key.clone(), *attempt, *unknown)).collect();
    assert_eq!(seen, [("Ada".to_owned(), 1, false), ("Ada".to_owned(), 2, true)]);
    assert_eq!(world.wait(party.service.read(noted)).unwrap(), ["begin Ada", "Ada said come in"]);
}

#[test]
fn an_unknown_outcome_stays_unknown_and_a_clean_failure_does_not() {
    for (error, unknown) in [(CallError::Unknown("line dead".to_owned()), true), (CallError::Failed("busy".to_owned()), false)] {
        let world = World::default();
        let bus = Bus::new(&world);
        let attempts = Attempts::default();
        let bell: Bell = Arc::new(move |attempt| if attempt == 1 { Err(error.clone()) } else { Ok("yes".to_owned()) });
        let _party = world.start(&bus, &disk(), endpoint(&world, &attempts, Duration::ZERO, bell), Settings::default());
        bus.put("greeter", letter(1, "Ada"), 0);
        world.run_for(Duration::from_secs(5));
        let seen: Vec<bool> = attempts.lock().unwrap().iter().map(|attempt| attempt.2).collect();
        assert_eq!(seen, [false, unknown]);
    }
}

#[test]
fn a_retry_that_was_put_off_is_not_made_earlier_because_the_process_was_killed() {
    let (world, disk) = (World::default(), disk());
    let bus = Bus::new(&world);
    let attempts = Attempts::default();
    let bell = || -> Bell { Arc::new(|_| Err(CallError::Unknown("line dead".to_owned()))) };
    let party = world.start(&bus, &disk, endpoint(&world, &attempts, Duration::ZERO, bell()), Settings::default());
    bus.put("greeter", letter(1, "Ada"), 0);
    world.run_for(Duration::from_secs(2));
    assert_eq!(attempts.lock().unwrap().len(), 2);
    drop(party);
    world.kill();
    let _party = world.start(&bus, &disk, endpoint(&world, &attempts, Duration::ZERO, bell()), Settings::default());
    world.run_for(Duration::from_secs(20));
    let seen = attempts.lock().unwrap().clone();
    assert!(seen.len() == 3 && seen[2].3 - seen[1].3 >= Duration::from_secs(10), "{seen:?}");
    assert!(seen[2].2, "and its outcome stays unknown");
}

#[test]
fn a_call_is_begun_only_if_it_can_be_made_at_once() {
    let (world, disk) = (World::default(), disk());
    let bus = Bus::new(&world);
    let attempts = Attempts::default();
    let settings = || Settings { calls_max: 1, batch_max: 1, ..Settings::default() };
    let party = world.start(&bus, &disk, endpoint(&world, &attempts, Duration::from_secs(20), ok()), settings());
    (1..=2).for_each(|number| bus.put("greeter", letter(number, &format!("guest {number}")), 0));
    world.run_for(Duration::from_secs(1));
    drop(party);
    world.kill();
    let _party = world.start(&bus, &disk, endpoint(&world, &attempts, Duration::from_secs(20), ok()), settings());
    world.run_for(Duration::from_secs(60));
    let mut seen: Vec<_> = attempts.lock().unwrap().iter().map(|(key, attempt, unknown, _)| (key.clone(), *attempt, *unknown)).collect();
    seen.sort();
    let expected = [("guest 1", 1, false), ("guest 1", 2, true), ("guest 2", 1, false)];
    assert_eq!(seen, expected.map(|(key, attempt, unknown)| (key.to_owned(), attempt, unknown)));
}

#[test]
fn a_call_is_begun_in_the_write_that_asks_for_it() {
    let world = World::default();
    let bus = Bus::new(&world);
    let attempts = Attempts::default();
    let party = world.start(&bus, &disk(), endpoint(&world, &attempts, Duration::from_secs(1), ok()), Settings::default());
    let before = party.service.db().commits();
    bus.put("greeter", letter(1, "Ada"), 0);
    world.run_for(Duration::from_millis(500));
    assert_eq!((party.service.db().commits() - before, attempts.lock().unwrap().len()), (1, 1));
    world.run_for(Duration::from_secs(1));
    assert_eq!((party.service.db().commits() - before, attempts.lock().unwrap().len()), (2, 1), "and its record is the second");
}

#[test]
fn no_more_than_the_limit_of_calls_is_made_at_once() {
    let world = World::default();
    let bus = Bus::new(&world);
    let attempts = Attempts::default();
    let settings = Settings { calls_max: 3, ..Settings::default() };
    let _party = world.start(&bus, &disk(), endpoint(&world, &attempts, Duration::from_secs(1), ok()), settings);
    (1..=7).for_each(|number| bus.put("greeter", letter(number, &format!("guest {number}")), 0));
    for (half_seconds, begun) in [(1, 3), (2, 6), (2, 7)] {
        world.run_for(Duration::from_millis(500 * half_seconds));
        assert_eq!(attempts.lock().unwrap().len(), begun);
    }
}

#[test]
fn the_first_recorded_answer_wins() {
    let world = World::default();
    let bus = Bus::new(&world);
    let (first, second) = (Attempts::default(), Attempts::default());
    let shared = disk();
    let slow: Bell = Arc::new(|_| Ok("slow".to_owned()));
    let quick: Bell = Arc::new(|_| Ok("quick".to_owned()));
    let _one = world.start(&bus, &shared, endpoint(&world, &first, Duration::from_secs(20), slow), Settings::default());
    bus.put("greeter", letter(1, "Ada"), 0);
    world.run_for(Duration::from_secs(1));
    // A second process takes the first one for dead and frees its lease.
    let other = world.start(&bus, &shared, endpoint(&world, &second, Duration::from_secs(1), quick), Settings::default());
    world.run_for(Duration::from_secs(60));
    assert_eq!((first.lock().unwrap().len(), second.lock().unwrap().len()), (1, 1));
    assert_eq!(world.wait(other.service.read(noted)).unwrap(), ["begin Ada", "Ada said quick"]);
}

#[test]
fn a_failed_call_is_made_again_after_its_delays_and_then_recorded_as_failed() {
    let world = World::default();
    let bus = Bus::new(&world);
    let attempts = Attempts::default();
    let bell: Bell =
        Arc::new(
            |attempt| if attempt == 2 { Err(CallError::Unknown("noise".to_owned())) } else { Err(CallError::Failed("busy".to_owned())) },
        );
    let party = world.start(&bus, &disk(), endpoint(&world, &attempts, Duration::ZERO, bell), Settings::default());
    bus.put("greeter", letter(1, "Ada"), 0);
    world.run_for(Duration::from_secs(120));
    let at: Vec<Duration> = attempts.lock().unwrap().iter().map(|attempt| attempt.3).collect();
    assert_eq!(at.len(), 3);
    assert!(at[1] - at[0] >= Duration::from_secs(1) && at[2] - at[1] >= Duration::from_secs(10), "{at:?}");
    assert_eq!(world.wait(party.service.read(noted)).unwrap(), ["begin Ada", "Ada failed after 3 (true): busy"]);
}

#[test]
fn a_refused_call_is_recorded_at_once() {
    let world = World::default();
    let bus = Bus::new(&world);
    let bell: Bell = Arc::new(|_| Err(CallError::Refused("no such number".to_owned())));
    let party = world.start(&bus, &disk(), endpoint(&world, &Attempts::default(), Duration::ZERO, bell), Settings::default());
    bus.put("greeter", letter(1, "Ada"), 0);
    world.run_for(Duration::from_millis(100));
    assert_eq!(world.wait(party.service.read(noted)).unwrap(), ["begin Ada", "Ada failed after 1 (false): no such number"]);
}

#[test]
fn a_call_without_an_answer_ends_with_its_time_limit_and_is_unknown() {
    let world = World::default();
    let bus = Bus::new(&world);
    let attempts = Attempts::default();
    let _party = world.start(&bus, &disk(), endpoint(&world, &attempts, Duration::from_secs(3_600), ok()), Settings::default());
    bus.put("greeter", letter(1, "Ada"), 0);
    world.run_for(Duration::from_secs(40));
    let seen = attempts.lock().unwrap().clone();
    assert_eq!((seen.len(), seen[1].2), (2, true));
}

#[test]
fn a_call_that_panics_is_unknown_and_frees_its_place() {
    let world = World::default();
    let bus = Bus::new(&world);
    let attempts = Attempts::default();
    let bell: Bell = Arc::new(|attempt| if attempt == 1 { panic!("the bell fell down") } else { Ok("yes".to_owned()) });
    let settings = Settings { calls_max: 1, ..Settings::default() };
    let party = world.start(&bus, &disk(), endpoint(&world, &attempts, Duration::ZERO, bell), settings);
    (1..=3).for_each(|number| bus.put("greeter", letter(number, &format!("guest {number}")), 0));
    world.run_for(Duration::from_secs(10));
    let seen: Vec<bool> = attempts.lock().unwrap().iter().map(|attempt| attempt.2).collect();
    assert_eq!(seen.iter().filter(|unknown| **unknown).count(), 3, "{seen:?}");
    assert_eq!(world.wait(party.service.read(noted)).unwrap().len(), 6);
}

#[test]
fn a_lost_race_while_recording_is_run_again_without_another_call() {
    let world = World::default();
    let bus = Bus::new(&world);
    let attempts = Attempts::default();
    let (races, seen, outer) = (Arc::new(Mutex::new(10)), attempts.clone(), world.clone());
    let record = move |ctx: &mut Context<'_>, request: Ring, result: Result<String, CallFailed>| {
        let mut left = races.lock().unwrap();
        *left -= 1;
        if *left >= 0 {
            return Err(messaging::HandlerError::conflict("somebody else was faster"));
        }
        record(ctx, request, result)
    };
    let call = move |call: Call, _: Ring| {
        seen.lock().unwrap().push((call.key().to_owned(), call.attempt(), call.previous_unknown(), outer.monotonic()));
        async { Ok("come in".to_owned()) }
    };
    let endpoint = Endpoint::new("greeter").migrations(TABLES).external_call(begin, call, record);
    let party = world.start(&bus, &disk(), endpoint, Settings::default());
    bus.put("greeter", letter(1, "Ada"), 0);
    world.run_for(Duration::from_millis(100));
    assert_eq!(world.wait(party.service.read(noted)).unwrap(), ["begin Ada", "Ada said come in"]);
    assert_eq!(attempts.lock().unwrap().len(), 1);
}

#[test]
fn an_answer_that_cannot_be_written_is_kept_until_it_can_be() {
    let world = World::default();
    let bus = Bus::new(&world);
    let attempts = Attempts::default();
    let party = world.start(&bus, &disk(), endpoint(&world, &attempts, Duration::from_secs(1), ok()), Settings::default());
    bus.put("greeter", letter(1, "Ada"), 0);
    world.run_for(Duration::from_millis(500));
    party.commits.faults.lock().unwrap().extend([CommitFault::DiskFull; 20]);
    world.run_for(Duration::from_secs(2));
    assert!(world.health_of("greeter").contains("calls cannot be begun or recorded"), "{}", world.health_of("greeter"));
    world.run_for(Duration::from_secs(10));
    assert_eq!(world.wait(party.service.read(noted)).unwrap(), ["begin Ada", "Ada said come in"]);
    assert_eq!((attempts.lock().unwrap().len(), world.health_of("greeter").as_str()), (1, "Ready"));
}

#[test]
fn a_stop_waits_for_the_calls_under_way_and_sends_what_they_record() {
    let world = World::default();
    let bus = Bus::new(&world);
    let attempts = Attempts::default();
    let mut party = world.start(&bus, &disk(), endpoint(&world, &attempts, Duration::from_secs(3), ok()), Settings::default());
    bus.put("greeter", letter(1, "Ada"), 0);
    world.run_for(Duration::from_secs(1));
    assert_eq!(world.wait(party.host.stop()), [""; 0]);
    assert_eq!(world.wait(party.service.read(noted)).unwrap(), ["begin Ada", "Ada said come in"]);
}

#[test]
fn a_call_that_was_begun_and_not_made_is_given_back_by_a_stop() {
    let (world, disk) = (World::default(), disk());
    let bus = Bus::new(&world);
    let attempts = Attempts::default();
    let ringing = || {
        let (seen, outer) = (attempts.clone(), world.clone());
        let call = move |call: Call, _: Ring| {
            seen.lock().unwrap().push((call.key().to_owned(), call.attempt(), call.previous_unknown(), outer.monotonic()));
            let outer = outer.clone();
            async move {
                outer.sleep(Duration::from_secs(3)).await;
                Ok("come in".to_owned())
            }
        };
        let again = |ctx: &mut Context<'_>, request: Ring, result: Result<String, CallFailed>| {
            if request.name == "Ada" {
                ctx.call("Bo", &Ring { name: "Bo".to_owned() })?;
            }
            record(ctx, request, result)
        };
        Endpoint::new("greeter").migrations(TABLES).external_call(begin, call, again)
    };
    let mut party = world.start(&bus, &disk, ringing(), Settings::default());
    bus.put("greeter", letter(1, "Ada"), 0);
    world.run_for(Duration::from_secs(1));
    assert_eq!(world.wait(party.host.stop()), [""; 0]);
    drop(party);
    let party = world.start(&bus, &disk, ringing(), Settings::default());
    world.run_for(Duration::from_secs(10));
    let seen: Vec<_> = attempts.lock().unwrap().iter().map(|(key, attempt, unknown, _)| (key.clone(), *attempt, *unknown)).collect();
    assert_eq!(seen, [("Ada".to_owned(), 1, false), ("Bo".to_owned(), 1, false)]);
    assert_eq!(world.wait(party.service.read(noted)).unwrap(), ["begin Ada", "Ada said come in", "Bo said come in"]);
}

#[test]
fn what_a_call_records_belongs_to_the_conversation_of_the_operation_that_asked_for_it() {
    let call = |_: Call, _: Ring| async { Ok("come in".to_owned()) };
    let record = |ctx: &mut Context<'_>, request: Ring, _: Result<String, CallFailed>| {
        ctx.send(Archive { name: request.name.clone() })?;
        ctx.publish(Greeted { name: request.name })
    };
    let mut test = TestEndpoint::new(bare().external_call(begin, call, record));
    test.operation(|ctx| {
        ctx.call("Ada", &Ring { name: "Ada".to_owned() })?;
        Ok(ctx.send(Archive { name: "Ada".to_owned() })?)
    })
    .unwrap();
    test.answer::<Ring>(Ok("hello".to_owned())).unwrap();
    let told: Vec<&str> = test.outgoing().iter().map(|message| message.headers["conversationid"].as_str()).collect();
    assert_eq!(told, [told[0]; 3]);
}
