//! Cleaning: R22.

use std::time::Duration;

use messaging::dead_letters::{self, Confirmed, LetterError};
use messaging::{HandlerError, Settings};
use storage::{CommitFault, params};

use crate::bus::Bus;
use crate::letters::{Greet, bare, greeter, letter};
use crate::world::{World, disk};

#[test]
fn inbox_rows_live_for_their_retention_and_go_in_small_steps() {
    let world = World::default();
    let bus = Bus::new(&world);
    (1..=1_200).for_each(|number| bus.put("greeter", letter(number, "Ada"), 0));
    let party = world.start(&bus, &disk(), greeter(), Settings::default());
    let rows = || {
        let count = party.service.read(|tx| tx.query_one("SELECT count(*) FROM inbox", params![], |row| row.get::<i64>(0)));
        world.wait(count).unwrap()
    };
    // The clock alone: no need to live through the days.
    world.jump(7 * 24 * 3_600 - 120);
    world.run_for(Duration::from_secs(61));
    assert_eq!(rows(), 1_200);
    world.jump(120);
    let mut steps = Vec::new();
    for _ in 0..20_000 {
        let before = rows();
        world.run_for(Duration::from_millis(5));
        if rows() < before {
            steps.push(before - rows());
        }
    }
    assert_eq!(steps, [100; 12]);
}

#[test]
fn a_dead_letter_older_than_the_retention_is_retried_only_when_confirmed() {
    let world = World::default();
    let bus = Bus::new(&world);
    let endpoint = bare().handle(|_, _: Greet| Err(HandlerError::permanent("no such street")));
    let party = world.start(&bus, &disk(), endpoint, Settings { inbox_retention_s: 60, ..Settings::default() });
    bus.put("greeter", letter(1, "Ada"), 0);
    world.run_for(Duration::from_secs(62));
    let dead = world.wait(dead_letters::list(&party.service, None, 10)).unwrap().remove(0);
    let refused = world.wait(dead_letters::retry(&party.service, &dead.id, Confirmed::No)).unwrap_err();
    assert!(matches!(refused, LetterError::TooOld(_)) && refused.to_string().contains("--yes"), "{refused}");
    world.wait(dead_letters::retry(&party.service, &dead.id, Confirmed::Yes)).unwrap();
    assert_eq!(bus.dead("greeter").len(), 0);
}

#[test]
fn rows_that_cannot_be_cleaned_away_show_in_health() {
    let world = World::default();
    let bus = Bus::new(&world);
    bus.put("greeter", letter(1, "Ada"), 0);
    let party = world.start(&bus, &disk(), greeter(), Settings::default());
    world.jump(8 * 24 * 3_600);
    party.commits.faults.lock().unwrap().push_back(CommitFault::DiskFull);
    world.run_for(Duration::from_secs(61));
    assert!(
        world.health_of("greeter").contains("cannot be deleted: nothing was written: the disk is full"),
        "{}",
        world.health_of("greeter")
    );
    world.run_for(Duration::from_secs(61));
    assert_eq!(world.health_of("greeter"), "Ready");
}
