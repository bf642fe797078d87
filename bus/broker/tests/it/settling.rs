//! Settlements, locks and counts: what is kept, for how long, and over what.

use std::collections::BTreeMap;
use std::time::Duration;

use broker::{QueueSettings, SettleError, SettleMode, Settlement};

use crate::harness::{active, dead, ids, message, queue, run};

fn dead_letter() -> Settlement {
    Settlement::DeadLetter {
        reason: "Poison".to_owned(),
        description: "it will never work".to_owned(),
        headers: BTreeMap::from([("attempts".to_owned(), "4".to_owned())]),
    }
}

#[test]
fn a_synced_settlement_outlives_a_crash() {
    run(|mut world| async move {
        world.send(["a", "b"]).await;
        let token = world.receive(1).await[0].lock_token;
        world.broker.settle(vec![(token, Settlement::Complete)], SettleMode::Synced).await.remove(0).unwrap();
        world.crash().await;
        assert_eq!(ids(&world.receive_now(&active()).await), ["b"]);
    });
}

#[test]
fn a_lazy_settlement_is_answered_without_a_write_and_written_within_20_ms() {
    run(|mut world| async move {
        world.send(["a", "b"]).await;
        let delivered = world.receive(2).await;
        let before = world.db.commits();
        world.broker.settle(vec![(delivered[0].lock_token, Settlement::Complete)], SettleMode::Lazy).await.remove(0).unwrap();
        assert_eq!(world.db.commits(), before);
        world.pass(20).await;
        assert_eq!(world.db.commits(), before + 1);
        world.broker.settle(vec![(delivered[1].lock_token, Settlement::Complete)], SettleMode::Lazy).await.remove(0).unwrap();
        world.crash().await;
        assert_eq!(ids(&world.receive_now(&active()).await), ["b"], "what was not written yet comes again");
    });
}

#[test]
fn a_crash_frees_locks_and_counts_the_deliveries() {
    run(|mut world| async move {
        world.send(["a"]).await;
        for count in 0..3 {
            let delivered = world.receive_now(&active()).await;
            assert_eq!(delivered[0].delivery_count, count);
            world.crash().await;
        }
    });
}

#[test]
fn a_release_is_not_counted_and_an_abandon_is() {
    run(|world| async move {
        world.send(["a"]).await;
        for (settlement, count) in [(Settlement::Release, 0), (Settlement::Abandon, 0), (Settlement::Release, 1), (Settlement::Complete, 1)]
        {
            let one = world.receive(1).await.remove(0);
            assert_eq!(one.delivery_count, count);
            world.broker.settle(vec![(one.lock_token, settlement)], SettleMode::Lazy).await.remove(0).unwrap();
        }
    });
}

#[test]
fn a_dead_letter_keeps_its_content_and_says_why_also_after_a_restart() {
    run(|mut world| async move {
        let mut outgoing = message("a");
        outgoing.headers.insert("kept".to_owned(), "yes".to_owned());
        world.broker.send(vec![outgoing]).await;
        let token = world.receive(1).await[0].lock_token;
        world.broker.settle(vec![(token, dead_letter())], SettleMode::Synced).await.remove(0).unwrap();
        world.crash().await;
        let browsed = world.broker.browse(&dead(), 0, 9).await.unwrap().remove(0);
        assert_eq!(browsed.dead_letter_reason.as_deref(), Some("Poison"));
        let one = world.receive_now(&dead()).await.remove(0);
        assert_eq!(one.dead_letter_description.as_deref(), Some("it will never work"));
        let headers: Vec<_> = one.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!((headers, &one.body[..]), (vec![("attempts", "4"), ("kept", "yes")], &b"body of a"[..]));
        let again = world.broker.settle(vec![(one.lock_token, dead_letter())], SettleMode::Synced).await.remove(0);
        assert!(matches!(again, Err(SettleError::DeadAlready)));
        world.broker.settle(vec![(one.lock_token, Settlement::Complete)], SettleMode::Synced).await.remove(0).unwrap();
        world.crash().await;
        assert!(world.broker.browse(&dead(), 0, 9).await.unwrap().is_empty());
    });
}

#[test]
fn after_its_last_permitted_delivery_a_message_is_a_dead_letter() {
    run(|mut world| async move {
        let settings = QueueSettings { max_delivery_count: 2, ..QueueSettings::default() };
        world.broker.provision(&[queue("two", settings)]).await.unwrap();
        let outgoing = broker::Outgoing { destination: broker::Destination::Queue("two".to_owned()), ..message("a") };
        world.broker.send(vec![outgoing]).await;
        let source = broker::Source::Queue("two".to_owned());
        for _ in 0..2 {
            assert_eq!(world.receive_now(&source).await.len(), 1);
            world.crash().await;
        }
        assert!(world.receive_now(&source).await.is_empty());
        let one = world.receive_now(&broker::Source::DeadLetters("two".to_owned())).await.remove(0);
        assert_eq!((one.dead_letter_reason.as_deref(), one.delivery_count), (Some("MaxDeliveryCountExceeded"), 2));
    });
}

#[test]
fn a_lock_ends_unless_it_is_renewed() {
    run(|world| async move {
        world.send(["a", "b"]).await;
        let delivered = world.receive(2).await;
        world.pass(59_999).await;
        let renewed = world.broker.renew(vec![delivered[0].lock_token]).await.remove(0).unwrap();
        assert_eq!(renewed.since(delivered[0].locked_until), Duration::from_millis(59_999));
        world.pass(1).await;
        let settlements = delivered.iter().map(|one| (one.lock_token, Settlement::Complete)).collect();
        let results = world.broker.settle(settlements, SettleMode::Lazy).await;
        assert!(matches!(results[..], [Ok(()), Err(SettleError::LockLost(_))]));
        assert!(world.broker.renew(vec![delivered[1].lock_token]).await[0].is_err());
        assert_eq!(world.receive(1).await[0].delivery_count, 1);
    });
}
