//! Connections to a database server: a few at once, kept for the next call only while all goes well.

use std::time::Duration;

use tandem_engine::ports::connector::{Applied, ConnectorError};
use tokio::sync::{Mutex, Semaphore};

/// The idle connections of one table, and how many there may be.
pub(crate) struct Sessions<S> {
    idle: Mutex<Vec<S>>,
    permits: Semaphore,
    call_timeout: Duration,
}

impl<S> Sessions<S> {
    pub(crate) fn new(in_flight: usize, call_timeout: Duration) -> Self {
        Self {
            idle: Mutex::default(),
            permits: Semaphore::new(in_flight.max(1)),
            call_timeout,
        }
    }

    /// Does something with a connection. One that failed, or did not answer in time, is dropped,
    /// and with it whatever its transaction did; `late` is what there is to say of the second.
    pub(crate) async fn with<T>(
        &self,
        alive: impl Fn(&S) -> bool,
        open: impl AsyncFnOnce() -> Result<S, ConnectorError>,
        work: impl AsyncFnOnce(&mut S) -> Result<T, ConnectorError>,
        writes: bool,
        late: impl FnOnce() -> ConnectorError,
    ) -> Result<T, ConnectorError> {
        // The semaphore is never closed.
        let _permit = self.permits.acquire().await.ok();
        let kept = self.idle.lock().await.pop().filter(alive);
        let mut session = match kept {
            Some(session) => session,
            None => open().await?,
        };
        match tokio::time::timeout(self.call_timeout, work(&mut session)).await {
            Ok(Ok(done)) => {
                self.idle.lock().await.push(session);
                Ok(done)
            }
            Ok(Err(error)) => Err(error),
            Err(_) => Err(ConnectorError {
                applied: if writes { Applied::Maybe } else { Applied::No },
                ..late()
            }),
        }
    }
}
