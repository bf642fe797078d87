//! Functions with a bus trigger: external calls (R28 to R31) whose handlers are elsewhere.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use hosting::{BoxFuture, Clock, HttpClient, HttpError};
use http::{Request, Response};
use messaging::dead_letters::{self, Confirmed, LetterError};
use messaging::function::{CALLS_MAX, Function, SigningKey};
use messaging::topology::check;
use messaging::{Endpoint, Settings};

use crate::bus::Bus;
use crate::letters::{Archive, Greet, Greeted, greeter, raw};
use crate::world::{Disk, Party, World, disk};

const WITHIN: Duration = Duration::from_secs(5);

/// What the function does next: it answers with a status, headers and a body, or never.
#[derive(Clone)]
enum Next {
    Answer(u16, Vec<(&'static str, String)>, String),
    Silence,
    Absence,
}

fn status(status: u16) -> Next {
    Next::Answer(status, Vec::new(), String::new())
}

fn command(kind: &str, data: &str) -> Next {
    let body = format!(r#"{{"specversion":"1.0","id":"x","source":"/loyalty","type":"{kind}","data":{data}}}"#);
    Next::Answer(200, vec![("content-type", "application/cloudevents+json; charset=utf-8".to_owned())], body)
}

/// A function elsewhere: does what it is told, and 204 when it is told nothing more.
struct Elsewhere {
    world: World,
    next: Mutex<VecDeque<Next>>,
    asked: Mutex<Vec<(Duration, Request<Bytes>)>>,
}

impl HttpClient for Elsewhere {
    fn send(&self, request: Request<Bytes>, _timeout: Duration) -> BoxFuture<'_, Result<Response<Bytes>, HttpError>> {
        let next = self.next.lock().unwrap().pop_front().unwrap_or_else(|| status(204));
        if !matches!(next, Next::Absence) {
            self.asked.lock().unwrap().push((self.world.monotonic(), request));
        }
        Box::pin(async move {
            match next {
                Next::Silence => std::future::pending().await,
                Next::Absence => Err(HttpError::NotSent),
                Next::Answer(status, headers, body) => {
                    let built = headers.iter().fold(Response::builder().status(status), |it, (name, value)| it.header(*name, value));
                    Ok(built.body(Bytes::from(body)).unwrap())
                }
            }
        })
    }
}

impl Elsewhere {
    fn of(world: &World, next: Vec<Next>) -> Arc<Self> {
        let elsewhere = Arc::new(Self { world: world.clone(), next: Mutex::new(next.into()), asked: Mutex::default() });
        world.serve(Some(elsewhere.clone()));
        elsewhere
    }

    /// The keys that it was asked under, in order.
    fn keys(&self) -> Vec<String> {
        self.asked.lock().unwrap().iter().map(|(_, request)| request.headers()["webhook-id"].to_str().unwrap().to_owned()).collect()
    }

    /// When it was asked, in seconds after the first time.
    fn seconds(&self) -> Vec<u64> {
        let asked = self.asked.lock().unwrap();
        asked.iter().map(|(at, _)| (*at - asked[0].0).as_secs()).collect()
    }
}

fn loyalty() -> Endpoint {
    let archive = Endpoint::new("archive").handle(|_: &mut messaging::Context<'_>, _: Archive| Ok(()));
    let function = Function {
        name: "loyalty",
        events: vec!["letters.greeted"],
        url: "http://127.0.0.1:7071/greeted?from=bus".parse().unwrap(),
        key: SigningKey::of([7; 32]),
        commands: archive.commands().to_vec(),
        timeout: WITHIN,
    };
    function.endpoint()
}

fn start(world: &World, bus: &Arc<Bus>, disk: &Disk) -> Party {
    world.start(bus, disk, loyalty(), Settings { calls_max: CALLS_MAX, ..Settings::default() })
}

fn id(number: u32) -> String {
    format!("00000000-0000-7000-8000-{number:012}")
}

fn greeted(bus: &Bus, number: u32) {
    let mut message = raw(&id(number), "letters.greeted", r#"{"name":"Ada"}"#);
    message.headers.insert("traceparent".to_owned(), "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned());
    message.headers.insert("subject".to_owned(), "Ada Łovelace".to_owned());
    bus.put("loyalty", message, 0);
}

/// A function that does `next` about one message, after `time`.
fn told(next: Vec<Next>, time: Duration) -> (World, Arc<Bus>, Arc<Elsewhere>, Party) {
    let world = World::default();
    let bus = Bus::new(&world);
    let elsewhere = Elsewhere::of(&world, next);
    let party = start(&world, &bus, &disk());
    greeted(&bus, 1);
    world.run_for(time);
    (world, bus, elsewhere, party)
}

fn letters(world: &World, party: &Party) -> Vec<dead_letters::DeadLetter> {
    world.wait(dead_letters::list(&party.service, None, 10)).unwrap()
}

#[test]
fn a_function_is_called_once_for_a_message_that_it_takes() {
    let (_, bus, elsewhere, _party) = told(vec![status(202)], Duration::from_secs(3_600));
    let asked = elsewhere.asked.lock().unwrap();
    assert_eq!((asked.len(), bus.ready("loyalty"), bus.dead("loyalty").len()), (1, 0, 0));
    let request = &asked[0].1;
    assert_eq!((request.method().as_str(), request.uri().to_string().as_str()), ("POST", "http://127.0.0.1:7071/greeted?from=bus"));
    assert_eq!(request.body().as_ref(), br#"{"name":"Ada"}"#);
    let header = |name: &str| request.headers()[name].to_str().unwrap();
    assert_eq!((header("ce-id"), header("webhook-id"), header("ce-type")), (id(1).as_str(), id(1).as_str(), "letters.greeted"));
    assert_eq!((header("ce-source"), header("ce-specversion"), header("content-type")), ("/stranger", "1.0", "application/json"));
    assert_eq!((header("ce-dataschema"), header("ce-subject")), ("letters.greeted/v1", "Ada%20%C5%81ovelace"));
    assert_eq!(header("ce-traceparent"), "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
}

#[test]
fn a_function_that_fails_is_called_again_after_the_delays_and_then_given_up() {
    let (world, bus, elsewhere, party) = told(vec![status(500); 5], Duration::from_secs(3_600));
    assert_eq!(elsewhere.seconds(), [0, 1, 11, 71, 671]);
    assert_eq!(elsewhere.keys(), vec![id(1); 5], "always under the message's id");
    let letters = letters(&world, &party);
    assert_eq!((letters.len(), bus.dead("loyalty").len()), (1, 0));
    assert_eq!(letters[0].description, "given up at attempt 5: the function answered 500");
}

#[test]
fn a_function_that_asks_for_more_time_is_called_again_when_it_is_over() {
    let later = |value: &str| Next::Answer(503, vec![("retry-after", value.to_owned())], String::new());
    let (_, _, elsewhere, _party) = told(vec![later("120"), later("7"), status(429)], Duration::from_secs(3_600));
    assert_eq!(elsewhere.seconds(), [0, 120, 127, 187], "after the last one the next delay counts");
}

#[test]
fn a_function_that_refuses_is_given_up_at_once_shown_as_a_dead_letter_and_called_again_by_a_retry() {
    let (world, bus, elsewhere, party) = told(vec![Next::Answer(400, Vec::new(), "who are you?".to_owned())], Duration::from_secs(60));
    let letters = letters(&world, &party);
    let [letter] = letters.as_slice() else { panic!("{letters:?}") };
    assert_eq!((letter.id.as_str(), letter.endpoint.as_str(), letter.message_id.as_str()), ("loyalty/call-1", "loyalty", id(1).as_str()));
    assert_eq!(
        (letter.kind.as_str(), letter.subject.as_deref(), letter.reason.as_str()),
        ("letters.greeted", Some("Ada Łovelace"), "CallGivenUp")
    );
    assert_eq!(
        (letter.description.as_str(), letter.body.as_str()),
        ("given up at attempt 1: the function answered 400: who are you?", r#"{"name":"Ada"}"#)
    );
    assert_eq!(world.wait(dead_letters::show(&party.service, &letter.id)).unwrap().headers["dataschema"], "letters.greeted/v1");
    let facts = world.wait(party.service.read(|tx| messaging::audit::read(tx, hosting::Timestamp::default()))).unwrap();
    assert_eq!((facts.calls, facts.given_up.len(), facts.is_at_rest()), (0, 1, true), "{facts:?}");

    world.wait(dead_letters::retry(&party.service, &letter.id, Confirmed::No)).unwrap();
    world.run_for(Duration::from_secs(60));
    assert_eq!((elsewhere.keys(), bus.ready("loyalty")), (vec![id(1); 2], 0));
    assert_eq!(world.wait(dead_letters::list(&party.service, None, 10)).unwrap().len(), 0);
    let again = world.wait(dead_letters::retry(&party.service, &letter.id, Confirmed::No));
    assert!(matches!(again, Err(LetterError::Unknown(_))));
}

#[test]
fn a_given_up_call_stays_given_up_over_a_restart() {
    let (world, disk) = (World::default(), disk());
    let bus = Bus::new(&world);
    let elsewhere = Elsewhere::of(&world, vec![status(410)]);
    let party = start(&world, &bus, &disk);
    greeted(&bus, 1);
    world.run_for(Duration::from_secs(10));
    drop(party);
    world.kill();
    let party = start(&world, &bus, &disk);
    world.run_for(Duration::from_secs(3_600));
    assert_eq!((elsewhere.keys().len(), letters(&world, &party).len()), (1, 1));
}

#[test]
fn dead_letters_of_queue_and_calls_are_listed_page_by_page() {
    let world = World::default();
    let bus = Bus::new(&world);
    let _elsewhere = Elsewhere::of(&world, vec![status(400); 3]);
    let party = start(&world, &bus, &disk());
    (1..=3).for_each(|number| greeted(&bus, number));
    bus.put("loyalty", raw(&id(9), "letters.unheard-of", "{}"), 0);
    world.run_for(Duration::from_secs(10));
    let (mut kinds, mut after) = (Vec::new(), None);
    loop {
        let page = world.wait(dead_letters::list(&party.service, after.as_deref(), 2)).unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.id.clone());
        kinds.extend(page.into_iter().map(|letter| letter.kind));
    }
    assert_eq!(kinds, ["letters.unheard-of", "letters.greeted", "letters.greeted", "letters.greeted"]);
    for id in ["loyalty/call-", "loyalty/call-x", "loyalty/call-99"] {
        assert!(matches!(world.wait(dead_letters::show(&party.service, id)), Err(LetterError::Unknown(_))), "{id}");
    }
}

#[test]
fn a_function_past_its_deadline_is_called_again_under_the_same_id() {
    let (_, _, elsewhere, _party) = told(vec![Next::Silence], Duration::from_secs(60));
    assert_eq!((elsewhere.seconds(), elsewhere.keys()), (vec![0, WITHIN.as_secs() + 1], vec![id(1); 2]));
}

#[test]
fn a_function_that_is_away_is_told_in_health_and_called_when_it_is_back() {
    let (world, _, elsewhere, party) = told(vec![Next::Absence; 2], Duration::from_secs(5));
    assert!(world.health_of("loyalty").contains("function `loyalty` cannot be reached"), "{}", world.health_of("loyalty"));
    world.run_for(Duration::from_secs(60));
    assert_eq!((elsewhere.keys(), world.health_of("loyalty").as_str()), (vec![id(1)], "Ready"));
    assert_eq!(letters(&world, &party).len(), 0);
}

#[test]
fn no_more_than_sixteen_calls_of_a_function_are_under_way_at_once() {
    let world = World::default();
    let bus = Bus::new(&world);
    let elsewhere = Elsewhere::of(&world, vec![Next::Silence; 40]);
    let _party = start(&world, &bus, &disk());
    (1..=40).for_each(|number| greeted(&bus, number));
    world.run_for(WITHIN - Duration::from_millis(100));
    assert_eq!((elsewhere.keys().len(), bus.ready("loyalty")), (16, 0));
}

#[test]
fn a_process_killed_while_a_function_works_calls_it_again_under_the_same_id() {
    let (world, disk) = (World::default(), disk());
    let bus = Bus::new(&world);
    let elsewhere = Elsewhere::of(&world, vec![Next::Silence]);
    let party = start(&world, &bus, &disk);
    greeted(&bus, 1);
    world.run_for(Duration::from_secs(1));
    drop(party);
    world.kill();
    let _party = start(&world, &bus, &disk);
    world.run_for(Duration::from_secs(1));
    assert_eq!(elsewhere.keys(), vec![id(1); 2]);
}

#[test]
fn a_command_that_a_function_answers_with_is_sent_once() {
    let answer = command("letters.archive", r#"{"name":"Ada","more":1}"#);
    let (world, bus, _elsewhere, _party) = told(vec![answer.clone(), answer], Duration::from_secs(60));
    // Delivered again, as after a crash between commit and settlement.
    greeted(&bus, 1);
    world.run_for(Duration::from_secs(60));
    let sent = bus.state().sent.clone();
    let [archive] = sent.as_slice() else { panic!("{sent:?}") };
    assert_eq!((archive.headers["type"].as_str(), archive.headers["source"].as_str()), ("letters.archive", "/loyalty"));
    assert_eq!((archive.headers["causationid"].as_str(), archive.body.as_ref()), (id(1).as_str(), br#"{"name":"Ada"}"#.as_slice()));
    assert!(archive.headers.contains_key("expirytime") && archive.headers["partitionkey"] == "Ada", "as if a service had sent it");
}

#[test]
fn a_batch_of_commands_is_sent_as_one() {
    let event = |name: &str| format!(r#"{{"specversion":"1.0","type":"letters.archive","data":{{"name":"{name}"}}}}"#);
    let body = format!("[{},{}]", event("Ada"), event("Bo"));
    let batch = Next::Answer(200, vec![("content-type", "application/cloudevents-batch+json".to_owned())], body);
    let (_, bus, _elsewhere, _party) = told(vec![batch], Duration::from_secs(60));
    assert_eq!(bus.sent_types(), ["letters.archive"; 2]);
}

#[test]
fn an_answer_that_is_no_declared_command_is_given_up_with_the_reason_and_nothing_is_sent() {
    let structured = |body: &str| Next::Answer(200, vec![("content-type", "application/cloudevents+json".to_owned())], body.to_owned());
    for (answer, reason) in [
        (command("letters.greet", r#"{"name":"Ada"}"#), "`letters.greet`, which is not among its `commands` (letters.archive)"),
        (command("letters.archive", r#"{"nam":"Ada"}"#), "missing field `name`"),
        (command("letters.archive", "7"), "without an object as `data`"),
        (structured(r#"{"specversion":"0.3","type":"letters.archive","data":{}}"#), "no CloudEvent of `specversion` 1.0"),
        (structured("{"), "is no JSON"),
    ] {
        let (world, bus, elsewhere, party) = told(vec![answer], Duration::from_secs(60));
        let letters = letters(&world, &party);
        assert!(letters.len() == 1 && letters[0].description.contains(reason), "{reason}: {letters:?}");
        assert_eq!((elsewhere.keys().len(), bus.state().sent.len()), (1, 0), "{reason}");
    }
}

#[test]
fn a_function_is_an_endpoint_of_the_system_that_is_checked_before_anything_runs() {
    let archive = Endpoint::new("archive").handle(|_: &mut messaging::Context<'_>, _: Archive| Ok(()));
    let reminded = Endpoint::new("greeter").publishes::<Greeted>().handle(|_: &mut messaging::Context<'_>, _: Greet| Ok(()));
    let topology = check(&[reminded.declaration(), archive.declaration(), loyalty().declaration()]).unwrap();
    assert!(topology.subscriptions.contains(&("letters.greeted".to_owned(), "loyalty".to_owned())), "{topology:?}");
    assert!(topology.queues.contains(&"loyalty".to_owned()));
    let misfit = check(&[loyalty().declaration(), loyalty().declaration(), greeter().declaration()]).unwrap_err();
    assert!(misfit.faults.iter().any(|fault| fault.contains("two endpoints are named `loyalty`")), "{misfit}");
    assert!(misfit.faults.iter().any(|fault| fault.contains("`loyalty` sends `letters.archive` to `archive`")), "{misfit}");
}
