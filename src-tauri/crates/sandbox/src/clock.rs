//! The time the sample systems believe in: the machine's, or one that a test moves by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, SecondsFormat, Utc};

/// A source of milliseconds since 1970 (UTC), shared by all its clones.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    Machine,
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's own clock.
    #[must_use]
    pub fn machine() -> Self {
        Self(Source::Machine)
    }

    /// A clock that stands at `now_ms` until [`Clock::advance`] or [`Clock::set`] moves it.
    #[must_use]
    pub fn manual(now_ms: i64) -> Self {
        Self(Source::Manual(Arc::new(AtomicI64::new(now_ms))))
    }

    /// Milliseconds since 1970, UTC.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        match &self.0 {
            Source::Machine => machine_now_ms(),
            Source::Manual(now) => now.load(Ordering::SeqCst),
        }
    }

    /// Moves a manual clock forward; the machine's clock is left alone.
    pub fn advance(&self, by_ms: i64) {
        if let Source::Manual(now) = &self.0 {
            now.fetch_add(by_ms, Ordering::SeqCst);
        }
    }

    /// Sets a manual clock; the machine's clock is left alone.
    pub fn set(&self, now_ms: i64) {
        if let Source::Manual(now) = &self.0 {
            now.store(now_ms, Ordering::SeqCst);
        }
    }

    /// The manual time, or `None` on the machine's clock.
    pub(crate) fn fixed_ms(&self) -> Option<i64> {
        match &self.0 {
            Source::Machine => None,
            Source::Manual(now) => Some(now.load(Ordering::SeqCst)),
        }
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::machine()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a sample system stands for a foreign machine with a clock of its own"
)]
fn machine_now_ms() -> i64 {
    Utc::now().timestamp_millis()
}

/// `2026-03-01T10:00:00.123Z`.
pub(crate) fn iso_ms(ms: i64) -> String {
    instant(ms).to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// The form of the HTTP `Date` header: `Sun, 01 Mar 2026 10:00:00 GMT`.
pub(crate) fn http_date(ms: i64) -> String {
    instant(ms).format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Reads RFC 3339 with any offset.
pub(crate) fn parse_ms(text: &str) -> Option<i64> {
    DateTime::parse_from_rfc3339(text)
        .ok()
        .map(|t| t.timestamp_millis())
}

fn instant(ms: i64) -> DateTime<Utc> {
    // Out of chrono's range (year 262,000) only by a caller's mistake; 1970 then shows it.
    DateTime::from_timestamp_millis(ms).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_and_read() {
        let ms = 1_772_359_200_123;
        assert_eq!(iso_ms(ms), "2026-03-01T10:00:00.123Z");
        assert_eq!(http_date(ms), "Sun, 01 Mar 2026 10:00:00 GMT");
        for text in ["2026-03-01T10:00:00.123Z", "2026-03-01T12:00:00.123+02:00"] {
            assert_eq!(parse_ms(text), Some(ms), "{text}");
        }
        assert_eq!(parse_ms("yesterday"), None);
    }

    #[test]
    fn a_manual_clock_moves_only_when_told() {
        let clock = Clock::manual(1_000);
        clock.clone().advance(50);
        assert_eq!(clock.now_ms(), 1_050);
        clock.set(7);
        assert_eq!(clock.now_ms(), 7);
    }
}
