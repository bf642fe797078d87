//! What goes in comes out: contents, topics, schedules, browsing, provisioning.

use std::time::Duration;

use broker::{BrokerSettings, Destination, MessageState, Outgoing, QueueSettings, SendError, Source};
use bytes::Bytes;
use hosting::Timestamp;

use crate::harness::{active, ids, message, queue, run, run_with, subscription, to_queue, topic};

#[test]
fn a_message_comes_out_as_it_went_in() {
    run(|world| async move {
        let headers: std::collections::BTreeMap<String, String> =
            (0..100).map(|n| (format!("h{n}"), "ü".repeat(n))).chain([(String::new(), String::new())]).collect();
        let body = Bytes::from((0..=255).collect::<Vec<u8>>());
        let sent = Outgoing { session_id: Some("s".to_owned()), headers: headers.clone(), body: body.clone(), ..message("m") };
        assert_eq!(world.broker.send(vec![sent]).await[0].as_ref().unwrap(), &1);
        let delivery = world.receive(9).await.remove(0);
        assert_eq!((delivery.message_id.as_str(), delivery.session_id.as_deref(), delivery.delivery_count), ("m", Some("s"), 0));
        assert_eq!((delivery.headers, delivery.body, delivery.sequence_number), (headers, body, 1));
        assert_eq!(delivery.locked_until, Timestamp::from_micros(60_000_000));
    });
}

#[test]
fn contents_that_the_cache_has_no_room_for_come_from_the_store() {
    run_with(BrokerSettings { cache_bytes_max: 0, ..BrokerSettings::default() }, |world| async move {
        world.send(["a", "b"]).await;
        let delivered = world.receive(9).await;
        assert_eq!((ids(&delivered), &delivered[1].body[..]), (vec!["a", "b"], &b"body of b"[..]));
    });
}

#[test]
fn each_message_of_a_send_is_answered_for_itself() {
    run(|world| async move {
        let huge = Outgoing { body: Bytes::from(vec![0; 300_000]), ..message("huge") };
        let nowhere = Outgoing { destination: Destination::Queue("nowhere".to_owned()), ..message("nowhere") };
        let results = world.broker.send(vec![message("a"), huge, nowhere, message("b")]).await;
        assert!(matches!(results[..], [Ok(1), Err(SendError::Refused(_)), Err(SendError::Refused(_)), Ok(2)]));
        assert_eq!(results[2].as_ref().unwrap_err().to_string(), "there is no queue `nowhere`");
        assert_eq!(ids(&world.receive(9).await), ["a", "b"]);
    });
}

#[test]
fn every_subscription_of_a_topic_gets_a_copy_also_of_a_scheduled_message() {
    run(|mut world| async move {
        let declarations =
            [queue("other", QueueSettings::default()), topic("t"), subscription("t", "one", "q"), subscription("t", "two", "other")];
        world.broker.provision(&declarations).await.unwrap();
        let now = Outgoing { destination: Destination::Topic("t".to_owned()), ..message("now") };
        let later = Outgoing { scheduled: Some(Timestamp::from_micros(1_000_000)), message_id: "later".to_owned(), ..now.clone() };
        world.broker.send(vec![later, now]).await;
        world.crash().await;
        for source in [active(), Source::Queue("other".to_owned())] {
            assert_eq!(ids(&world.receive_now(&source).await), ["now"]);
        }
        world.pass(1_000).await;
        for source in [active(), Source::Queue("other".to_owned())] {
            let delivered = world.receive_now(&source).await;
            assert_eq!((ids(&delivered), &delivered[0].body[..]), (vec!["later"], &b"body of now"[..]));
        }
    });
}

#[test]
fn a_scheduled_message_comes_when_it_is_due_also_after_a_restart_and_not_if_cancelled() {
    run(|mut world| async move {
        let scheduled = |id| Outgoing { scheduled: Some(Timestamp::from_micros(1_000_000)), ..message(id) };
        world.broker.send(vec![scheduled("kept"), scheduled("cancelled")]).await;
        world.broker.cancel_scheduled(&to_queue(), 2).await.unwrap();
        assert!(world.broker.cancel_scheduled(&to_queue(), 2).await.is_err());
        world.crash().await;
        world.pass(999).await;
        assert!(world.receive_now(&active()).await.is_empty());
        world.pass(1).await;
        assert_eq!(ids(&world.receive_now(&active()).await), ["kept"]);
    });
}

#[test]
fn an_expired_message_is_not_delivered() {
    run(|world| async move {
        let short = Outgoing { time_to_live: Some(Duration::from_millis(10)), ..message("short") };
        world.broker.send(vec![short, message("long")]).await;
        world.pass(10).await;
        assert_eq!(ids(&world.receive(9).await), ["long"]);
        assert_eq!(world.broker.counts("q").await.unwrap().active, 1);
    });
}

#[test]
fn browsing_shows_contents_and_states_and_takes_nothing() {
    run(|world| async move {
        let scheduled = Outgoing { scheduled: Some(Timestamp::from_micros(1_000_000)), ..message("later") };
        world.broker.send(vec![message("a"), message("b"), scheduled]).await;
        world.receive(1).await;
        let found = world.broker.browse(&active(), 0, 9).await.unwrap();
        let states: Vec<_> = found.iter().map(|browsed| (browsed.message_id.as_str(), browsed.state)).collect();
        assert_eq!(states, [("a", MessageState::Locked), ("b", MessageState::Ready), ("later", MessageState::Scheduled)]);
        assert_eq!(&found[1].body[..], b"body of b");
        assert_eq!(world.broker.browse(&active(), 2, 1).await.unwrap()[0].message_id, "b");
        assert_eq!(ids(&world.receive(9).await), ["b"]);
    });
}

#[test]
fn provisioning_again_changes_nothing_and_other_settings_are_listed() {
    run(|world| async move {
        let same = world.broker.provision(&[queue("q", QueueSettings::default()), topic("t")]).await.unwrap();
        assert_eq!((same.created, same.present), (vec!["t".to_owned()], vec!["q".to_owned()]));
        let other = QueueSettings { max_delivery_count: 3, ..QueueSettings::default() };
        let error = world.broker.provision(&[queue("q", other), queue("bad name", QueueSettings::default())]).await.unwrap_err();
        let lines: Vec<String> = error.to_string().lines().map(str::to_owned).collect();
        assert_eq!(lines[0], "`q` exists already with other settings: max_delivery_count is 10, wanted 3");
        assert!(lines[1].starts_with("`bad name` cannot name a queue"));
    });
}

#[test]
fn what_is_provisioned_is_there_after_a_restart() {
    run(|mut world| async move {
        let settings = QueueSettings {
            lock: Duration::from_secs(7),
            max_delivery_count: 3,
            time_to_live: Some(Duration::from_secs(70)),
            dead_letter_expired: true,
            duplicate_window: Some(Duration::from_secs(60)),
            message_bytes_max: 1_000,
            bytes_max: 10_000,
        };
        let declarations = [queue("p", settings), topic("t"), subscription("t", "s", "p")];
        world.broker.provision(&declarations).await.unwrap();
        world.crash().await;
        assert_eq!(world.broker.provision(&declarations).await.unwrap().present, ["p", "t", "t/s"]);
    });
}

#[test]
fn a_duplicate_is_accepted_and_dropped_also_after_a_restart() {
    run(|mut world| async move {
        let settings = QueueSettings { duplicate_window: Some(Duration::from_secs(60)), ..QueueSettings::default() };
        world.broker.provision(&[queue("once", settings)]).await.unwrap();
        let one = || Outgoing { destination: Destination::Queue("once".to_owned()), ..message("m") };
        assert!(matches!(world.broker.send(vec![one(), one()]).await[..], [Ok(1), Ok(0)]));
        world.crash().await;
        assert!(matches!(world.broker.send(vec![one()]).await[..], [Ok(0)]));
        world.pass(60_000).await;
        assert!(matches!(world.broker.send(vec![one()]).await[..], [Ok(2)]));
    });
}
