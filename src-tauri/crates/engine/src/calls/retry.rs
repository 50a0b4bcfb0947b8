//! When to try again, and after how long (CON-002, TASK-021): at most three retries, 1, 2 and 4 s
//! after the failure, or later where the system asks for it; and not at all where too many calls
//! were retries already.

use std::sync::Mutex;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::ports::connector::ConnectorError;

/// A failure that the same call may not meet later. Only such a one can be asked when to try again.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct RetryableError(ConnectorError);

impl RetryableError {
    /// The failure, if trying again can help: see [`ConnectorError::is_retryable`].
    ///
    /// # Errors
    /// The failure itself where it would only come again.
    pub fn new(error: ConnectorError) -> Result<Self, ConnectorError> {
        if error.is_retryable() {
            Ok(Self(error))
        } else {
            Err(error)
        }
    }

    /// What happened.
    #[must_use]
    pub const fn error(&self) -> &ConnectorError {
        &self.0
    }

    /// What happened, to keep.
    #[must_use]
    pub fn into_error(self) -> ConnectorError {
        self.0
    }
}

/// The waits before each retry and the longest that is waited within a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Wait before the first, second, third retry.
    pub waits: Vec<Duration>,
    /// The longest `Retry-After` that is honoured within a run.
    pub retry_after_cap: Duration,
    /// The longest a run's rest is put off; a system that asks for more is asked again then.
    pub later_cap: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            waits: [1, 2, 4].map(Duration::from_secs).to_vec(),
            retry_after_cap: Duration::from_secs(60),
            later_cap: Duration::from_hours(24),
        }
    }
}

/// Why a failed call is not tried again though it might succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum GiveUp {
    /// All retries are used up.
    #[error("all retries failed")]
    Exhausted,
    /// The system asks to wait for longer than this run may: the rest is done then.
    #[error("the system asks to be left alone until {until}, longer than this run may wait")]
    Later {
        /// When it may be called again.
        until: DateTime<Utc>,
    },
    /// Too many calls of this run were retries already.
    #[error("too many calls of this run were retries already")]
    Budget,
    /// The circuit did not let the next try through: open by then, or shut by an admin.
    #[error("the circuit did not let the next try through")]
    Barred,
    /// The probe that was to close the circuit failed.
    #[error("the probe of an open circuit failed")]
    ProbeFailed,
    /// The run was cancelled or lost its lease before the next try.
    #[error("the run was stopped before the next try")]
    Stopped,
}

impl RetryPolicy {
    /// The wait before retry number `retries + 1`, or why there is none. `left` is the job's time:
    /// what the system asks for must fit in; our own waits need not, a begun sequence is finished.
    ///
    /// # Errors
    /// Why there is no further retry.
    pub fn next_wait(
        &self,
        error: &RetryableError,
        retries: u32,
        left: Duration,
        now: DateTime<Utc>,
    ) -> Result<Duration, GiveUp> {
        let Some(&wait) = self.waits.get(retries as usize) else {
            return Err(GiveUp::Exhausted);
        };
        let asked = error.error().retry_after.unwrap_or_default();
        if asked <= wait {
            return Ok(wait);
        }
        if asked > self.retry_after_cap || asked > left {
            return Err(GiveUp::Later {
                until: now + asked.min(self.later_cap),
            });
        }
        Ok(asked)
    }
}

/// Keeps the retries of one connection's calls in one run within a fifth of all calls once there
/// were fifty, so that an outage is not hammered.
#[derive(Debug, Default)]
pub struct RetryBudget(Mutex<Tally>);

#[derive(Debug, Default, Clone, Copy)]
struct Tally {
    calls: u64,
    retries: u64,
}

impl RetryBudget {
    const FLOOR: u64 = 50;
    const ONE_IN: u64 = 5;

    /// A call is sent.
    pub fn sent(&self) {
        self.tally(|tally| tally.calls += 1);
    }

    /// Takes one retry, if there is one left. Taken when it is decided on, not when it is sent: calls
    /// that wait at the same time must not all count on the same one.
    #[must_use]
    pub fn take(&self) -> bool {
        self.tally(|tally| {
            let left = tally.calls <= Self::FLOOR || tally.retries < tally.calls / Self::ONE_IN;
            tally.retries += u64::from(left);
            left
        })
    }

    /// Retries taken so far.
    #[must_use]
    pub fn retries(&self) -> u64 {
        self.tally(|tally| tally.retries)
    }

    fn tally<T>(&self, work: impl FnOnce(&mut Tally) -> T) -> T {
        work(
            &mut self
                .0
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner),
        )
    }
}

#[cfg(test)]
mod tests;
