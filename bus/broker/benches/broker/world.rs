//! A broker on a file, with the runtime that its clients run on.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use broker::{Broker, BrokerSettings, EntityDeclaration, MIGRATIONS, QueueSettings};
use hosting::{BoxFuture, HttpClient, HttpError, real_outside};
use storage::{Database, Driver, Location};
use tokio::runtime::Runtime;

pub(crate) const QUEUE: &str = "q";

pub(crate) struct World {
    pub(crate) runtime: Runtime,
    pub(crate) broker: Broker,
    pub(crate) db: Database,
}

impl World {
    pub(crate) fn open(folder: &Path, name: &str) -> Self {
        Self::open_file(folder.join(format!("{name}.sqlite")))
    }

    pub(crate) fn open_file(path: PathBuf) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_time().build().unwrap();
        let outside = real_outside(runtime.handle().clone(), Arc::new(NoHttp));
        let db = Database::open(&Location::File(path), Driver::Thread, &[MIGRATIONS]).unwrap();
        let broker = runtime.block_on(async {
            let broker = Broker::start(&outside, db.clone(), BrokerSettings::default()).await.unwrap();
            let settings = QueueSettings { bytes_max: 1 << 40, lock: Duration::from_secs(300), ..QueueSettings::default() };
            broker.provision(&[EntityDeclaration::Queue { name: QUEUE.to_owned(), settings }]).await.unwrap();
            broker
        });
        Self { runtime, broker, db }
    }

    pub(crate) fn active(&self) -> u64 {
        self.runtime.block_on(self.broker.counts(QUEUE)).unwrap().active
    }

    pub(crate) fn close(self) {
        self.runtime.block_on(async {
            self.broker.stop().await;
            self.db.close().await;
        });
    }
}

/// No broker asks another process.
struct NoHttp;

impl HttpClient for NoHttp {
    fn send(&self, _: http::Request<bytes::Bytes>, _: Duration) -> BoxFuture<'_, Result<http::Response<bytes::Bytes>, HttpError>> {
        Box::pin(async { Err(HttpError::NotSent) })
    }
}
