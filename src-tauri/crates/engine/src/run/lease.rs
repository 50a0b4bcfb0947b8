//! Whether this run is still the one that may write: its lease is renewed in the background, and
//! looked at before each send. A process that stood still for longer than the lease lasts (suspended,
//! swapped out) asks the store first, since another one may have taken over meanwhile.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::session::SharedSession;
use super::signals::Signals;
use crate::ports::session::Renewal;
use crate::ports::{Clock, StoreError};

/// How often a lease is renewed.
const RENEW_EVERY: Duration = Duration::from_secs(15);
/// How long a lease lasts for certain after it was renewed.
const LASTS: Duration = Duration::from_secs(60);

/// One run's lease, shared by everything it does.
pub struct Lease {
    session: SharedSession,
    clock: Arc<dyn Clock>,
    signals: Arc<Signals>,
    /// When it was last renewed, on the monotonic clock.
    renewed: Mutex<Duration>,
}

impl Lease {
    /// A lease taken at `since` on the monotonic clock.
    pub(super) fn new(
        session: SharedSession,
        clock: Arc<dyn Clock>,
        signals: Arc<Signals>,
        since: Duration,
    ) -> Self {
        Self {
            session,
            clock,
            signals,
            renewed: Mutex::new(since),
        }
    }

    /// Renews it and learns what others ask of this run.
    pub(super) async fn renew(&self) -> Result<(), StoreError> {
        // Counted from before the store was asked: it may have taken a while to answer.
        let (since, now) = (self.clock.monotonic(), self.clock.now());
        match self.session.with(move |session| session.touch(now)).await {
            Ok(renewal) => {
                *self.renewed.lock().unwrap_or_else(PoisonError::into_inner) = since;
                if renewal == Renewal::CancelRequested {
                    self.signals.cancel();
                }
                Ok(())
            }
            Err(error) => {
                if matches!(error, StoreError::LeaseLost) {
                    self.signals.lose();
                }
                Err(error)
            }
        }
    }

    /// Whether something may be sent now.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] once another run took over; what the store says where that cannot
    /// be told.
    pub async fn holds(&self) -> Result<(), StoreError> {
        #[cfg(feature = "planted-bugs")]
        if tandem_domain::planted::is(tandem_domain::planted::Bug::LeaseNotLookedAt) {
            return Ok(());
        }
        let renewed = *self.renewed.lock().unwrap_or_else(PoisonError::into_inner);
        if self.clock.monotonic().saturating_sub(renewed) < LASTS {
            Ok(())
        } else {
            self.renew().await
        }
    }

    /// Renews it in the background until it is lost.
    pub(super) fn keep(self: &Arc<Self>) -> tokio::task::AbortHandle {
        let lease = Arc::clone(self);
        tokio::spawn(async move {
            loop {
                lease.clock.sleep(RENEW_EVERY).await;
                match lease.renew().await {
                    Ok(()) => {}
                    Err(StoreError::LeaseLost) => return,
                    Err(error) => {
                        tracing::warn!(%error, "the lease could not be renewed; trying again");
                    }
                }
            }
        })
        .abort_handle()
    }
}
