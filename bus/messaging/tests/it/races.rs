//! Two at once: starting messages of one saga (R23); and a refusal that says when to ask again (R12).

use std::sync::atomic::{AtomicBool, Ordering};

use axum::response::IntoResponse;
use http::header::RETRY_AFTER;
use messaging::http::OperationKey;
use messaging::{Decide, Endpoint, HandlerError, HandlerResult, Loaded, Saga, Settings, TestEndpoint};
use serde::{Deserialize, Serialize};
use storage::{SqlError, Tx, params};

use crate::bus::Bus;
use crate::letters::{Archive, Greet, greeter, named, note};
use crate::world::{World, disk};

/// How often somebody was greeted.
#[derive(Serialize, Deserialize)]
struct Acquaintance {
    greeted: u32,
}

impl Saga for Acquaintance {
    type Key = String;
    const NAME: &'static str = "acquaintance";
}

/// Looked for just before another start of the same key was committed.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Overtaken(Acquaintance);

static OVERTAKEN: AtomicBool = AtomicBool::new(false);

impl Saga for Overtaken {
    type Key = String;
    const NAME: &'static str = Acquaintance::NAME;

    fn load(tx: &mut Tx<'_>, key: &String) -> Result<Option<Loaded<Self>>, HandlerError> {
        if OVERTAKEN.swap(false, Ordering::Relaxed) {
            return Ok(None);
        }
        let found = Acquaintance::load(tx, key)?;
        Ok(found.map(|it| Loaded { saga: Self(it.saga), version: it.version, completed: it.completed }))
    }
}

fn endpoint() -> Endpoint {
    let start = |_: Greet, _: &mut Decide| -> Result<Overtaken, HandlerError> { Ok(Overtaken(Acquaintance { greeted: 1 })) };
    let again = |known: &mut Overtaken, _: Greet, _: &mut Decide| -> HandlerResult {
        known.0.greeted += 1;
        Ok(())
    };
    Endpoint::new("greeter").saga::<Overtaken>(|routes| routes.starts(|greet: &Greet| greet.name.clone(), start, again))
}

/// (version, body) of every instance.
fn instances(tx: &mut Tx<'_>) -> Result<Vec<(i64, String)>, SqlError> {
    tx.query("SELECT version, body FROM sagas", params![], |row| Ok((row.get(0)?, row.get(1)?)))
}

#[test]
fn of_two_starts_that_race_the_second_becomes_an_input_of_the_one_instance() {
    let mut test = TestEndpoint::new(endpoint());
    test.handle(named("Ada")).unwrap();
    OVERTAKEN.store(true, Ordering::Relaxed);
    test.handle(named("Ada")).unwrap();
    assert!(!OVERTAKEN.load(Ordering::Relaxed), "it saw no instance at first");
    assert_eq!(test.read(instances), [(2, r#"{"greeted":2}"#.to_owned())]);
}

#[test]
fn an_operation_that_is_refused_over_the_limit_is_told_when_to_ask_again() {
    let world = World::default();
    let bus = Bus::new(&world);
    bus.state().full.insert("archive".to_owned());
    let party = world.start(&bus, &disk(), greeter(), Settings { backlog_max: 1, ..Settings::default() });
    let say = || {
        world.wait(party.service.operation(OperationKey::internal("say", None, b""), |ctx| {
            note(ctx, "Ada")?;
            Ok(ctx.send(Archive { name: "Ada".to_owned() })?)
        }))
    };
    say().unwrap();
    say().unwrap();
    let response = say().unwrap_err().into_response();
    let seconds: u32 = response.headers()[RETRY_AFTER].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
}
