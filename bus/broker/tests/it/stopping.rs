//! Stopping: what was accepted is stored, nothing more is taken, again is fine.

use broker::{QueryError, SendError, SettleError, SettleMode, Settlement};
use hosting::Condition;

use crate::harness::{active, ids, message, poll_once, receiving, run, sending, settle_down};

#[test]
fn what_was_asked_before_the_stop_is_done_and_what_comes_after_is_refused() {
    run(|mut world| async move {
        world.send(["a"]).await;
        let token = world.receive(1).await[0].lock_token;
        let settled = world.broker.settle(vec![(token, Settlement::Complete)], SettleMode::Lazy).await;
        assert!(settled[0].is_ok());
        let mut send = sending(&world.broker, vec![message("b")]);
        assert!(poll_once(send.as_mut()).is_none());
        world.broker.stop().await;
        assert!(send.await[0].is_ok());
        assert!(matches!(world.broker.send(vec![message("c")]).await[..], [Err(SendError::Stopped)]));
        let settled = world.broker.settle(vec![(token, Settlement::Complete)], SettleMode::Lazy).await;
        assert!(matches!(settled[..], [Err(SettleError::Stopped)]));
        world.crash().await;
        assert_eq!(ids(&world.receive_now(&active()).await), ["b"]);
    });
}

#[test]
fn who_waits_is_told_that_the_broker_has_stopped() {
    run(|world| async move {
        let mut receive = receiving(&world.broker, 9);
        assert!(poll_once(receive.as_mut()).is_none());
        settle_down().await;
        world.broker.stop().await;
        assert!(matches!(receive.await, Err(QueryError::Stopped)));
    });
}

#[test]
fn a_second_stop_is_fine_and_health_tells_it() {
    run(|world| async move {
        assert_eq!(world.broker.health(), Condition::Ready);
        world.broker.stop().await;
        world.broker.clone().stop().await;
        assert_eq!(world.broker.health(), Condition::Stopped { reason: "told to stop".to_owned() });
    });
}

#[test]
fn a_store_that_is_closed_under_the_broker_ends_it_visibly() {
    run(|world| async move {
        world.db.close().await;
        assert!(matches!(world.broker.send(vec![message("a")]).await[..], [Err(SendError::Stopped)]));
        world.broker.stop().await;
        assert_eq!(world.broker.health(), Condition::Stopped { reason: "its store was closed".to_owned() });
    });
}
