//! A disk that is really full: what was confirmed stays, what was refused is told so, and with room it goes on.

use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use broker::{Broker, BrokerSettings, MIGRATIONS, Outgoing, QueueSettings, SendError};
use hosting::{Condition, real_outside};
use storage::{Database, Driver, Location};

use crate::harness::{NoHttp, active, message, queue};

/// A small disk of its own, in memory; taken away at the end.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// None where this user may not mount.
    fn mount(size: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &format!("size={size}"), "none"]).arg(folder.path()).output();
        mounted.is_ok_and(|done| done.status.success()).then_some(Self(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(self.path()).status();
        assert!(unmounted.is_ok_and(|status| status.success()), "the small disk stays mounted at {}", self.path().display());
    }
}

#[test]
fn a_full_disk_refuses_clearly_loses_nothing_and_is_over_when_there_is_room() {
    let Some(disk) = SmallDisk::mount("8m") else {
        // Not `eprintln!`, which the test harness keeps to itself.
        let reason = b"a full disk is not tested: this user may not mount a small one\n";
        std::io::stderr().write_all(reason).unwrap();
        return;
    };
    let ballast = disk.path().join("ballast");
    std::fs::write(&ballast, vec![0; 4 << 20]).unwrap();
    let path = disk.path().join("bus.sqlite");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap();
    runtime.block_on(async {
        let (broker, db) = start(&path).await;
        broker.provision(&[queue("q", QueueSettings::default())]).await.unwrap();
        let mut confirmed = Vec::new();
        let refused = loop {
            let id = format!("m{}", confirmed.len());
            match broker.send(vec![large(&id)]).await.remove(0) {
                Ok(_) => confirmed.push(id),
                Err(error) => break error,
            }
        };
        assert!(!confirmed.is_empty());
        assert!(matches!(&refused, SendError::NotStored(cause) if cause.to_string().contains("full")), "{refused:?}");
        assert!(matches!(broker.health(), Condition::Degraded { .. }));
        assert_eq!(ids(&broker).await, confirmed);

        std::fs::remove_file(&ballast).unwrap();
        assert!(broker.send(vec![large("after")]).await[0].is_ok());
        assert_eq!(broker.health(), Condition::Ready);
        confirmed.push("after".to_owned());
        broker.stop().await;
        db.close().await;

        let (broker, db) = start(&path).await;
        assert_eq!(ids(&broker).await, confirmed);
        broker.stop().await;
        db.close().await;
    });
}

async fn start(path: &Path) -> (Broker, Database) {
    let outside = real_outside(tokio::runtime::Handle::current(), Arc::new(NoHttp));
    let db = Database::open(&Location::File(path.to_owned()), Driver::Thread, &[MIGRATIONS]).unwrap();
    let broker = Broker::start(&outside, db.clone(), BrokerSettings::default()).await.unwrap();
    (broker, db)
}

fn large(id: &str) -> Outgoing {
    Outgoing { body: bytes::Bytes::from(vec![b'x'; 100_000]), ..message(id) }
}

async fn ids(broker: &Broker) -> Vec<String> {
    let found = broker.browse(&active(), 0, 1_000).await.unwrap();
    found.into_iter().map(|message| message.message_id).collect()
}
