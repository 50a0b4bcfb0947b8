//! What a run tells the world while it goes on.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tandem_domain::ids::{ConflictId, RunId, SyncId, TenantId};

use super::history::{RunCounts, RunStatus};

/// Where a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Lease, circuits, interrupted work.
    Prepare,
    /// Reading, validating and mapping both sides.
    Read,
    /// Deciding every pair.
    Plan,
    /// Writing.
    Apply,
    /// Committing cursors and history.
    Finalize,
}

/// One thing that happened (EV-IC-001 to EV-IC-003).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Whose; an event never reaches another tenant.
    pub tenant: TenantId,
    /// Of which configuration.
    pub sync: SyncId,
    /// In which run.
    pub run: RunId,
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub kind: EventKind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum EventKind {
    /// A run began.
    SyncStarted,
    /// It moved on; at most about four a second.
    SyncProgress {
        /// Where it is.
        phase: Phase,
        /// Records dealt with in this phase.
        done: u64,
        /// Records in this phase, when known.
        total: Option<u64>,
        /// Counts so far.
        counts: RunCounts,
    },
    /// It ended and did its work (wholly or partly).
    SyncCompleted {
        /// How.
        status: RunStatus,
        /// What it did.
        counts: RunCounts,
    },
    /// It ended and could not do its work.
    SyncFailed {
        /// Why, in a sentence without secrets.
        error: String,
        /// How many times the call that failed was retried.
        retries: u32,
    },
    /// A conflict was parked or refreshed.
    ConflictDetected {
        /// Which.
        conflict: ConflictId,
    },
}

/// Where events go. Must not block.
pub trait Events: Send + Sync {
    /// Publishes one.
    fn publish(&self, event: Event);
}
