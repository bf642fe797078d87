//! Reading the store from outside.

use std::collections::BTreeMap;

use broker::{Outgoing, SettleMode, Settlement, audit, dead_letters};
use hosting::Timestamp;

use crate::harness::{message, run};

#[test]
fn an_outsider_counts_messages_and_reads_dead_letters() {
    run(|world| async move {
        let later = Outgoing { scheduled: Some(Timestamp::from_micros(1_000_000)), ..message("later") };
        world.broker.send(vec![message("a"), message("b"), later]).await;
        let token = world.receive(1).await[0].lock_token;
        let settlement = Settlement::DeadLetter { reason: "Poison".to_owned(), description: String::new(), headers: BTreeMap::new() };
        world.broker.settle(vec![(token, settlement)], SettleMode::Synced).await.remove(0).unwrap();
        let (queues, dead) = world
            .db
            .read(|tx: &mut storage::Tx<'_>| Ok::<_, broker::StoreError>((audit(tx)?, dead_letters(tx, "q", 0, 10)?)))
            .await
            .unwrap();
        assert_eq!((queues[0].name.as_str(), queues[0].active, queues[0].scheduled), ("q", 1, 1));
        assert_eq!(queues[0].dead_letters, BTreeMap::from([("Poison".to_owned(), 1)]));
        assert_eq!((dead[0].message_id.as_str(), dead[0].reason.as_str(), &dead[0].body[..]), ("a", "Poison", &b"body of a"[..]));
    });
}
