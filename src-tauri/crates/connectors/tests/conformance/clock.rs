//! A clock that stands still, and secrets from a list.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use tandem_engine::ports::{
    Clock, ConnectorError, Hold, Secret, SecretError, Secrets, WritableConnector,
};

/// What this clock shows, always.
pub(crate) const NOW: &str = "2026-03-01T10:00:00Z";

pub(crate) struct StoppedClock;

pub(crate) fn clock() -> Arc<dyn Clock> {
    Arc::new(StoppedClock)
}

#[async_trait]
impl Clock for StoppedClock {
    fn now(&self) -> DateTime<Utc> {
        NOW.parse().unwrap()
    }

    fn monotonic(&self) -> Duration {
        Duration::from_secs(7)
    }

    async fn sleep(&self, _: Duration) {}
}

/// A clock that is moved by hand. Waiting on it takes no time of its own, but gives a real server
/// some of ours.
pub(crate) struct HandClock(Mutex<DateTime<Utc>>);

impl HandClock {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(NOW.parse().unwrap())))
    }

    pub(crate) fn advance(&self, seconds: i64) {
        *self.0.lock().unwrap() += TimeDelta::seconds(seconds);
    }
}

#[async_trait]
impl Clock for HandClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }

    fn monotonic(&self) -> Duration {
        Duration::from_secs(7)
    }

    async fn sleep(&self, _: Duration) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// [`tandem_connectors::build`] with secrets from a list.
pub(crate) fn build(
    kind: &str,
    settings: &serde_json::Value,
    collection: &str,
    secrets: &ListedSecrets,
    clock: Arc<dyn Clock>,
) -> Result<Arc<dyn WritableConnector>, ConnectorError> {
    tandem_connectors::build(kind, settings, collection, Arc::new(*secrets), clock)
}

#[derive(Clone, Copy)]
pub(crate) struct ListedSecrets(pub(crate) &'static [(&'static str, &'static str)]);

impl Secrets for ListedSecrets {
    fn get(&self, reference: &str) -> Result<Secret, SecretError> {
        self.0
            .iter()
            .find(|(name, _)| *name == reference)
            .map(|(_, value)| Secret::new((*value).to_owned()))
            .ok_or_else(|| SecretError::Missing {
                name: reference.to_owned(),
                provide: "…".into(),
            })
    }

    fn replace(&self, reference: &str, _: &Secret) -> Result<(), SecretError> {
        Err(SecretError::Missing {
            name: reference.to_owned(),
            provide: "…".into(),
        })
    }

    fn hold(&self, _: &str) -> Result<Option<Hold>, SecretError> {
        Ok(None)
    }
}
