//! The machine's clock.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tandem_engine::failpoints::skipped_time;
use tandem_engine::ports::Clock;

/// The machine's clock. Durations are counted from when it was made.
#[derive(Debug, Clone)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// Begins to count.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the module that provides time"
    )]
    pub fn new() -> Self {
        Self {
            started: Instant::now(),
        }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the module that provides time"
    )]
    fn now(&self) -> DateTime<Utc> {
        Utc::now() + skipped_time()
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed() + skipped_time()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn monotonic_time_never_goes_back() {
        let clock = SystemClock::new();
        let mut last = clock.monotonic();
        for _ in 0..1_000 {
            let now = clock.monotonic();
            assert!(now >= last);
            last = now;
        }
    }
}
