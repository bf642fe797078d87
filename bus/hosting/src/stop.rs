//! One signal that tells every part of a process to come to its end.

use tokio::sync::watch;

/// Gives the signal. Dropping it gives it too.
#[derive(Debug)]
pub struct StopSource {
    sender: watch::Sender<bool>,
}

/// Hears the signal. Cheap to clone.
#[derive(Debug, Clone)]
pub struct StopSignal {
    receiver: watch::Receiver<bool>,
}

/// A source and its signal.
#[must_use]
pub fn stop_pair() -> (StopSource, StopSignal) {
    let (sender, receiver) = watch::channel(false);
    (StopSource { sender }, StopSignal { receiver })
}

impl StopSource {
    /// Tells everyone who listens; again is fine.
    pub fn stop(&self) {
        self.sender.send_replace(true);
    }
}

impl StopSignal {
    /// Whether the signal was given.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        *self.receiver.borrow() || self.receiver.has_changed().is_err()
    }

    /// Ends when the signal is given.
    pub async fn stopped(&self) {
        let mut receiver = self.receiver.clone();
        // An error means that the source is gone, which is the signal too.
        let _ = receiver.wait_for(|stopped| *stopped).await;
    }
}
