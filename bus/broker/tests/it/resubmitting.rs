//! Dead letters that are sent again: in one commit, once, whatever fails.

use std::collections::BTreeMap;

use broker::{Broker, BrokerSettings, QueueSettings, ResubmitError, ResubmitRefusal, SettleMode, Settlement};
use hosting::BoxFuture;
use storage::CommitFault::{CommittedButUnknown, DiskFull};

use crate::harness::{World, active, dead, ids, message, poll_once, queue, receiving, run, run_with, settle_down};

/// The queue `q` with dead letters of these ids; their numbers.
async fn bury(world: &World, ids: &[&str]) -> Vec<u64> {
    world.send(ids.iter().copied()).await;
    let told = |_| Settlement::DeadLetter { reason: "Poison".to_owned(), description: String::new(), headers: headers("why", "poison") };
    let settlements = world.receive(100).await.into_iter().map(|one| (one.lock_token, told(()))).collect();
    world.broker.settle(settlements, SettleMode::Synced).await.into_iter().for_each(Result::unwrap);
    world.broker.browse(&dead(), 0, 100).await.unwrap().into_iter().map(|browsed| browsed.sequence_number).collect()
}

fn headers(name: &str, value: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(name.to_owned(), value.to_owned())])
}

fn resubmitting(broker: &Broker, sequence: u64) -> BoxFuture<'static, Result<u64, ResubmitError>> {
    let broker = broker.clone();
    Box::pin(async move { broker.resubmit("q", sequence, BTreeMap::new()).await })
}

fn not_there(result: &Result<u64, ResubmitError>) -> bool {
    matches!(result, Err(ResubmitError::Refused(ResubmitRefusal::NotThere { .. })))
}

#[test]
fn a_dead_letter_sent_again_has_its_id_its_body_and_the_new_headers_also_after_a_restart() {
    for crashes in [false, true] {
        run(|mut world| async move {
            let numbers = bury(&world, &["a", "b", "c"]).await;
            let again = world.broker.resubmit("q", numbers[1], headers("round", "2")).await.unwrap();
            if crashes {
                world.crash().await;
            }
            let one = world.receive_now(&active()).await.remove(0);
            assert_eq!((one.message_id.as_str(), &one.body[..], one.headers), ("b", &b"body of b"[..], headers("round", "2")));
            assert_eq!((one.sequence_number, one.delivery_count, one.dead_letter_reason), (again, 0, None));
            assert_eq!(ids(&world.receive_now(&dead()).await), ["a", "c"], "the others lie where they lay, and nobody holds them");
        });
    }
}

#[test]
fn of_several_who_send_a_dead_letter_again_at_once_one_gets_it_and_the_others_are_told_that_it_is_not_there() {
    run(|world| async move {
        let number = bury(&world, &["a"]).await[0];
        let mut all: Vec<_> = (0..5).map(|_| resubmitting(&world.broker, number)).collect();
        let mut results = Vec::new();
        while results.len() < 5 {
            all.retain_mut(|one| poll_once(one.as_mut()).map(|result| results.push(result)).is_none());
            settle_down().await;
        }
        assert_eq!((results.iter().filter(|result| result.is_ok()).count(), results.iter().filter(|one| not_there(one)).count()), (1, 4));
        assert_eq!(ids(&world.receive(9).await), ["a"]);
        assert!(world.receive_now(&active()).await.is_empty());
    });
}

#[test]
fn a_crash_at_any_moment_leaves_a_dead_letter_in_one_of_the_two_places() {
    for polls in 0..12 {
        run(|mut world| async move {
            let number = bury(&world, &["a"]).await[0];
            let mut one = resubmitting(&world.broker, number);
            for _ in 0..polls {
                if poll_once(one.as_mut()).is_some() {
                    break;
                }
                tokio::task::yield_now().await;
            }
            world.crash().await;
            let places = world.receive_now(&active()).await.len() + world.receive_now(&dead()).await.len();
            assert_eq!(places, 1, "after {polls} moments");
        });
    }
}

#[test]
fn a_dead_letter_whose_sending_again_could_not_be_stored_lies_where_it_lay() {
    run(|world| async move {
        let number = bury(&world, &["a"]).await[0];
        world.fail_next([DiskFull]);
        assert!(matches!(resubmitting(&world.broker, number).await, Err(ResubmitError::NotStored(_))));
        world.pass(100).await;
        assert_eq!(world.broker.browse(&dead(), 0, 9).await.unwrap().len(), 1);
        world.fail_next([CommittedButUnknown]);
        assert!(resubmitting(&world.broker, number).await.is_ok(), "a commit in doubt that happened is a success");
        world.pass(100).await;
        assert_eq!(ids(&world.receive(9).await), ["a"]);
    });
}

#[test]
fn what_is_no_dead_letter_or_is_locked_is_refused_with_the_number() {
    run(|world| async move {
        let number = bury(&world, &["a"]).await[0];
        for unknown in [0, number - 1, number + 1, u64::MAX] {
            assert!(not_there(&resubmitting(&world.broker, unknown).await), "{unknown}");
        }
        let nowhere = world.broker.resubmit("nowhere", 1, BTreeMap::new()).await.unwrap_err();
        assert_eq!(nowhere.to_string(), "there is no queue `nowhere`");
        let held = world.receive_now(&dead()).await.remove(0);
        let locked = resubmitting(&world.broker, number).await.unwrap_err();
        assert_eq!(locked.to_string(), format!("the dead letter with sequence number {number} is locked by a receiver"));
        world.broker.settle(vec![(held.lock_token, Settlement::Release)], SettleMode::Lazy).await.remove(0).unwrap();
        assert!(resubmitting(&world.broker, number).await.is_ok());
    });
}

#[test]
fn a_dead_letter_that_was_never_delivered_comes_again_with_its_new_content() {
    run(|world| async move {
        let settings = QueueSettings { dead_letter_expired: true, ..QueueSettings::default() };
        world.broker.provision(&[queue("short", settings)]).await.unwrap();
        let destination = broker::Destination::Queue("short".to_owned());
        let time_to_live = Some(std::time::Duration::from_millis(10));
        world.broker.send(vec![broker::Outgoing { destination, time_to_live, ..message("a") }]).await;
        world.pass(25).await;
        let letters = broker::Source::DeadLetters("short".to_owned());
        let letter = world.broker.browse(&letters, 0, 9).await.unwrap().remove(0);
        assert_eq!(letter.dead_lettered.unwrap().since(letter.enqueued), std::time::Duration::from_millis(25));
        world.broker.resubmit("short", letter.sequence_number, headers("new", "yes")).await.unwrap();
        let one = world.receive_now(&broker::Source::Queue("short".to_owned())).await.remove(0);
        assert_eq!((one.headers, one.dead_letter_reason), (headers("new", "yes"), None));
    });
}

#[test]
fn a_receiver_that_waits_gets_a_dead_letter_sent_again_with_its_new_content() {
    run_with(BrokerSettings { cache_bytes_max: 0, ..BrokerSettings::default() }, |world| async move {
        let number = bury(&world, &["a"]).await[0];
        let mut receive = receiving(&world.broker, 9);
        assert!(poll_once(receive.as_mut()).is_none());
        settle_down().await;
        world.broker.resubmit("q", number, headers("new", "yes")).await.unwrap();
        assert_eq!(receive.await.unwrap()[0].headers, headers("new", "yes"));
    });
}
