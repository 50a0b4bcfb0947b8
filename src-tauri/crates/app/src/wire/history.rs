//! Runs and what they changed.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{Page, PairView, SideCounts, WireError, WireFieldType, WireSide};

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum WireRunStatus {
    /// Opened, not begun.
    Pending,
    /// Going on.
    Running,
    /// Nothing failed, no new conflict.
    Completed,
    /// Some records failed or were parked; the rest landed.
    Partial,
    /// Could not do its work.
    Failed,
}

/// What started a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum WireTrigger {
    /// A person or a script.
    Manual,
    /// The schedule.
    Schedule,
    /// A decision to carry out.
    Decision,
    /// A person took an earlier run back.
    Rollback,
}

/// Where a live run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum WirePhase {
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

/// When a run's journal, snapshots and errors went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RunDetailsRemoved {
    /// When, RFC 3339.
    pub at: String,
    /// The retention that removed them, in days.
    pub kept_days: u32,
}

/// What removing old history took away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct HistoryPruned {
    /// For how many days history is kept; `null`: for good.
    pub history_days: Option<u32>,
    /// For how many days the bodies of audit rows are kept; `null`: for good.
    pub audit_days: Option<u32>,
    /// Runs that lost their details.
    pub runs: u64,
    /// Journal rows.
    pub changes: u64,
    /// Errors.
    pub errors: u64,
    /// Settled conflicts.
    pub conflicts: u64,
    /// Alerts.
    pub alerts: u64,
    /// Audit rows that lost their body.
    pub audit: u64,
}

/// Where a record was forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RecordErased {
    /// It is one of a pair (or half of one) whose ids stay: the next run compares it anew.
    pub paired: bool,
    /// Journal rows that lost what they wrote.
    pub changes: u64,
    /// Runs whose snapshots showed it.
    pub snapshots: u64,
    /// Errors about it that lost their text.
    pub errors: u64,
    /// Conflicts about it, removed.
    pub conflicts: u64,
    /// Of these, decided and not carried out.
    pub decisions: u64,
    /// Notes on why it was set aside.
    pub set_aside: u64,
    /// Other texts that quoted it.
    pub texts: u64,
    /// Audit rows that lost their body.
    pub audit: u64,
    /// Audit rows that tell of it and are too old to lose their body.
    pub audit_kept: u64,
}

/// A tenant is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TenantRemoved {
    /// The folder its workspace file and its audit log were written to before.
    pub exported: Option<String>,
}

/// One run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct RunView {
    /// Its id.
    pub id: String,
    /// The sync's name.
    pub sync: String,
    /// The source's connection, by name.
    pub source_system: String,
    /// The target's connection, by name.
    pub target_system: String,
    /// Which sides it may write.
    pub direction: WireDirection,
    /// How it stands.
    pub status: WireRunStatus,
    /// Whether it stops after the plan and writes nothing.
    pub simulated: bool,
    /// Whether it listed everything.
    pub full: bool,
    /// Whether it only carries out decisions.
    pub decisions_only: bool,
    /// The run it takes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub rolls_back: Option<String>,
    /// The simulation whose plan it applies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub applies: Option<String>,
    /// What started it.
    pub trigger: WireTrigger,
    /// Who started it.
    pub actor: String,
    /// When it began, RFC 3339.
    pub started_at: String,
    /// When it ended.
    pub finished_at: Option<String>,
    /// How long it took (or, live, has taken so far), milliseconds.
    pub execution_time_ms: u64,
    /// Records (pairs) dealt with: `succeeded + failed + skipped`.
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
    pub created: SideCounts,
    /// Records updated.
    pub updated: SideCounts,
    /// Records deleted.
    pub deleted: SideCounts,
    /// Share of the records dealt with that did not fail, 0 to 1; `null` when there were none.
    pub success_rate: Option<f64>,
    /// Why it failed.
    pub error: Option<WireError>,
    /// The digest over all its decisions.
    pub plan_hash: Option<String>,
    /// It left work that is due from then on, RFC 3339; the next run of its sync does it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub continue_at: Option<String>,
    /// What it wrote and what failed is not kept any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub details_removed: Option<RunDetailsRemoved>,
    /// A person asked to cancel it, and it has not stopped yet.
    pub cancelling: bool,
    /// How far it is, while it is live in this process.
    pub progress: Option<RunProgress>,
}

/// Which sides a sync writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum WireDirection {
    /// Both.
    Bidirectional,
    /// Only the target.
    SourceToTarget,
    /// Only the source.
    TargetToSource,
}

/// How far a live run is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct RunProgress {
    /// Where it is.
    pub phase: WirePhase,
    /// Records dealt with in this phase.
    pub done: u64,
    /// Records in this phase, when known.
    pub total: Option<u64>,
    /// Records a second in this phase, once it can be told.
    pub rate_per_second: Option<f64>,
    /// What is left of this phase takes at least so many seconds …
    pub remaining_low_s: Option<f64>,
    /// … and at most so many.
    pub remaining_high_s: Option<f64>,
    /// Records dealt with so far.
    pub processed: u64,
    /// Written or settled so far.
    pub succeeded: u64,
    /// Failed so far.
    pub failed: u64,
    /// Skipped so far.
    pub skipped: u64,
    /// Conflicts parked so far.
    pub conflicts: u64,
}

/// A run that was started or joined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RunStarted {
    /// Its id.
    pub run_id: String,
    /// It was live already, with the same options.
    pub joined: bool,
}

/// What a write does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// Makes a record.
    Create,
    /// Changes one.
    Update,
    /// Deletes one.
    Delete,
}

/// Where a write stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ChangeState {
    /// Written down; about to be sent.
    Journalled,
    /// Acknowledged by the system.
    Done,
    /// Refused by the system.
    Failed,
    /// Never sent.
    Dropped,
    /// Sent, and nobody knows.
    Uncertain,
    /// Only planned (a simulation).
    Planned,
}

/// Whether a rollback can take a write back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum WireReversible {
    /// All of it.
    Full,
    /// Not without a loss.
    Partly,
    /// Nothing of it.
    No,
}

/// One write to one record of one system.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct RecordChange {
    /// Its place in the journal; the cursor.
    pub seq: String,
    /// The side written.
    pub side: WireSide,
    /// That side's connection, by name.
    pub system: String,
    /// What it does.
    pub kind: ChangeKind,
    /// Where it stands.
    pub state: ChangeState,
    /// The record written; `null` for a create that was not acknowledged.
    pub record_id: Option<String>,
    /// The record on the other side.
    pub other_id: Option<String>,
    /// What a person would call the record.
    pub label: Option<String>,
    /// Why it was planned, a word: `one_sided`, `merged`, `new` …
    pub reason: String,
    /// Why it failed.
    pub error: Option<String>,
    /// Field by field.
    pub fields: Vec<FieldDiff>,
    /// Whether a rollback can take it back.
    pub reversible: WireReversible,
    /// What a rollback would lose, or why it cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub irreversible: Option<String>,
    /// Values that were decided against.
    pub losers: Vec<LostValue>,
}

/// The history of a record and its partner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct RecordHistoryView {
    /// The pair as it is now.
    pub pair: PairView,
    /// The source's connection, by name.
    pub source_system: String,
    /// The target's connection, by name.
    pub target_system: String,
    /// The sync's fields, by name.
    pub fields: Vec<String>,
    /// What was written, newest first.
    pub events: Page<RecordEventView>,
    /// How long what runs wrote is kept, days; `null`: for good. What is older is not in the list.
    pub kept_days: Option<u32>,
}

/// One write of a record's history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct RecordEventView {
    /// The write.
    pub change: RecordChange,
    /// The run that made it.
    pub run_id: String,
    /// When that run began, RFC 3339.
    pub at: String,
    /// What started that run.
    pub trigger: WireTrigger,
    /// Who started it.
    pub actor: String,
    /// The decision it carried out, if any.
    pub decided: Option<DecidedByView>,
    /// What it wrote was erased.
    pub erased: bool,
}

/// Who decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DecidedByView {
    /// About which conflict.
    pub conflict: String,
    /// Who.
    pub actor: String,
    /// When, RFC 3339.
    pub at: String,
    /// Why.
    pub note: Option<String>,
}

/// One field of a write.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct FieldDiff {
    /// Its name.
    pub field: String,
    /// Its type.
    #[serde(rename = "type")]
    pub ty: WireFieldType,
    /// Before the write; absent: there was no record, or the field was not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "Json")]
    pub before: Option<serde_json::Value>,
    /// What was (to be) written; absent for a delete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "Json")]
    pub after: Option<serde_json::Value>,
    /// Whether the two differ under the field's type.
    pub changed: bool,
}

/// A value that was decided against; it stays here and can be put back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct LostValue {
    /// Where it stood.
    pub side: WireSide,
    /// In which field.
    pub field: String,
    /// The value.
    #[ts(type = "Json")]
    pub value: serde_json::Value,
    /// What was taken instead.
    #[ts(type = "Json")]
    pub winner: serde_json::Value,
    /// Which rule decided.
    pub rule: String,
}
