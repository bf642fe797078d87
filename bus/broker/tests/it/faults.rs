//! Commits that fail: the batch is refused, everything else goes on as if nothing had been.

use broker::{ProvisionError, QueueSettings, SendError, SettleError, SettleMode, Settlement};
use hosting::Condition;
use storage::CommitFault::{CommittedButUnknown, DiskFull, NotCommitted};

use crate::harness::{active, ids, message, poll_once, queue, receiving, run, settle_down};

#[test]
fn a_failed_commit_refuses_the_batch_and_the_next_one_works() {
    run(|world| async move {
        world.send(["a"]).await;
        for fault in [DiskFull, NotCommitted] {
            world.fail_next([fault]);
            let results = world.broker.send(vec![message("lost"), message("lost too")]).await;
            assert!(matches!(results[..], [Err(SendError::NotStored(_)), Err(SendError::NotStored(_))]));
            assert!(matches!(world.broker.health(), Condition::Degraded { .. }));
        }
        world.send(["b"]).await;
        assert_eq!(world.broker.health(), Condition::Ready);
        assert_eq!(ids(&world.receive(9).await), ["a", "b"]);
    });
}

#[test]
fn a_commit_in_doubt_that_happened_is_a_success() {
    run(|world| async move {
        world.fail_next([CommittedButUnknown]);
        world.send(["a"]).await;
        world.send(["b"]).await;
        assert_eq!(ids(&world.receive(9).await), ["a", "b"]);
    });
}

#[test]
fn locks_that_were_given_before_a_failed_commit_still_hold() {
    run(|world| async move {
        world.send(["a", "b"]).await;
        let token = world.receive(1).await[0].lock_token;
        world.fail_next([DiskFull]);
        assert!(world.broker.send(vec![message("lost")]).await[0].is_err());
        world.pass(100).await;
        assert_eq!(ids(&world.receive(9).await), ["b"]);
        assert!(world.broker.settle(vec![(token, Settlement::Complete)], SettleMode::Synced).await[0].is_ok());
    });
}

#[test]
fn a_settlement_that_could_not_be_stored_can_be_tried_again() {
    run(|mut world| async move {
        world.send(["a"]).await;
        let token = world.receive(1).await[0].lock_token;
        world.fail_next([DiskFull]);
        let refused = world.broker.settle(vec![(token, Settlement::Complete)], SettleMode::Synced).await;
        assert!(matches!(refused[..], [Err(SettleError::NotStored(_))]));
        assert!(world.broker.settle(vec![(token, Settlement::Complete)], SettleMode::Synced).await[0].is_ok());
        world.crash().await;
        assert!(world.receive_now(&active()).await.is_empty());
    });
}

#[test]
fn a_settlement_that_was_answered_outlives_a_failed_commit() {
    run(|mut world| async move {
        world.send(["a", "b", "c"]).await;
        let delivered = world.receive(2).await;
        let settlements = vec![(delivered[0].lock_token, Settlement::Complete), (delivered[1].lock_token, Settlement::Release)];
        assert!(world.broker.settle(settlements, SettleMode::Lazy).await.iter().all(Result::is_ok));
        world.fail_next([DiskFull]);
        assert!(world.broker.send(vec![message("lost")]).await[0].is_err());
        world.pass(200).await;
        world.crash().await;
        let delivered = world.receive_now(&active()).await;
        assert_eq!((ids(&delivered), delivered[0].delivery_count), (vec!["b", "c"], 0));
    });
}

#[test]
fn a_receiver_that_waits_gets_its_messages_once_the_store_works_again() {
    run(|world| async move {
        let mut receive = receiving(&world.broker, 9);
        assert!(poll_once(receive.as_mut()).is_none());
        settle_down().await;
        world.fail_next([DiskFull]);
        assert!(world.broker.send(vec![message("lost")]).await[0].is_err());
        world.send(["a"]).await;
        let delivered = receive.await.unwrap();
        assert_eq!((ids(&delivered), delivered[0].delivery_count), (vec!["a"], 0));
    });
}

#[test]
fn a_delivery_whose_count_could_not_be_stored_is_not_made() {
    run(|world| async move {
        world.send(["a"]).await;
        world.fail_next([DiskFull, DiskFull]);
        let mut receive = receiving(&world.broker, 9);
        assert!(poll_once(receive.as_mut()).is_none());
        settle_down().await;
        assert!(poll_once(receive.as_mut()).is_none());
        world.pass(100).await;
        assert!(poll_once(receive.as_mut()).is_none());
        world.pass(100).await;
        assert_eq!(receive.await.unwrap()[0].delivery_count, 0);
    });
}

#[test]
fn a_queue_that_could_not_be_stored_is_not_there() {
    run(|world| async move {
        world.fail_next([DiskFull]);
        let refused = world.broker.provision(&[queue("p", QueueSettings::default())]).await;
        assert!(matches!(refused, Err(ProvisionError::NotStored(_))));
        assert!(world.broker.counts("p").await.is_err());
        assert_eq!(world.broker.provision(&[queue("p", QueueSettings::default())]).await.unwrap().created, ["p"]);
    });
}
