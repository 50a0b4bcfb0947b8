//! A clock that stands still, and secrets from a list.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tandem_engine::ports::{Clock, Secret, SecretError, Secrets};

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
}
