//! A damaged store is an error that says what to do, never a silent start from empty.

use std::io::{Seek, SeekFrom, Write};
use std::sync::Arc;

use broker::{Broker, BrokerError, BrokerSettings, MIGRATIONS, QueueSettings};
use hosting::real_outside;
use storage::{Database, Driver, Location, OpenError, Tx, params};

use crate::harness::{NoHttp, message, queue, run};

#[test]
fn a_damaged_file_is_refused_with_advice() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bus.sqlite");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let outside = real_outside(runtime.handle().clone(), Arc::new(NoHttp));
    runtime.block_on(async {
        let db = Database::open(&Location::File(path.clone()), Driver::inline(), &[MIGRATIONS]).unwrap();
        let broker = Broker::start(&outside, db.clone(), BrokerSettings::default()).await.unwrap();
        broker.provision(&[queue("q", QueueSettings::default())]).await.unwrap();
        broker.send(vec![message("a")]).await;
        broker.stop().await;
        db.close().await;
    });
    let mut file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.seek(SeekFrom::Start(0)).unwrap();
    file.write_all(&[0x55; 4_096]).unwrap();
    drop(file);
    let error = Database::open(&Location::File(path), Driver::inline(), &[MIGRATIONS]).unwrap_err();
    assert!(matches!(error, OpenError::Damaged { .. }));
    assert!(error.to_string().contains("restore its folder from a backup"), "{error}");
}

#[test]
fn messages_that_belong_to_no_queue_are_an_error() {
    run(|world| async move {
        world.send(["a"]).await;
        world.broker.stop().await;
        world.db.write(|tx: &mut Tx<'_>| tx.execute("UPDATE messages SET entity = 99", params![])).await.unwrap();
        let runtime = tokio::runtime::Handle::current();
        let outside = real_outside(runtime, Arc::new(NoHttp));
        let error = Broker::start(&outside, world.db.clone(), BrokerSettings::default()).await.unwrap_err();
        assert!(matches!(error, BrokerError::Orphans { rows: 1 }));
        assert!(error.to_string().contains("restore its folder from a backup"), "{error}");
    });
}

#[test]
fn a_message_that_cannot_be_read_is_an_error_and_stays() {
    run(|world| async move {
        world.send(["a"]).await;
        world.db.write(|tx: &mut Tx<'_>| tx.execute("UPDATE contents SET content = $1", params![vec![9_u8]])).await.unwrap();
        let error = world.broker.browse(&crate::harness::active(), 0, 9).await.unwrap_err();
        assert!(format!("{error:?}").contains("Version(9)"));
        assert_eq!(world.broker.counts("q").await.unwrap().active, 1);
    });
}
