//! How long a run may take: 30 s of active time per started 1,000 records (PR-IC-001), 300 s a job.
//! Past either no new operation starts; begun retry sequences finish, and what is left is for the
//! run that continues this one.
//!
//! Reading is not kept from one job to the next, so a job whose reading alone took its time still
//! writes for a while: each one gets further, however slow the systems are.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::ports::Clock;

const PER_THOUSAND: Duration = Duration::from_secs(30);
const JOB: Duration = Duration::from_secs(300);
/// What a job may write for at the least.
const WRITING: Duration = Duration::from_secs(10);

/// Measures a run's time.
pub struct Budget {
    clock: Arc<dyn Clock>,
    started: Duration,
    measured: Mutex<Measured>,
}

#[derive(Default)]
struct Measured {
    records: u64,
    /// Backoff that is over.
    paused: Duration,
    /// Calls that wait for their next try now, and since when any does.
    waiting: u32,
    waiting_since: Duration,
    /// When the first operation was about to start.
    writing_since: Option<Duration>,
}

impl Measured {
    fn paused(&self, now: Duration) -> Duration {
        if self.waiting == 0 {
            self.paused
        } else {
            self.paused + now.saturating_sub(self.waiting_since)
        }
    }
}

/// While it lives, time is backoff.
pub struct Pause<'a>(&'a Budget);

impl Drop for Pause<'_> {
    fn drop(&mut self) {
        let now = self.0.clock.monotonic();
        let mut measured = self.0.measured();
        let paused = measured.paused(now);
        measured.waiting = measured.waiting.saturating_sub(1);
        measured.paused = paused;
        measured.waiting_since = now;
    }
}

impl Budget {
    /// Starts measuring.
    #[must_use]
    pub fn start(clock: Arc<dyn Clock>) -> Self {
        let started = clock.monotonic();
        Self {
            clock,
            started,
            measured: Mutex::default(),
        }
    }

    /// Backoff does not count as active time. Calls that wait at the same time share it: a second
    /// is taken off once, however many wait through it.
    #[must_use]
    pub fn pause(&self) -> Pause<'_> {
        let now = self.clock.monotonic();
        let mut measured = self.measured();
        if measured.waiting == 0 {
            measured.waiting_since = now;
        }
        measured.waiting += 1;
        Pause(self)
    }

    /// More records to deal with.
    pub fn add_records(&self, records: u64) {
        self.measured().records += records;
    }

    /// Wall time so far.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.clock.monotonic().saturating_sub(self.started)
    }

    /// What is left of the job's time.
    #[must_use]
    pub fn left(&self) -> Duration {
        JOB.saturating_sub(self.elapsed())
    }

    /// Whether no new operation may start. Asked just before one would.
    #[must_use]
    pub fn spent(&self) -> bool {
        let now = self.clock.monotonic();
        let mut measured = self.measured();
        let writing = now.saturating_sub(*measured.writing_since.get_or_insert(now));
        if writing < WRITING {
            return false;
        }
        let elapsed = now.saturating_sub(self.started);
        let active = elapsed.saturating_sub(measured.paused(now));
        let thousands = measured.records.div_ceil(1_000).max(1);
        let allowed = PER_THOUSAND.saturating_mul(u32::try_from(thousands).unwrap_or(u32::MAX));
        elapsed >= JOB || active >= allowed
    }

    fn measured(&self) -> MutexGuard<'_, Measured> {
        self.measured.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;
    use chrono::{DateTime, Utc};

    /// A clock that stands until it is set.
    #[derive(Default)]
    struct Set(Mutex<Duration>);

    #[async_trait]
    impl Clock for Set {
        fn now(&self) -> DateTime<Utc> {
            DateTime::UNIX_EPOCH
        }

        fn monotonic(&self) -> Duration {
            *self.0.lock().unwrap()
        }

        async fn sleep(&self, _: Duration) {}
    }

    #[test]
    fn test_003_time_is_up_after_30_s_per_started_thousand_and_300_s_a_job() {
        // records, writing since, seconds of backoff, now → time is up
        let table = [
            (0, 0, 0, 29, false),
            (0, 0, 0, 30, true),
            (1, 0, 0, 30, true),
            (1_000, 0, 0, 30, true),
            (1_001, 0, 0, 30, false),
            (1_001, 0, 0, 59, false),
            (1_001, 0, 0, 60, true),
            // Backoff is not active time, but it is the job's.
            (1, 0, 7, 36, false),
            (1, 0, 7, 37, true),
            (1, 0, 280, 299, false),
            (1, 0, 280, 300, true),
            (100_000, 0, 0, 299, false),
            (100_000, 0, 0, 300, true),
            // Reading took all of it: ten seconds of writing remain.
            (1, 40, 0, 40, false),
            (1, 40, 0, 49, false),
            (1, 40, 0, 50, true),
            (1_000_000, 900, 0, 909, false),
            (1_000_000, 900, 0, 910, true),
        ];
        let s = Duration::from_secs;
        for (records, writing, backoff, now, want) in table {
            let clock = Arc::new(Set::default());
            let budget = Budget::start(Arc::clone(&clock) as Arc<dyn Clock>);
            budget.add_records(records);
            *clock.0.lock().unwrap() = s(writing);
            assert!(!budget.spent(), "the first operation always starts");
            let pause = budget.pause();
            *clock.0.lock().unwrap() = s(writing + backoff);
            drop(pause);
            *clock.0.lock().unwrap() = s(now);
            assert_eq!(
                budget.spent(),
                want,
                "{records} records, writing since {writing} s, {backoff} s of backoff, {now} s"
            );
        }
    }

    #[test]
    fn seconds_that_several_calls_wait_through_are_taken_off_once() {
        let clock = Arc::new(Set::default());
        let budget = Budget::start(Arc::clone(&clock) as Arc<dyn Clock>);
        let at = |seconds| *clock.0.lock().unwrap() = Duration::from_secs(seconds);
        let first = budget.pause();
        at(2);
        let second = budget.pause();
        at(3);
        drop(first);
        at(5);
        assert_eq!(
            budget.measured().paused(Duration::from_secs(5)),
            Duration::from_secs(5),
            "while one waits still"
        );
        drop(second);
        at(9);
        assert_eq!(
            budget.measured().paused(Duration::from_secs(9)),
            Duration::from_secs(5)
        );
    }
}
