//! The broker's limits, which are also its back-pressure.

use std::time::Duration;

/// How much the broker takes on at once.
#[derive(Debug, Clone)]
pub struct BrokerSettings {
    /// Operations that may wait for the loop; more wait in their callers. Default 1,024.
    pub waiting_max: usize,
    /// Operations written together. Default 512.
    pub write_operations_max: usize,
    /// Bytes of content written together, at which a write takes no further operation. Default 16 MiB.
    pub write_bytes_max: usize,
    /// Bytes of message contents kept in memory, so that what is received soon after it was sent is not read from the
    /// store. Default 64 MiB.
    pub cache_bytes_max: usize,
    /// How long a settlement that its endpoint did not want synced waits for a write to ride in. Default 20 ms.
    pub settle_within: Duration,
    /// After a write has failed, how long nothing is written that no caller waits for. Default 100 ms.
    pub back_off: Duration,
}

impl Default for BrokerSettings {
    fn default() -> Self {
        Self {
            waiting_max: 1_024,
            write_operations_max: 512,
            write_bytes_max: 16 * 1024 * 1024,
            cache_bytes_max: 64 * 1024 * 1024,
            settle_within: Duration::from_millis(20),
            back_off: Duration::from_millis(100),
        }
    }
}
