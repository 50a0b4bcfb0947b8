//! Time and ids come from outside, so that no test sleeps and every run can be replayed.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// The time, and waiting for it to pass.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The wall clock, UTC.
    fn now(&self) -> DateTime<Utc>;
    /// Time since some fixed moment of this process; never goes back. For durations.
    fn monotonic(&self) -> Duration;
    /// Returns once `duration` has passed on this clock.
    async fn sleep(&self, duration: Duration);
}

/// Fresh identifiers.
pub trait Ids: Send + Sync {
    /// A new id, unique and (by time) roughly ascending.
    fn next(&self) -> Uuid;
}
