//! A store that an earlier build has left.

use std::sync::Arc;

use broker::{Broker, BrokerSettings, MIGRATIONS};
use hosting::real_outside;
use storage::{Database, Driver, Location, Migrations, SqlError, Tx, params};

use crate::harness::{NoHttp, active};

const FIRST: Migrations = Migrations { set: MIGRATIONS.set, files: &[MIGRATIONS.files[0]] };

#[test]
fn messages_of_a_store_of_the_first_version_are_delivered() {
    let folder = tempfile::tempdir().unwrap();
    let location = Location::File(folder.path().join("bus.sqlite"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let old = Database::open(&location, Driver::inline(), &[FIRST]).unwrap();
        old.write(store_one).await.unwrap();
        old.close().await;
        let db = Database::open(&location, Driver::inline(), &[MIGRATIONS]).unwrap();
        let outside = real_outside(tokio::runtime::Handle::current(), Arc::new(NoHttp));
        let broker = Broker::start(&outside, db, BrokerSettings::default()).await.unwrap();
        let [message] = broker.receive(&active(), 9).await.unwrap().try_into().unwrap();
        assert_eq!((message.message_id.as_str(), &*message.body, message.sequence_number), ("m", &b"body"[..], 4));
    });
}

fn store_one(tx: &mut Tx<'_>) -> Result<(), SqlError> {
    tx.execute("INSERT INTO queues VALUES (1, 'q', 5, 60000000, 10, NULL, FALSE, NULL, 262144, 1000000)", params![])?;
    tx.execute("INSERT INTO messages VALUES (7, 1, 0, 4, 4, 0, 0, NULL, 17)", params![])?;
    tx.execute("INSERT INTO contents VALUES (7, $1)", params![b"\x01\x01\0\0\0m\0\0\0\0\0body".to_vec()])?;
    tx.execute("UPDATE progress SET next_key = 8", params![])?;
    Ok(())
}
