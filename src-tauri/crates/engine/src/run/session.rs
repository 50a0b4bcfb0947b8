//! The run's store session, shared by its phases. Each call runs on a blocking thread: a session
//! method is one short transaction, and no `.await` can occur within it.

use std::sync::{Arc, Mutex};

use crate::ports::{RunSession, StoreError};

/// Runs a store call on a blocking thread.
pub async fn blocking<T: Send + 'static>(
    call: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(call).await {
        Ok(result) => result,
        Err(join) => Err(StoreError::Other(format!(
            "a store call ended abnormally: {join}"
        ))),
    }
}

/// A session that several tasks may use, one call at a time.
#[derive(Clone)]
pub(super) struct SharedSession(Arc<Mutex<Option<Box<dyn RunSession>>>>);

impl SharedSession {
    /// Shares a session.
    #[must_use]
    pub(super) fn new(session: Box<dyn RunSession>) -> Self {
        Self(Arc::new(Mutex::new(Some(session))))
    }

    /// Makes one call.
    pub(super) async fn with<T: Send + 'static>(
        &self,
        call: impl FnOnce(&mut dyn RunSession) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.with_prepared(|| (), |session, ()| call(session)).await
    }

    /// The same, with work of its own first that other calls need not wait for.
    pub(super) async fn with_prepared<P, T: Send + 'static>(
        &self,
        prepare: impl FnOnce() -> P + Send + 'static,
        call: impl FnOnce(&mut dyn RunSession, P) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let shared = Arc::clone(&self.0);
        blocking(move || {
            let prepared = prepare();
            let mut guard = shared
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            guard
                .as_mut()
                .map_or(Err(StoreError::LeaseLost), |session| {
                    call(session.as_mut(), prepared)
                })
        })
        .await
    }

    /// Takes the session out, to finish it; later calls answer [`StoreError::LeaseLost`].
    #[must_use]
    pub(super) fn take(&self) -> Option<Box<dyn RunSession>> {
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .take()
    }
}
