//! When a sync runs by itself: a cron pattern of five fields, in a time zone.
//!
//! `0 3 * * *` is every day at 03:00 UTC, `CRON_TZ=Europe/Berlin 0 3 * * *` at 03:00 there. A time
//! that a clock change skips runs once, right after the gap; one that comes twice runs the first
//! time only. Patterns with a wildcard hour or minute follow the clock on the wall through both.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};

use crate::ids::SyncId;

/// What begins a text that names its time zone.
const ZONE: &str = "CRON_TZ=";
/// A start is never further from its time than this.
const MOST_JITTER: TimeDelta = TimeDelta::minutes(1);

/// A schedule that can be followed.
#[derive(Debug, Clone)]
pub struct Schedule {
    cron: Cron,
    zone: Tz,
}

/// Why a text is no schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// Not a cron pattern of five fields.
    #[error("{text:?} is no cron pattern: {why}")]
    Pattern {
        /// What stands there.
        text: String,
        /// What is wrong with it.
        why: String,
    },
    /// Not a time zone.
    #[error("there is no time zone {0:?}")]
    Zone(String),
    /// A pattern that no day fulfils, like 30 February.
    #[error("{0:?} never comes")]
    Never(String),
}

impl Schedule {
    /// Reads a schedule. `now` is needed to see whether it ever comes.
    ///
    /// # Errors
    /// [`ScheduleError`].
    pub fn parse(text: &str, now: DateTime<Utc>) -> Result<Self, ScheduleError> {
        let schedule = Self::read(text)?;
        match schedule.next_after(now) {
            Some(_) => Ok(schedule),
            None => Err(ScheduleError::Never(text.to_owned())),
        }
    }

    /// Reads a schedule, whether it ever comes or not.
    ///
    /// # Errors
    /// [`ScheduleError::Pattern`], [`ScheduleError::Zone`].
    pub fn read(text: &str) -> Result<Self, ScheduleError> {
        let (zone, pattern) = match text.trim().strip_prefix(ZONE) {
            None => (Tz::UTC, text.trim()),
            Some(rest) => {
                let (zone, pattern) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
                let known = zone
                    .parse()
                    .map_err(|_| ScheduleError::Zone(zone.to_owned()))?;
                (known, pattern.trim())
            }
        };
        let parser = CronParser::builder()
            .seconds(Seconds::Disallowed)
            .year(Year::Disallowed)
            .build();
        let cron = parser
            .parse(pattern)
            .map_err(|error| ScheduleError::Pattern {
                text: text.to_owned(),
                why: error.to_string(),
            })?;
        Ok(Self { cron, zone })
    }

    /// The first time after `after`; `None` if there is none within what can be searched.
    #[must_use]
    pub fn next_after(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let after = after.with_timezone(&self.zone);
        let next = self.cron.find_next_occurrence(&after, false).ok()?;
        Some(next.with_timezone(&Utc))
    }

    /// The next `count` times after `after`; fewer where there are fewer.
    #[must_use]
    pub fn following(&self, after: DateTime<Utc>, count: usize) -> Vec<DateTime<Utc>> {
        std::iter::successors(self.next_after(after), |at| self.next_after(*at))
            .take(count)
            .collect()
    }

    /// The time zone it is meant in, by its IANA name.
    #[must_use]
    pub fn zone(&self) -> &'static str {
        self.zone.name()
    }

    /// How far from `at` a start may be: a tenth of the time until the one after, a minute at most.
    #[must_use]
    pub fn jitter(&self, at: DateTime<Utc>) -> TimeDelta {
        self.next_after(at)
            .map_or(MOST_JITTER, |next| ((next - at) / 10).min(MOST_JITTER))
    }

    /// When the run of time `at` is really started: moved by a fixed share of its jitter, so that
    /// syncs of one pattern do not start all at once, and every process arrives at the same moment.
    #[must_use]
    pub fn start_of(&self, sync: SyncId, at: DateTime<Utc>) -> DateTime<Utc> {
        let mut drawn = sync.0.as_bytes().to_vec();
        drawn.extend_from_slice(&at.timestamp().to_be_bytes());
        // −1000 to 1000 thousandths.
        let share = xxhash_rust::xxh3::xxh3_64(&drawn) % 2001;
        let share = i32::try_from(share).unwrap_or(1000) - 1000;
        at + self.jitter(at) * share / 1000
    }

    /// The time that is to be followed next, when the last start was at `last`.
    #[must_use]
    pub fn due_after(&self, last: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let at = self.next_after(last)?;
        // Started early: that was this one.
        if at - last <= self.jitter(at) {
            return self.next_after(at);
        }
        Some(at)
    }
}
