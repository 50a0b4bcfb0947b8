//! Instants at which a process can be made to die, so that a test can prove that nothing is lost
//! whenever it happens: every boundary of run, journal, decision, alert outbox and migration, in
//! [`Point::ALL`]. They exist only in builds with the feature `failpoints`; in any other [`reach`]
//! and [`fault`] are empty and nothing can be armed.
//!
//! Armed through the environment: `FAILPOINTS='journal.journalled=2*off->return'` lets it pass twice
//! and ends the process (as `abort` does, nothing is flushed or dropped) the third time.
//! `FAILPOINTS='store.committing=5*off->return(full)'` fails the sixth transaction, and all after it,
//! as a full disk would; `return(io)` as a broken one. [`skipped_time`] lets a process that stood still
//! find that more time went by than did.

use std::time::Duration;

/// One such instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// A run is about to be opened.
    RunOpening,
    /// It is open: history row and lease are stored.
    RunOpened,
    /// Both systems were asked who they are, what an interrupted run left is settled.
    Prepared,
    /// What an interrupted run left was read, and is about to be settled in the journal.
    Settling,
    /// It is settled.
    Settled,
    /// Decisions that are due were taken up.
    DecisionsTaken,
    /// A page is about to be staged.
    Staging,
    /// Both sides are read.
    Read,
    /// Everything is planned.
    Planned,
    /// Operations are about to be journalled.
    Journalling,
    /// They are in the journal.
    Journalled,
    /// A call that writes is about to leave.
    Sending,
    /// Its answer is there, and nowhere written down.
    Answered,
    /// Receipts are about to be written down.
    Acknowledging,
    /// They are.
    Acknowledged,
    /// Everything planned was tried.
    Applied,
    /// The run's end is about to be recorded.
    Finishing,
    /// It is, with cursors and alert.
    Finished,
    /// An admin's decision is about to be stored.
    Deciding,
    /// It is.
    Decided,
    /// A workspace is about to be stored.
    Configuring,
    /// It is.
    Configured,
    /// An alert is about to be told.
    AlertSending,
    /// Somebody was told, and the outbox does not know.
    AlertSent,
    /// The outbox knows.
    AlertMarked,
    /// A migration is about to begin.
    Migrating,
    /// A migration's statements ran and are not committed.
    MigratingStep,
    /// The store is up to date.
    Migrated,
    /// Any transaction is about to be committed. The only one that [`fault`] asks for.
    Committing,
    /// Any transaction was committed.
    Committed,
}

impl Point {
    /// All of them, by the way a run goes.
    pub const ALL: [Self; 30] = [
        Self::Migrating,
        Self::MigratingStep,
        Self::Migrated,
        Self::Configuring,
        Self::Configured,
        Self::RunOpening,
        Self::RunOpened,
        Self::Settling,
        Self::Settled,
        Self::Prepared,
        Self::DecisionsTaken,
        Self::Staging,
        Self::Read,
        Self::Planned,
        Self::Journalling,
        Self::Journalled,
        Self::Sending,
        Self::Answered,
        Self::Acknowledging,
        Self::Acknowledged,
        Self::Applied,
        Self::Finishing,
        Self::Finished,
        Self::Deciding,
        Self::Decided,
        Self::AlertSending,
        Self::AlertSent,
        Self::AlertMarked,
        Self::Committing,
        Self::Committed,
    ];

    /// Its name in `FAILPOINTS`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RunOpening => "run.opening",
            Self::RunOpened => "run.opened",
            Self::Prepared => "run.prepared",
            Self::Settling => "recovery.settling",
            Self::Settled => "recovery.settled",
            Self::DecisionsTaken => "decision.taken",
            Self::Staging => "run.staging",
            Self::Read => "run.read",
            Self::Planned => "run.planned",
            Self::Journalling => "journal.journalling",
            Self::Journalled => "journal.journalled",
            Self::Sending => "run.sending",
            Self::Answered => "run.answered",
            Self::Acknowledging => "journal.acknowledging",
            Self::Acknowledged => "journal.acknowledged",
            Self::Applied => "run.applied",
            Self::Finishing => "run.finishing",
            Self::Finished => "run.finished",
            Self::Deciding => "decision.deciding",
            Self::Decided => "decision.decided",
            Self::Configuring => "workspace.configuring",
            Self::Configured => "workspace.configured",
            Self::AlertSending => "alert.sending",
            Self::AlertSent => "alert.sent",
            Self::AlertMarked => "alert.marked",
            Self::Migrating => "migration.migrating",
            Self::MigratingStep => "migration.step",
            Self::Migrated => "migration.migrated",
            Self::Committing => "store.committing",
            Self::Committed => "store.committed",
        }
    }
}

/// What a store can be made to meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskFault {
    /// No space is left.
    Full,
    /// It does not answer.
    Broken,
}

/// Ends the process here if a test asked for it.
#[cfg(not(feature = "failpoints"))]
#[inline(always)]
pub const fn reach(_: Point) {}

/// What the disk is to answer here, if a test asked for it; may end the process instead.
#[cfg(not(feature = "failpoints"))]
#[inline(always)]
#[must_use]
pub const fn fault(_: Point) -> Option<DiskFault> {
    None
}

/// Ends the process here if a test asked for it.
#[cfg(feature = "failpoints")]
pub fn reach(point: Point) {
    // `fault` never returns for anything but a store's fault, which makes sense at no other point.
    let _ = fault(point);
}

/// What the disk is to answer here, if a test asked for it; may end the process instead.
#[cfg(feature = "failpoints")]
#[must_use]
pub fn fault(point: Point) -> Option<DiskFault> {
    static ARMED: std::sync::Once = std::sync::Once::new();
    // The scenario would disarm all points when dropped; they stay armed as long as the process lives.
    ARMED.call_once(|| std::mem::forget(fail::FailScenario::setup()));
    fail::fail_point!(
        point.name(),
        |asked: Option<String>| match asked.as_deref() {
            Some("full") => Some(DiskFault::Full),
            Some("io") => Some(DiskFault::Broken),
            _ => std::process::abort(),
        }
    );
    None
}

/// How much later than it is a test says that it is; zero without the feature.
#[cfg(not(feature = "failpoints"))]
#[inline(always)]
#[must_use]
pub const fn skipped_time() -> Duration {
    Duration::ZERO
}

/// How much later than it is a test says that it is: whole seconds in the file that
/// `TANDEM_SKIPPED_TIME` names, read at each look at the clock.
#[cfg(feature = "failpoints")]
#[must_use]
pub fn skipped_time() -> Duration {
    let seconds = std::env::var_os("TANDEM_SKIPPED_TIME")
        .and_then(|file| std::fs::read_to_string(file).ok())
        .and_then(|text| text.trim().parse().ok());
    Duration::from_secs(seconds.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_point_is_listed_once_under_a_name_of_its_own() {
        let names: std::collections::BTreeSet<_> = Point::ALL.iter().map(|p| p.name()).collect();
        assert_eq!(names.len(), Point::ALL.len());
    }

    #[test]
    #[cfg(not(feature = "failpoints"))]
    fn without_the_feature_nothing_is_ever_asked() {
        for point in Point::ALL {
            reach(point);
            assert_eq!(fault(point), None);
        }
    }
}
