//! When to try again, and after how long (CON-002: at most three retries, after 1, 2 and 4 s).

use std::time::Duration;

/// The waits before each retry and the limits on retrying at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Wait before the first, second, third retry.
    pub waits: Vec<Duration>,
    /// The longest `Retry-After` that is honoured within a run.
    pub retry_after_cap: Duration,
    /// Calls that are exempt from the budget.
    pub budget_floor: u64,
    /// Of the calls beyond that, one retry for every so many.
    pub budget_divisor: u64,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            waits: [1, 2, 4].map(Duration::from_secs).to_vec(),
            retry_after_cap: Duration::from_secs(60),
            budget_floor: 50,
            budget_divisor: 5,
        }
    }
}

/// Why a retryable failure is not tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GiveUp {
    /// All retries are used up.
    Exhausted,
    /// The system asked to wait longer than a run may.
    RetryAfterTooLong,
    /// Too many calls of this run were retries already.
    Budget,
}

impl RetryPolicy {
    /// The wait before retry number `retries + 1`, or why there is none.
    ///
    /// `calls` and `retried` count this connection's calls and retries in this run.
    pub fn next_wait(
        &self,
        retries: usize,
        retry_after: Option<Duration>,
        calls: u64,
        retried: u64,
    ) -> Result<Duration, GiveUp> {
        let Some(&wait) = self.waits.get(retries) else {
            return Err(GiveUp::Exhausted);
        };
        if retry_after.is_some_and(|asked| asked > self.retry_after_cap) {
            return Err(GiveUp::RetryAfterTooLong);
        }
        if calls > self.budget_floor && retried >= calls / self.budget_divisor {
            return Err(GiveUp::Budget);
        }
        Ok(retry_after.map_or(wait, |asked| asked.max(wait)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: fn(u64) -> Duration = Duration::from_secs;

    #[test]
    fn test_003_waits_are_one_two_four_seconds_and_bounded() {
        let policy = RetryPolicy::default();
        // retries so far, Retry-After, calls, retried → wait
        let table = [
            (0, None, 1, 0, Ok(S(1))),
            (1, None, 2, 1, Ok(S(2))),
            (2, None, 3, 2, Ok(S(4))),
            (3, None, 4, 3, Err(GiveUp::Exhausted)),
            (0, Some(S(30)), 1, 0, Ok(S(30))),
            (2, Some(S(1)), 1, 0, Ok(S(4))),
            (0, Some(S(60)), 1, 0, Ok(S(60))),
            (0, Some(S(61)), 1, 0, Err(GiveUp::RetryAfterTooLong)),
            (0, None, 50, 50, Ok(S(1))),
            (0, None, 51, 10, Err(GiveUp::Budget)),
            (0, None, 100, 19, Ok(S(1))),
            (0, None, 100, 20, Err(GiveUp::Budget)),
        ];
        for (retries, after, calls, retried, want) in table {
            assert_eq!(
                policy.next_wait(retries, after, calls, retried),
                want,
                "retries {retries}, Retry-After {after:?}, calls {calls}, retried {retried}"
            );
        }
    }
}
