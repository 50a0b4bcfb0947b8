//! Time for tests: Tokio's paused clock under a wall clock that tests may move. Nothing sleeps.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use tandem_engine::ports::{Clock, Ids};
use uuid::Uuid;

/// The wall clock of a test: starts at a fixed moment, moves with Tokio's clock and when told to.
pub struct TestClock {
    started: tokio::time::Instant,
    moved: Mutex<TimeDelta>,
}

impl TestClock {
    /// Noon on 1 September 2026, UTC.
    #[must_use]
    pub fn new() -> Self {
        Self {
            started: tokio::time::Instant::now(),
            moved: Mutex::new(TimeDelta::zero()),
        }
    }

    /// Moves the wall clock.
    pub fn advance(&self, by: TimeDelta) {
        *self
            .moved
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner) += by;
    }

    fn start() -> DateTime<Utc> {
        DateTime::from_timestamp(1_788_264_000, 0).unwrap_or_default()
    }
}

impl Default for TestClock {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        let moved = *self
            .moved
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        Self::start() + TimeDelta::from_std(self.started.elapsed()).unwrap_or_default() + moved
    }

    fn monotonic(&self) -> Duration {
        let moved = *self
            .moved
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        self.started.elapsed() + moved.to_std().unwrap_or_default()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// Ids in order, the same in every test run.
#[derive(Default)]
pub struct TestIds(AtomicU64);

impl TestIds {
    /// Ids that no other source of them gives, as long as that gave fewer than `first`.
    #[must_use]
    pub fn starting_at(first: u64) -> Self {
        Self(AtomicU64::new(first))
    }
}

impl Ids for TestIds {
    fn next(&self) -> Uuid {
        Uuid::from_u128(
            0x0190_0000_0000_7000_8000_0000_0000_0000
                + u128::from(self.0.fetch_add(1, Ordering::Relaxed))
                + 1,
        )
    }
}
