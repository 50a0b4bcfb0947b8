//! How long a run may take: 30 s of active time per started 1,000 records (PR-IC-001), 300 s a job.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::ports::Clock;

const PER_THOUSAND: Duration = Duration::from_secs(30);
const JOB: Duration = Duration::from_secs(300);

/// Measures a run's active time.
pub struct Budget {
    clock: Arc<dyn Clock>,
    started: Duration,
    paused_ms: AtomicU64,
    records: AtomicU64,
}

impl Budget {
    /// Starts measuring.
    #[must_use]
    pub fn start(clock: Arc<dyn Clock>) -> Self {
        let started = clock.monotonic();
        Self {
            clock,
            started,
            paused_ms: AtomicU64::new(0),
            records: AtomicU64::new(0),
        }
    }

    /// Backoff does not count as active time.
    pub fn pause(&self, wait: Duration) {
        self.paused_ms.fetch_add(
            u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
            Ordering::Relaxed,
        );
    }

    /// More records to deal with.
    pub fn add_records(&self, records: u64) {
        self.records.fetch_add(records, Ordering::Relaxed);
    }

    /// Wall time so far.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.clock.monotonic().saturating_sub(self.started)
    }

    /// Whether no new operation may start.
    #[must_use]
    pub fn spent(&self) -> bool {
        let elapsed = self.elapsed();
        let active = elapsed.saturating_sub(Duration::from_millis(
            self.paused_ms.load(Ordering::Relaxed),
        ));
        let thousands = self.records.load(Ordering::Relaxed).div_ceil(1_000).max(1);
        elapsed >= JOB
            || active >= PER_THOUSAND.saturating_mul(u32::try_from(thousands).unwrap_or(u32::MAX))
    }
}
