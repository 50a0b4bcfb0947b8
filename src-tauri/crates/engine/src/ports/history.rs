//! What is remembered of runs: statuses, counts, errors, changes. Shapes shared by session and store.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tandem_domain::config::SyncDirection;
use tandem_domain::ids::{
    Both, ConflictId, ErrorId, FieldName, OperationKey, RecordId, RunId, Side, SyncId,
};
use tandem_domain::plan::Loser;
use tandem_domain::record::CanonicalRecord;
use tandem_domain::value::Value;

use super::retention::DetailsRemoved;

/// The plan's `sync_status` (TASK-001).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// Opened, not begun.
    Pending,
    /// Going on.
    Running,
    /// Nothing failed, no new conflict.
    Completed,
    /// Could not do its work.
    Failed,
    /// Some records failed or were parked; the rest landed.
    Partial,
}

/// What a run did. `processed = succeeded + failed + skipped` always.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunCounts {
    /// Records (pairs) dealt with.
    pub processed: u64,
    /// Written or settled.
    pub succeeded: u64,
    /// Set aside with an error.
    pub failed: u64,
    /// Nothing to do, parked, or left for later.
    pub skipped: u64,
    /// Conflicts newly parked by this run.
    pub conflicts: u64,
    /// Records created.
    pub created: Both<u64>,
    /// Records updated.
    pub updated: Both<u64>,
    /// Records deleted.
    pub deleted: Both<u64>,
}

/// What started a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunTrigger {
    /// A person or a script.
    Manual,
    /// The schedule.
    Schedule,
    /// A decision to carry out.
    Decision,
    /// A person took an earlier run back.
    Rollback,
}

/// How a run was asked to behave; part of its identity (a second trigger joins only with the same).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RunOptions {
    /// Stop after the plan; write nothing.
    pub simulate: bool,
    /// Ignore cursors: list everything.
    pub full: bool,
    /// The exact number of deletes an admin confirmed after a guard refused.
    pub allow_deletes: Option<u64>,
    /// Only carry out decisions; list nothing.
    pub decisions_only: bool,
    /// Only take back what this run wrote; list nothing.
    pub rolls_back: Option<RunId>,
    /// Only carry out what this simulation planned, as it was reviewed.
    pub applies: Option<RunId>,
}

/// A `sync_history` row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SyncHistory {
    /// Its id.
    pub id: RunId,
    /// Of which configuration.
    pub sync: SyncId,
    /// That configuration's name.
    pub sync_name: String,
    /// Its direction when the run began.
    pub direction: SyncDirection,
    /// Where it stands.
    pub status: RunStatus,
    /// What started it.
    pub trigger: RunTrigger,
    /// How it was asked to behave.
    pub options: RunOptions,
    /// What it did.
    pub counts: RunCounts,
    /// How long it took, milliseconds.
    pub execution_time_ms: u64,
    /// Why it failed, a sentence without secrets.
    pub error_message: Option<String>,
    /// What kind of failure.
    pub error_type: Option<ErrorType>,
    /// The digest over all its decisions (hex), once planned.
    pub plan_hash: Option<String>,
    /// Who started it.
    pub actor: String,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub completed_at: Option<DateTime<Utc>>,
    /// It left work that is due from then on: the run that starts next of this configuration does it.
    pub continue_at: Option<DateTime<Utc>>,
    /// Its journal, snapshots and errors are gone.
    pub details_removed: Option<DetailsRemoved>,
}

/// A run's rest that waits for another run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Continuation {
    /// Of which configuration.
    pub sync: SyncId,
    /// The run that left it.
    pub run: RunId,
    /// From when on it may be done.
    pub at: DateTime<Utc>,
}

/// The plan's `error_type` (TASK-002), with `guard`, `timeout`, `uncertain`, `storage`, `cancelled`
/// added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorType {
    /// The record breaks a rule.
    Validation,
    /// It cannot be carried through the mapping.
    Mapping,
    /// Incompatible change, or an id or key that is not unique.
    Conflict,
    /// The system could not be reached or refused the call.
    Network,
    /// It refused our credentials.
    Authentication,
    /// A guard refused the run.
    Guard,
    /// Out of time.
    Timeout,
    /// A write may or may not have landed.
    Uncertain,
    /// Our own store failed.
    Storage,
    /// An admin asked the run to stop.
    Cancelled,
}

impl ErrorType {
    /// The word it bears in history.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Validation => "validation",
            Self::Mapping => "mapping",
            Self::Conflict => "conflict",
            Self::Network => "network",
            Self::Authentication => "authentication",
            Self::Guard => "guard",
            Self::Timeout => "timeout",
            Self::Uncertain => "uncertain",
            Self::Storage => "storage",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A `sync_errors` row to log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewError {
    /// Its id.
    pub id: ErrorId,
    /// The record, if it is about one.
    pub record_id: Option<RecordId>,
    /// Where that record lives.
    pub side: Option<Side>,
    /// What kind.
    pub error_type: ErrorType,
    /// What, in a sentence.
    pub message: String,
    /// Full diagnostics as JSON, secrets removed: request, response, timestamps, connector and
    /// circuit state, suggested remedy.
    pub details: serde_json::Value,
    /// The record as JSON, secrets removed.
    pub record_data: Option<serde_json::Value>,
    /// How often the failing call was retried.
    pub retry_count: u32,
    /// When.
    pub at: DateTime<Utc>,
}

/// A stored `sync_errors` row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SyncError {
    /// As logged.
    #[serde(flatten)]
    pub error: NewError,
    /// In which run.
    pub run: RunId,
    /// Of which configuration.
    pub sync: SyncId,
    /// Settled since.
    pub is_resolved: bool,
    /// When.
    pub resolved_at: Option<DateTime<Utc>>,
}

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationKind {
    /// Makes a record.
    Create,
    /// Changes one.
    Update,
    /// Deletes one.
    Delete,
}

/// Where an operation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationState {
    /// Journalled; about to be sent.
    Journalled,
    /// Acknowledged.
    Done,
    /// Refused by the system.
    Failed,
    /// Never sent; dropped and planned afresh.
    Dropped,
    /// Sent, and nobody knows.
    Uncertain,
    /// Only planned (a simulation).
    Planned,
}

/// A journal entry as history shows it: one write to one side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Ascending within the store: the keyset cursor.
    pub seq: i64,
    /// The operation's key.
    pub key: OperationKey,
    /// Side written.
    pub side: Side,
    /// What it does.
    pub kind: OperationKind,
    /// Where it stands.
    pub state: OperationState,
    /// The record written; `None` for a create not acknowledged.
    pub record_id: Option<RecordId>,
    /// The record on the other side, if any.
    pub other_id: Option<RecordId>,
    /// Field by field: before (`None`: there was no record, or it was not carried) and after.
    pub fields: Vec<FieldChange>,
    /// Values decided against in the same decision.
    pub losers: Vec<Loser>,
    /// Why it was planned.
    pub reason: tandem_domain::plan::Reason,
    /// Why it failed.
    pub error: Option<String>,
    /// What was written is forgotten, with all else the record said.
    pub erased: bool,
}

/// A write in the history of one pair of records: what, and in which run.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordEvent {
    /// The write.
    pub change: Change,
    /// The run that made it.
    pub run: RunId,
    /// When that run began.
    pub at: DateTime<Utc>,
    /// What started that run.
    pub trigger: RunTrigger,
    /// Who started it.
    pub actor: String,
    /// The decision it carried out, if any.
    pub decided: Option<DecidedBy>,
}

/// Who decided about a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecidedBy {
    /// Which conflict.
    pub conflict: ConflictId,
    /// Who.
    pub actor: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Why, in their words.
    pub note: Option<String>,
}

/// Which writes of a pair's history are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordHistoryFilter {
    /// Only those that set, or decided about, this field.
    pub field: Option<FieldName>,
    /// Only those before this place in the journal: the keyset cursor.
    pub before: Option<i64>,
    /// At most so many.
    pub limit: usize,
}

/// Whether a rollback can take a change back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reversibility {
    /// All of it.
    Full,
    /// Not without a loss.
    Partly(&'static str),
    /// Nothing of it.
    No(&'static str),
}

impl Change {
    /// Whether a rollback can take this back, as far as the journal knows: what people edit in
    /// between is theirs and stays.
    #[must_use]
    pub fn reversibility(&self) -> Reversibility {
        if self.erased {
            return Reversibility::No("what was written was erased");
        }
        let known = self.fields.iter().filter(|it| it.before.is_some()).count();
        match self.kind {
            OperationKind::Create => Reversibility::Full,
            OperationKind::Delete if known == 0 => {
                Reversibility::No("nothing is known of what the record said")
            }
            OperationKind::Delete => Reversibility::Partly(
                "the record is made anew: another id, and only the fields that are mapped",
            ),
            OperationKind::Update if known == self.fields.len() => Reversibility::Full,
            OperationKind::Update if known == 0 => {
                Reversibility::No("what the fields said before is not known")
            }
            OperationKind::Update => {
                Reversibility::Partly("what some of the fields said before is not known")
            }
        }
    }
}

/// One field of a change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldChange {
    /// Which.
    pub field: FieldName,
    /// Before the write.
    pub before: Option<Value>,
    /// What was (to be) written; `None` for a delete.
    pub after: Option<Value>,
}

impl FieldChange {
    /// What a write does field by field: every field of a create or a delete, the patched ones of an
    /// update.
    #[must_use]
    pub fn of(before: Option<&CanonicalRecord>, after: Option<&CanonicalRecord>) -> Vec<Self> {
        match (before, after) {
            (_, Some(after)) => after
                .iter()
                .map(|(field, value)| Self {
                    field: field.clone(),
                    before: before.and_then(|before| before.get(field)).cloned(),
                    after: Some(value.clone()),
                })
                .collect(),
            (Some(before), None) => before
                .iter()
                .map(|(field, value)| Self {
                    field: field.clone(),
                    before: Some(value.clone()),
                    after: None,
                })
                .collect(),
            (None, None) => Vec::new(),
        }
    }
}

/// A conflict's id and what became of it, for events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParkedConflict {
    /// Which.
    pub id: ConflictId,
    /// Opened now (`true`) or refreshed.
    pub new: bool,
}
