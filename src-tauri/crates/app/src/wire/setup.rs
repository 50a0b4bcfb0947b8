//! Tenants, connections, sync configurations, workspace files.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{RunView, WireDirection, WireError, WireFieldType};

/// What this Tandem is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AppInfo {
    /// Its version.
    pub version: String,
    /// Its store: a file.
    pub store: String,
    /// In whose name changes are made here.
    pub actor: String,
    /// How long a decision can be taken back, milliseconds.
    pub undo_window_ms: u64,
    /// Whether the sample systems can be started from here.
    pub sample_available: bool,
}

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TenantView {
    /// Its id.
    pub id: String,
    /// Its name, unique.
    pub name: String,
    /// When it was created, RFC 3339.
    pub created_at: String,
}

/// The state of everything of a tenant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct OverviewView {
    /// Conflicts waiting for a person.
    pub open_conflicts: u64,
    /// Errors not settled.
    pub unresolved_errors: u64,
    /// Linked pairs of records.
    pub links: u64,
    /// Every sync with its last run.
    pub syncs: Vec<SyncSummary>,
    /// Every connection.
    pub connections: Vec<ConnectionView>,
    /// Live runs.
    pub running: Vec<RunView>,
    /// The last 30 runs, newest first.
    pub last_runs: Vec<RunView>,
    /// Share of the last 30 runs that did not fail, 0 to 1; `null` when there were none.
    pub success_rate: Option<f64>,
}

/// A connection's circuit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum CircuitView {
    /// Calls go through.
    Closed,
    /// Too many failed; nothing is sent until `open_until`.
    Open,
    /// The time is up; the next call is a probe.
    HalfOpen,
    /// Shut by an admin.
    Isolated,
}

/// A connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ConnectionView {
    /// Its name.
    pub name: String,
    /// `rest`, `postgres`, `sqlite` …
    pub kind: String,
    /// Where it is, without credentials.
    pub address: String,
    /// Its collections.
    pub collections: Vec<CollectionView>,
    /// The syncs that use it.
    pub used_by: Vec<String>,
    /// Its circuit.
    pub circuit: CircuitView,
    /// Open until then, RFC 3339.
    pub open_until: Option<String>,
    /// Failures in a row.
    pub failures: u32,
    /// What failed last.
    pub last_error: Option<String>,
    /// When its circuit last changed.
    pub circuit_changed_at: Option<String>,
    /// When it was created.
    pub created_at: String,
    /// When it was last changed.
    pub updated_at: String,
}

/// A collection of a connection, and what its system can do with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CollectionView {
    /// Its name.
    pub name: String,
    /// How changes are found: `feed`, `since` or `full`.
    pub changes: String,
    /// Whether a write can be made conditional on a version. Where it cannot, a record is re-read
    /// just before, and a small window remains.
    pub conditional_writes: bool,
    /// Most records written in one call.
    pub bulk: u32,
}

/// How a connection answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ConnectionTest {
    /// Whether every collection could be reached.
    pub ok: bool,
    /// What it says it is.
    pub system: Option<String>,
    /// How long it took to answer, milliseconds.
    pub latency_ms: Option<u64>,
    /// Its clock minus ours, milliseconds.
    #[ts(type = "number | null")]
    pub clock_offset_ms: Option<i64>,
    /// What was found of each collection.
    pub collections: Vec<CollectionTest>,
    /// Why it could not be reached.
    pub error: Option<WireError>,
}

/// What a test found of a collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CollectionTest {
    /// Its name.
    pub name: String,
    /// How many fields it has or declares.
    pub fields: u64,
    /// Whether these are all there are.
    pub complete: bool,
    /// Why it could not be read.
    pub error: Option<WireError>,
}

/// What became of a probe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ConnectionProbe {
    /// The connection, with its circuit as it stands now.
    pub connection: ConnectionView,
    /// How long it took to answer, milliseconds.
    pub latency_ms: Option<u64>,
    /// Why it did not answer well.
    pub error: Option<WireError>,
}

/// A sync in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SyncSummary {
    /// Its name.
    pub name: String,
    /// The source's connection, by name.
    pub source_system: String,
    /// The collection there.
    pub source_collection: String,
    /// The target's connection, by name.
    pub target_system: String,
    /// The collection there.
    pub target_collection: String,
    /// Which sides are written.
    pub direction: WireDirection,
    /// Who wins a contested field unless the field has its own rule.
    pub policy: String,
    /// Whether it rests.
    pub paused: bool,
    /// Conflicts of this sync waiting for a person.
    pub open_conflicts: u64,
    /// Its newest run.
    pub last_run: Option<RunView>,
    /// When the schedule runs it next, RFC 3339; `null`: only when asked.
    pub next_run_at: Option<String>,
}

/// A sync with its mapping and policies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SyncView {
    /// As in a list.
    #[serde(flatten)]
    pub summary: SyncSummary,
    /// What maps to what.
    pub fields: Vec<MappedField>,
    /// The fields by which records are paired that have no link yet.
    pub match_key: Vec<String>,
    /// What a delete on one side means for the other.
    pub delete_policy: String,
    /// Where one side deleted what the other edited.
    pub delete_conflict_policy: String,
    /// Where two records are paired for the first time and differ.
    pub first_sync_policy: String,
    /// One-way syncs: whether the receiving side's own changes are put back.
    pub enforce: bool,
    /// When it runs by itself, as configured.
    pub schedule: Option<String>,
    /// The whole configuration as it stands in a workspace file.
    pub toml: String,
    /// When it was created.
    pub created_at: String,
    /// When it was last changed.
    pub updated_at: String,
}

/// One mapped field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MappedField {
    /// The canonical field.
    pub field: String,
    /// Its type.
    #[serde(rename = "type")]
    pub ty: WireFieldType,
    /// Where it comes from at the source, in words.
    pub source: String,
    /// Where it comes from at the target, in words.
    pub target: String,
    /// Which way it goes.
    pub direction: WireDirection,
    /// What is done to it on the way, in words.
    pub transforms: Vec<String>,
    /// Its own conflict rule.
    pub policy: Option<String>,
    /// Whether records are paired by it.
    pub match_key: bool,
}

/// What applying a workspace file did to one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ApplyAction {
    /// It was (would be) created.
    Created,
    /// It was (would be) changed.
    Updated,
    /// It stands as described.
    Unchanged,
}

/// What a workspace file names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ApplyKind {
    /// A connection.
    Connection,
    /// A sync configuration.
    Sync,
    /// How long history is kept.
    Retention,
}

/// One thing of a workspace file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AppliedItem {
    /// What it is.
    pub kind: ApplyKind,
    /// Its name.
    pub name: String,
    /// What was done.
    pub action: ApplyAction,
    /// What differs, one path a line.
    pub differences: Vec<String>,
}

/// What applying a workspace file did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Applied {
    /// Nothing was written: it was only asked.
    pub dry_run: bool,
    /// Each thing in the file's order.
    pub items: Vec<AppliedItem>,
    /// What could not be checked, and why.
    pub warnings: Vec<String>,
}

/// A workspace file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Exported {
    /// Its text, TOML.
    pub text: String,
}

/// The sample workspace is set up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SampleLoaded {
    /// Its syncs, by name.
    pub syncs: Vec<String>,
    /// The sample systems and where they are.
    pub systems: Vec<SampleSystem>,
}

/// A sample system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SampleSystem {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub address: String,
}
