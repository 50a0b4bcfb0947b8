//! What others tell a running run: stop, for an admin asked; stop, for another run took over.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// Raised once, seen by everything the run does, waits between retries included.
#[derive(Default)]
pub struct Signals {
    cancelled: AtomicBool,
    lost: AtomicBool,
    ending: AtomicBool,
    raised: Notify,
}

impl Signals {
    /// An admin asked to stop.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::SeqCst);
        self.raised.notify_waiters();
    }

    /// Another run took over.
    pub fn lose(&self) {
        self.lost.store(true, Ordering::SeqCst);
        self.raised.notify_waiters();
    }

    /// Something keeps the run from going on: what is under way is finished, nothing more is begun.
    pub fn end(&self) {
        self.ending.store(true, Ordering::SeqCst);
    }

    /// Whether nothing more is to be begun.
    #[must_use]
    pub fn is_ending(&self) -> bool {
        self.ending.load(Ordering::SeqCst)
    }

    /// Whether the lease is gone.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.lost.load(Ordering::SeqCst)
    }

    /// Whether an admin asked to stop.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::SeqCst)
    }

    /// Whether to stop, for whatever reason.
    #[must_use]
    pub fn is_raised(&self) -> bool {
        self.is_lost() || self.is_cancelled()
    }

    /// Returns once there is a reason to stop.
    pub async fn raised(&self) {
        loop {
            // Listening begins before looking: a signal in between is not missed.
            let raised = self.raised.notified();
            if self.is_raised() {
                return;
            }
            raised.await;
        }
    }
}
