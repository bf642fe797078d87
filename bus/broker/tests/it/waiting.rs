//! Receivers that wait, and what becomes of messages whose receiver has gone.

use broker::{QueryError, Source};

use crate::harness::{ids, message, poll_once, receiving, run, settle_down};

#[test]
fn a_receiver_waits_until_a_message_comes() {
    run(|world| async move {
        let mut receive = receiving(&world.broker, 9);
        assert!(poll_once(receive.as_mut()).is_none());
        settle_down().await;
        world.send(["a"]).await;
        assert_eq!(ids(&receive.await.unwrap()), ["a"]);
    });
}

#[test]
fn receivers_are_served_in_the_order_in_which_they_came() {
    run(|world| async move {
        let mut first = receiving(&world.broker, 1);
        let mut second = receiving(&world.broker, 1);
        assert!(poll_once(first.as_mut()).is_none() && poll_once(second.as_mut()).is_none());
        world.send(["a", "b"]).await;
        assert_eq!(ids(&second.await.unwrap()), ["b"]);
        assert_eq!(ids(&first.await.unwrap()), ["a"]);
    });
}

#[test]
fn a_receiver_that_went_away_gets_nothing() {
    run(|world| async move {
        {
            let mut receive = receiving(&world.broker, 9);
            assert!(poll_once(receive.as_mut()).is_none());
            settle_down().await;
        }
        world.send(["a"]).await;
        assert_eq!(world.receive(9).await[0].delivery_count, 0);
    });
}

#[test]
fn messages_that_a_receiver_never_took_are_given_back_uncounted() {
    run(|world| async move {
        {
            let mut receive = receiving(&world.broker, 9);
            assert!(poll_once(receive.as_mut()).is_none());
            settle_down().await;
            world.send(["a", "b"]).await;
            settle_down().await;
            // Locked for it, handed over, never looked at.
            assert_eq!(world.broker.counts("q").await.unwrap().locked, 2);
        }
        let delivered = world.receive(9).await;
        assert_eq!((ids(&delivered), delivered[0].delivery_count), (vec!["a", "b"], 0));
    });
}

#[test]
fn receiving_where_there_is_no_queue_is_an_error() {
    run(|world| async move {
        let error = world.broker.receive(&Source::Queue("nowhere".to_owned()), 1).await.unwrap_err();
        assert!(matches!(error, QueryError::NoEntity(_)));
    });
}

#[test]
fn what_is_sent_together_is_written_together() {
    run(|world| async move {
        let before = world.db.commits();
        let mut sends: Vec<_> = (0..100).map(|n| Box::pin(world.broker.send(vec![message(&format!("m{n}"))]))).collect();
        assert!(sends.iter_mut().all(|send| poll_once(send.as_mut()).is_none()));
        for send in sends {
            send.await.remove(0).unwrap();
        }
        assert_eq!(world.db.commits(), before + 1);
    });
}

#[test]
fn delivering_waits_for_no_disk_and_sending_does() {
    run(|world| async move {
        let before = world.db.syncs();
        world.send(["a"]).await;
        assert_eq!(world.db.syncs(), before + 1);
        world.receive(1).await;
        assert_eq!(world.db.syncs(), before + 1);
    });
}
