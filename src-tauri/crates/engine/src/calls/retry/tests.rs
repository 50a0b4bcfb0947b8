//! TEST-003: what is retried, when, and how often, as tables.

use chrono::TimeDelta;

use super::*;
use crate::ports::connector::ErrorClass;

const S: fn(u64) -> Duration = Duration::from_secs;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn failure(retry_after: Option<Duration>) -> RetryableError {
    RetryableError::new(ConnectorError {
        retry_after,
        ..ConnectorError::new(ErrorClass::Transient, "503")
    })
    .unwrap()
}

#[test]
fn test_003_which_classes_are_retryable() {
    use ErrorClass as C;
    let table = [
        // Refused, reset, no route.
        (C::Connect, true),
        (C::Timeout, true),
        // 429.
        (C::RateLimited, true),
        // 408, 425, 500, 502, 503, 504, SQLITE_BUSY, serialization failures.
        (C::Transient, true),
        (C::Authentication, false),
        (C::Forbidden, false),
        (C::Tls, false),
        // Other 4xx, 409, 412, validation.
        (C::Rejected, false),
        (C::Protocol, false),
        // Mapping.
        (C::Configuration, false),
    ];
    for (class, want) in table {
        let error = RetryableError::new(ConnectorError::new(class, "x"));
        assert_eq!(error.is_ok(), want, "{class:?}");
    }
}

#[test]
fn test_003_waits_are_one_two_four_seconds_or_what_the_system_asks_for() {
    let policy = RetryPolicy::default();
    let later = |seconds| {
        Err(GiveUp::Later {
            until: now() + TimeDelta::seconds(seconds),
        })
    };
    // retries so far, Retry-After, left of the job → wait
    let table = [
        (0, None, 300, Ok(S(1))),
        (1, None, 300, Ok(S(2))),
        (2, None, 300, Ok(S(4))),
        (3, None, 300, Err(GiveUp::Exhausted)),
        (3, Some(1), 300, Err(GiveUp::Exhausted)),
        // The longer of the two.
        (0, Some(0), 300, Ok(S(1))),
        (2, Some(1), 300, Ok(S(4))),
        (0, Some(30), 300, Ok(S(30))),
        // Up to the cap.
        (0, Some(60), 300, Ok(S(60))),
        (0, Some(61), 300, later(61)),
        (2, Some(86_400), 300, later(86_400)),
        // Nobody is left alone for longer than a day.
        (0, Some(u64::MAX), 300, later(86_400)),
        // Up to the deadline.
        (0, Some(30), 30, Ok(S(30))),
        (0, Some(30), 29, later(30)),
        // A begun sequence finishes.
        (0, None, 0, Ok(S(1))),
        (2, Some(3), 0, Ok(S(4))),
    ];
    for (retries, after, left, want) in table {
        assert_eq!(
            policy.next_wait(&failure(after.map(S)), retries, S(left), now()),
            want,
            "retries {retries}, Retry-After {after:?}, {left} s left"
        );
    }
}

#[test]
fn test_003_retries_are_a_fifth_of_calls_at_most_after_the_first_fifty() {
    // calls sent and retries taken before → one more?
    let table = [
        (1, 0, true),
        (50, 50, true),
        (51, 10, false),
        (51, 9, true),
        (100, 19, true),
        (100, 20, false),
        (1_000, 199, true),
        (1_000, 200, false),
    ];
    for (calls, retries, want) in table {
        let budget = RetryBudget(Mutex::new(Tally { calls, retries }));
        assert_eq!(budget.take(), want, "{calls} calls, {retries} retries");
        assert_eq!(budget.retries(), retries + u64::from(want));
    }
}

#[test]
fn test_003_an_outage_of_a_long_run_is_not_hammered() {
    let budget = RetryBudget::default();
    for _ in 0..200 {
        budget.sent();
    }
    // From here on every call fails, and is retried as long as it may be.
    let mut sent = 200_u64;
    for _ in 0..500 {
        budget.sent();
        sent += 1;
        while budget.take() {
            budget.sent();
            sent += 1;
        }
        assert!(
            budget.retries() * 5 <= sent,
            "{} of {sent}",
            budget.retries()
        );
    }
}
