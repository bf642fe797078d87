//! Operations: R32.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::extract::FromRequest;
use http::StatusCode;
use messaging::http::{Change, OperationKey, Problem};
use messaging::{HandlerError, Service, Settings};
use storage::{CommitFault, params};

use crate::bus::Bus;
use crate::letters::{Archive, greeter, note, noted};
use crate::world::{Party, World, disk};

fn start() -> (World, Arc<Bus>, Party) {
    let world = World::default();
    let bus = Bus::new(&world);
    let party = world.start(&bus, &disk(), greeter(), Settings::default());
    (world, bus, party)
}

fn key(key: &str, request: &str) -> OperationKey {
    OperationKey::internal("greet", Some(key.to_owned()), request.as_bytes())
}

async fn greet(service: Service, key: OperationKey, name: &'static str) -> Result<u32, Problem> {
    let written = service.operation(key, move |ctx| {
        note(ctx, name)?;
        ctx.send(Archive { name: name.to_owned() })?;
        Ok(ctx.tx().query_one("SELECT count(*) FROM greetings", params![], |row| row.get::<u32>(0))?)
    });
    written.await
}

#[test]
fn the_same_key_gets_the_stored_answer_again() {
    let (world, bus, party) = start();
    assert_eq!(world.wait(greet(party.service.clone(), key("k", "Ada"), "Ada")).unwrap(), 1);
    assert_eq!(world.wait(greet(party.service.clone(), key("other", "Bo"), "Bo")).unwrap(), 2);
    assert_eq!(world.wait(greet(party.service.clone(), key("k", "Ada"), "Ada")).unwrap(), 1);
    world.run_for(Duration::from_secs(1));
    assert_eq!((world.wait(party.service.read(noted)).unwrap().len(), bus.sent_types().len()), (2, 2));
}

#[test]
fn a_second_request_waits_for_the_first_and_gets_its_answer() {
    // Two at once, on the real writer thread: whichever comes second finds the other's answer.
    let world = World::default();
    let bus = Bus::new(&world);
    let endpoint = greeter();
    let location = storage::Location::Memory("messaging-tests-two-at-once".to_owned());
    let db = storage::Database::open(&location, storage::Driver::Thread, endpoint.all_migrations()).unwrap();
    let (service, _) = world.wait(endpoint.bind(world.outside(), db, bus, &world.health, Settings::default())).unwrap();
    let runs = Arc::new(AtomicU32::new(0));
    let answers: Vec<u32> = std::thread::scope(|scope| {
        let ask = |_| {
            let (service, runs) = (service.clone(), runs.clone());
            scope.spawn(move || {
                let work = service.operation(key("k", "Ada"), move |ctx| {
                    note(ctx, "Ada")?;
                    Ok(runs.fetch_add(1, Ordering::Relaxed) + 1)
                });
                World::default().wait(work).unwrap()
            })
        };
        let threads: Vec<_> = (0..8).map(ask).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(service.db().read_blocking(noted).unwrap(), ["Ada"]);
}

#[test]
fn a_key_that_was_used_for_another_request_is_refused_with_422() {
    let (world, _bus, party) = start();
    world.wait(greet(party.service.clone(), key("k", "Ada"), "Ada")).unwrap();
    let refused = world.wait(greet(party.service.clone(), key("k", "Bo"), "Bo")).unwrap_err();
    assert_eq!((refused.status(), refused.kind()), (StatusCode::UNPROCESSABLE_ENTITY, "idempotency-key-reused"));
    assert_eq!(world.wait(party.service.read(noted)).unwrap(), ["Ada"]);
}

#[test]
fn refusals_are_not_stored() {
    let (world, _bus, party) = start();
    let refuse = party.service.operation::<u32>(key("k", "Ada"), |ctx| {
        note(ctx, "Ada")?;
        Err(Problem::conflict("closed", "the door is closed"))
    });
    assert_eq!(world.wait(refuse).unwrap_err().status(), StatusCode::CONFLICT);
    assert_eq!(world.wait(party.service.read(noted)).unwrap(), [""; 0]);
    assert_eq!(world.wait(greet(party.service.clone(), key("k", "Ada"), "Ada")).unwrap(), 1);
}

#[test]
fn answers_are_kept_for_24_hours() {
    let (world, _bus, party) = start();
    let again = || world.wait(greet(party.service.clone(), key("k", "Ada"), "Ada")).unwrap();
    assert_eq!(again(), 1);
    world.jump(24 * 3_600 - 120);
    world.run_for(Duration::from_secs(61));
    assert_eq!(again(), 1);
    world.jump(120);
    world.run_for(Duration::from_secs(61));
    assert_eq!(again(), 2);
}

#[test]
fn an_unknown_outcome_is_settled_by_running_again_under_the_key() {
    for fault in [CommitFault::CommittedButUnknown, CommitFault::NotCommitted] {
        let (world, bus, party) = start();
        party.commits.faults.lock().unwrap().push_back(fault);
        assert_eq!(world.wait(greet(party.service.clone(), key("k", "Ada"), "Ada")).unwrap(), 1);
        world.run_for(Duration::from_secs(10));
        assert_eq!((world.wait(party.service.read(noted)).unwrap().len(), bus.sent_types().len()), (1, 1));
    }
}

#[test]
fn an_unknown_outcome_without_a_key_is_503_outcome_unknown() {
    let (world, _bus, party) = start();
    party.commits.faults.lock().unwrap().push_back(CommitFault::CommittedButUnknown);
    let unknown = world.wait(greet(party.service.clone(), OperationKey::internal("greet", None, b""), "Ada")).unwrap_err();
    assert_eq!((unknown.status(), unknown.kind()), (StatusCode::SERVICE_UNAVAILABLE, "outcome-unknown"));
}

#[test]
fn a_dropped_connection_does_not_cancel_the_write() {
    let world = World::default();
    let bus = Bus::new(&world);
    let endpoint = greeter();
    let location = storage::Location::Memory("messaging-tests-dropped".to_owned());
    let db = storage::Database::open(&location, storage::Driver::Thread, endpoint.all_migrations()).unwrap();
    let (service, _) = world.wait(endpoint.bind(world.outside(), db, bus, &world.health, Settings::default())).unwrap();
    let mut asked = Box::pin(greet(service.clone(), key("k", "Ada"), "Ada"));
    let waker = std::task::Waker::noop();
    let first = asked.as_mut().poll(&mut std::task::Context::from_waker(waker));
    drop((first, asked));
    // Writes are carried out in the order in which they were handed in.
    assert_eq!(world.wait(greet(service.clone(), key("other", "Bo"), "Bo")).unwrap(), 2);
    assert_eq!(service.db().read_blocking(noted).unwrap(), ["Ada", "Bo"]);
}

#[test]
fn a_panic_in_an_operation_is_an_internal_error_and_changes_nothing() {
    let (world, _bus, party) = start();
    let asked = party.service.operation::<u32>(key("k", "Ada"), |ctx| {
        note(ctx, "Ada")?;
        panic!("the ink is dry")
    });
    assert_eq!(world.wait(asked).unwrap_err().status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(world.wait(party.service.read(noted)).unwrap(), [""; 0]);
}

fn change(world: &World, path: &str, caller: &str, body: &'static str) -> OperationKey {
    let request = http::Request::post(path).header("idempotency-key", "a-key-hard-to-guess").header("authorization", caller);
    let request = request.body(axum::body::Body::from(body)).unwrap();
    world.wait(Change::<serde_json::Value>::from_request(request, &())).unwrap().key
}

#[test]
fn keys_of_different_paths_and_callers_have_nothing_to_do_with_each_other() {
    let (world, _bus, party) = start();
    for (path, caller) in [("/a", "one"), ("/a", "two"), ("/b", "one")] {
        let key = change(&world, path, caller, "{}");
        world.wait(greet(party.service.clone(), key, "Ada")).unwrap();
    }
    assert_eq!(world.wait(party.service.read(noted)).unwrap().len(), 3);
    let other_body = change(&world, "/a", "one", r#"{"more":1}"#);
    assert_eq!(world.wait(greet(party.service.clone(), other_body, "Ada")).unwrap_err().kind(), "idempotency-key-reused");
}

#[test]
fn what_an_operation_sends_belongs_to_the_trace_of_its_request() {
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    for (given, told) in [(Some(trace), Some(trace)), (Some("nonsense"), None), (None, None)] {
        let (world, bus, party) = start();
        let mut request = http::Request::post("/a");
        if let Some(given) = given {
            request = request.header("traceparent", given);
        }
        let request = request.body(axum::body::Body::empty()).unwrap();
        let key = world.wait(Change::<Option<u8>>::from_request(request, &())).unwrap().key;
        world.wait(greet(party.service.clone(), key, "Ada")).unwrap();
        world.run_for(Duration::from_secs(1));
        assert_eq!(bus.state().sent[0].headers.get("traceparent").map(String::as_str), told);
    }
}

#[test]
fn a_lost_race_in_an_operation_is_run_again() {
    let (world, _bus, party) = start();
    let runs = Arc::new(AtomicU32::new(0));
    let late = |failures: u32| {
        let seen = runs.clone();
        seen.store(0, Ordering::Relaxed);
        party.service.operation(OperationKey::internal("late", None, b""), move |_| match seen.fetch_add(1, Ordering::Relaxed) {
            run if run < failures => Err(HandlerError::conflict("somebody else was faster").into()),
            run => Ok(run),
        })
    };
    assert_eq!(world.wait(late(19)).unwrap(), 19);
    let refused = world.wait(late(1_000)).unwrap_err();
    assert_eq!((refused.status(), refused.kind(), runs.load(Ordering::Relaxed)), (StatusCode::SERVICE_UNAVAILABLE, "try-again", 20));
}

#[test]
fn a_constraint_that_an_operation_breaks_is_a_mistake_of_ours_without_details() {
    let (world, _bus, party) = start();
    for statement in ["INSERT INTO people (name) VALUES ($1)", "INSERT INTO debts (name) VALUES ($1)"] {
        let twice = party.service.operation(OperationKey::internal("twice", None, b""), move |ctx| {
            note(ctx, "Ada")?;
            ctx.tx().execute(statement, params!["Ada"])?;
            ctx.tx().execute("INSERT INTO people (name) VALUES ($1)", params!["Bo"])?;
            Ok(ctx
                .tx()
                .execute("INSERT INTO people (name) VALUES ($1)", params![if statement.contains("debts") { "Cleo" } else { "Bo" }])?)
        });
        let failed = world.wait(twice).unwrap_err();
        assert_eq!((failed.status(), failed.kind()), (StatusCode::INTERNAL_SERVER_ERROR, "internal-error"));
        assert!(!failed.detail().contains("people") && !failed.detail().contains("UNIQUE"), "{failed}");
    }
    assert_eq!(world.wait(party.service.read(noted)).unwrap(), [""; 0]);
}

#[test]
fn trouble_of_ours_is_503_and_health_says_so_until_an_operation_succeeds() {
    let (world, _bus, party) = start();
    party.commits.faults.lock().unwrap().extend([CommitFault::DiskFull; 3]);
    for _ in 0..3 {
        let refused = world.wait(greet(party.service.clone(), key("k", "Ada"), "Ada")).unwrap_err();
        assert_eq!((refused.status(), refused.kind()), (StatusCode::SERVICE_UNAVAILABLE, "storage-unavailable"));
        let response = axum::response::IntoResponse::into_response(refused);
        assert_eq!(response.headers()[http::header::RETRY_AFTER], "1");
        assert!(world.health_of("greeter").contains("operations cannot be written: the disk is full"), "{}", world.health_of("greeter"));
    }
    world.wait(greet(party.service.clone(), key("k", "Ada"), "Ada")).unwrap();
    assert_eq!(world.health_of("greeter"), "Ready");
}
