//! For how long history is kept, and what removing it took away.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use tandem_domain::ids::{RecordId, Side, SyncId};

/// How long an admin wants things kept. What is not set is kept for good.
///
/// Whatever a run still needs is kept however old it is: links with what both sides agreed on, what
/// is owed, open conflicts, decisions not carried out, records set aside, journals not settled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Retention {
    history_days: Option<u32>,
    audit_days: Option<u32>,
}

/// A number of days that cannot be kept to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{member} cannot be {given}; it is {least} to {most} days")]
pub struct NotDays {
    /// `history_days` or `audit_days`.
    pub member: &'static str,
    /// What was asked for.
    pub given: u32,
    /// At least so many.
    pub least: u32,
    /// At most so many.
    pub most: u32,
}

impl Retention {
    /// A week: the guard adds up a day's deletes from the journal, and a run is taken back, if ever,
    /// in the days after it.
    pub const LEAST_HISTORY: u32 = 7;
    /// A month: who did what is asked for later than what a run wrote.
    pub const LEAST_AUDIT: u32 = 30;
    /// A century.
    pub const MOST: u32 = 36_500;

    /// `history_days`: journals, snapshots, errors, settled conflicts and told alerts.
    /// `audit_days`: the bodies of audit rows; that there was one, by whom and when, stays.
    ///
    /// # Errors
    /// [`NotDays`] for a time too short or too long.
    pub const fn new(history_days: Option<u32>, audit_days: Option<u32>) -> Result<Self, NotDays> {
        if let Some(given) = history_days
            && (given < Self::LEAST_HISTORY || given > Self::MOST)
        {
            return Err(NotDays {
                member: "history_days",
                given,
                least: Self::LEAST_HISTORY,
                most: Self::MOST,
            });
        }
        if let Some(given) = audit_days
            && (given < Self::LEAST_AUDIT || given > Self::MOST)
        {
            return Err(NotDays {
                member: "audit_days",
                given,
                least: Self::LEAST_AUDIT,
                most: Self::MOST,
            });
        }
        Ok(Self {
            history_days,
            audit_days,
        })
    }

    /// For how many days a run's details are kept; `None`: for good.
    #[must_use]
    pub const fn history_days(&self) -> Option<u32> {
        self.history_days
    }

    /// For how many days the bodies of audit rows are kept; `None`: for good.
    #[must_use]
    pub const fn audit_days(&self) -> Option<u32> {
        self.audit_days
    }

    /// What ended before then goes; `None` where a time so long ago cannot be told.
    #[must_use]
    pub fn before(days: u32, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        now.checked_sub_signed(TimeDelta::days(i64::from(days)))
    }
}

/// When a run's details went, and by which retention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DetailsRemoved {
    /// When.
    pub at: DateTime<Utc>,
    /// Kept for so many days.
    pub kept_days: u32,
}

/// What one step of removing took away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pruned {
    /// Runs whose details went (counted when the last of them did).
    pub runs: u64,
    /// Journal rows.
    pub changes: u64,
    /// Errors.
    pub errors: u64,
    /// Conflicts that were settled.
    pub conflicts: u64,
    /// Alerts that no channel tells any more.
    pub alerts: u64,
    /// Audit rows that lost their body.
    pub audit: u64,
    /// There is more to remove.
    pub more: bool,
}

impl Pruned {
    /// Both together; `more` is the later step's.
    #[must_use]
    pub const fn and(self, later: Self) -> Self {
        Self {
            runs: self.runs + later.runs,
            changes: self.changes + later.changes,
            errors: self.errors + later.errors,
            conflicts: self.conflicts + later.conflicts,
            alerts: self.alerts + later.alerts,
            audit: self.audit + later.audit,
            more: later.more,
        }
    }

    /// Rows touched.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.runs + self.changes + self.errors + self.conflicts + self.alerts + self.audit
    }
}

/// A record to forget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// In which configuration.
    pub sync: SyncId,
    /// On which side.
    pub side: Side,
    /// Its id there.
    pub record: RecordId,
}

/// Where a record was forgotten.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erased {
    /// It had a link, which keeps its ids alone.
    pub link: bool,
    /// Journal rows that lost what they wrote.
    pub changes: u64,
    /// Runs whose snapshots showed it.
    pub snapshots: u64,
    /// Errors about it.
    pub errors: u64,
    /// Conflicts about it, removed.
    pub conflicts: u64,
    /// Of these, decided and not carried out.
    pub decisions: u64,
    /// Notes on why it was set aside.
    pub set_aside: u64,
    /// Other texts that quoted it: of errors, runs, alerts, circuits.
    pub texts: u64,
    /// Audit rows that told of it and lost their body.
    pub audit: u64,
    /// Audit rows of the first versions that tell of it and cannot lose theirs.
    pub audit_kept: u64,
    /// Bodies packed again because a compression dictionary held a part of it.
    pub repacked: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_that_make_no_sense_are_refused() {
        let table = [
            (None, None, None),
            (Some(7), Some(30), None),
            (Some(36_500), None, None),
            (Some(6), None, Some("history_days")),
            (Some(0), Some(365), Some("history_days")),
            (Some(7), Some(29), Some("audit_days")),
            (Some(36_501), None, Some("history_days")),
        ];
        for (history, audit, refused) in table {
            let made = Retention::new(history, audit);
            assert_eq!(made.err().map(|error| error.member), refused);
        }
    }
}
