//! Starting: R37 and R38.

use messaging::{Endpoint, NotHandled, TestEndpoint, topology};

use crate::bus::Bus;
use crate::letters::{Archive, Greet, Greeted, Remind, bare, greeter, named};
use crate::world::{World, disk};

#[test]
fn everything_that_does_not_fit_is_said_at_once() {
    let one =
        Endpoint::new("greeter").sends::<Archive>().on(|_, _: Greeted| Ok(())).handle(|_, _: Greet| Ok(())).handle(|_, _: Greet| Ok(()));
    let two = Endpoint::new("greeter").handle(|_, _: Archive| Ok(()));
    let misfit = topology::check(&[one.declaration(), two.declaration()]).unwrap_err().to_string();
    for fault in [
        "endpoint `greeter` sends `letters.archive` to `archive`, which does not handle it",
        "endpoint `greeter` awaits `letters.greeted`, which nobody publishes",
        "endpoint `greeter` has two handlers for `letters.greet`",
        "two endpoints are named `greeter`",
        "endpoint `greeter` handles `letters.archive`, which belongs to endpoint `archive`",
    ] {
        assert!(misfit.contains(fault), "{misfit}");
    }
}

#[test]
fn a_system_that_fits_says_what_has_to_exist() {
    let greeter = Endpoint::new("greeter").publishes::<Greeted>().sends::<Archive>().handle(|_, _: Greet| Ok(()));
    let archive = Endpoint::new("archive").on(|_, _: Greeted| Ok(())).handle(|_, _: Archive| Ok(()));
    let topology = topology::check(&[greeter.declaration(), archive.declaration()]).unwrap();
    assert_eq!(topology.queues, ["greeter", "archive"]);
    assert_eq!(topology.topics, ["letters.greeted"]);
    assert_eq!(topology.subscriptions, [("letters.greeted".to_owned(), "archive".to_owned())]);
}

#[test]
fn sending_what_was_not_declared_is_a_permanent_error_in_a_test_endpoint_too() {
    let mut test = TestEndpoint::new(Endpoint::new("greeter").handle(|ctx, cmd: Greet| ctx.send(Remind { name: cmd.name })));
    let ended = test.handle(named("Ada"));
    let Err(NotHandled::DeadLettered(reason, description)) = ended else { panic!("{ended:?}") };
    assert_eq!(reason, "PermanentFailure");
    assert!(description.contains("has not declared that it emits `letters.remind`"), "{description}");
}

#[test]
fn a_database_without_the_tables_is_a_clear_error_before_anything_runs() {
    let said = refusal(&greeter().all_migrations()[..0], "");
    for part in ["the database of `greeter` lacks", "migration messaging/", "migration letters/"] {
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn a_services_own_missing_migrations_and_tables_are_all_told_before_anything_runs() {
    let endpoint = greeter();
    let [framework, own] = endpoint.all_migrations() else { panic!("two sets") };
    let said = refusal(&[*framework], "DROP TABLE outbox");
    assert!(said.contains("table outbox of messaging, migration letters/"), "{said}");
    let said = refusal(&[*framework, *own], "DROP TABLE greetings");
    assert!(said.contains("lacks table greetings of letters; open"), "{said}");
}

/// What is said when the greeter is bound to a database that was opened like this.
fn refusal(migrations: &[storage::Migrations], drop: &'static str) -> String {
    let world = World::default();
    let bus = Bus::new(&world);
    let location = storage::Location::Memory(format!("messaging-tests-lacking-{}-{drop}", migrations.len()));
    let db = storage::Database::open(&location, storage::Driver::inline(), migrations).unwrap();
    if !drop.is_empty() {
        db.write_blocking(move |tx| tx.execute(drop, storage::params![])).unwrap();
    }
    let bound = world.wait(greeter().bind(world.outside(), db, bus, &world.health, messaging::Settings::default()));
    format!("{:?}", bound.err())
}

#[test]
fn provisioning_twice_creates_once_and_changes_nothing() {
    let world = World::default();
    let bus = Bus::new(&world);
    let archive = Endpoint::new("archive").on(|_, _: Greeted| Ok(())).handle(|_, _: Archive| Ok(()));
    let greeter = greeter().handle(|_, _: Remind| Ok(()));
    let topology = topology::check(&[greeter.declaration(), archive.declaration()]).unwrap();
    for _ in 0..2 {
        world.wait(messaging::Transport::provision(&*bus, &topology)).unwrap();
        bus.put("archive", crate::letters::letter(1, "Ada"), 0);
    }
    assert_eq!(bus.ready("archive"), 2);
    drop((bare(), disk()));
}
