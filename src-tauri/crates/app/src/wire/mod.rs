//! What crosses between Tandem and its faces: argument and reply types of every command, events,
//! errors. The TypeScript in `ui/src/ipc/generated/` is made from these types; a test fails when it
//! drifts. Ids, cursors and sequence numbers cross as strings, field values as JSON in which
//! numbers are strings (so that no digit is lost); counts and milliseconds are plain numbers.
//!
//! An absent member means "not known" or "does not exist"; `null` as a field's value means "has no
//! value".

mod args;
mod conflicts;
mod error;
mod events;
mod history;
mod items;
mod mapping;
mod pairs;
mod problems;
mod settings;
mod setup;
mod typescript;

pub use args::*;
pub use conflicts::*;
pub use error::*;
pub use events::*;
pub use history::*;
pub use items::*;
pub use mapping::*;
pub use pairs::*;
pub use problems::*;
pub use settings::*;
pub use setup::*;
pub use typescript::typescript;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Calls `$callback!` with the whole command table, `name: Arguments => Reply,` for each command.
/// The HTTP routes, the Tauri commands and the TypeScript command map are all made from it, and
/// [`crate::App`] has one method for each.
#[macro_export]
macro_rules! for_each_command {
    ($callback:ident) => {
        $callback! {
            app_info: $crate::wire::AppInfoArgs => $crate::wire::AppInfo,
            list_tenants: $crate::wire::ListTenants => Vec<$crate::wire::TenantView>,
            create_tenant: $crate::wire::CreateTenant => $crate::wire::TenantView,
            remove_tenant: $crate::wire::RemoveTenant => $crate::wire::TenantRemoved,
            overview: $crate::wire::Overview => $crate::wire::OverviewView,
            list_connections: $crate::wire::ListConnections => Vec<$crate::wire::ConnectionView>,
            test_connection: $crate::wire::TestConnection => $crate::wire::ConnectionTest,
            probe_connection: $crate::wire::ProbeConnection => $crate::wire::ConnectionProbe,
            isolate_connection: $crate::wire::IsolateConnection => $crate::wire::ConnectionView,
            reset_connection: $crate::wire::ResetConnection => $crate::wire::ConnectionView,
            list_syncs: $crate::wire::ListSyncs => Vec<$crate::wire::SyncSummary>,
            get_sync: $crate::wire::GetSync => $crate::wire::SyncView,
            pause_sync: $crate::wire::PauseSync => $crate::wire::SyncView,
            resume_sync: $crate::wire::ResumeSync => $crate::wire::SyncView,
            rebaseline_sync: $crate::wire::RebaselineSync => $crate::wire::SyncView,
            run_sync: $crate::wire::RunSync => $crate::wire::RunStarted,
            rollback_run: $crate::wire::RollbackRun => $crate::wire::RunStarted,
            apply_plan: $crate::wire::ApplyPlan => $crate::wire::RunStarted,
            cancel_run: $crate::wire::CancelRun => $crate::wire::RunView,
            list_runs: $crate::wire::ListRuns => $crate::wire::Page<$crate::wire::RunView>,
            get_run: $crate::wire::GetRun => $crate::wire::RunView,
            run_changes: $crate::wire::RunChanges => $crate::wire::Page<$crate::wire::RecordChange>,
            record_history: $crate::wire::RecordHistory => $crate::wire::RecordHistoryView,
            list_conflicts: $crate::wire::ListConflicts => $crate::wire::Page<$crate::wire::ConflictSummary>,
            get_conflict: $crate::wire::GetConflict => $crate::wire::ConflictView,
            resolve_conflict: $crate::wire::ResolveConflict => $crate::wire::ConflictView,
            resolve_delete_conflict: $crate::wire::ResolveDeleteConflict => $crate::wire::ConflictView,
            resolve_conflicts: $crate::wire::ResolveConflicts => $crate::wire::ConflictsDecided,
            undo_decision: $crate::wire::UndoDecision => $crate::wire::ConflictView,
            undo_decisions: $crate::wire::UndoDecisions => $crate::wire::DecisionsUndone,
            restore_value: $crate::wire::RestoreValue => $crate::wire::ConflictView,
            list_pairs: $crate::wire::ListPairs => $crate::wire::Page<$crate::wire::PairView>,
            link_pair: $crate::wire::LinkPair => $crate::wire::PairView,
            relink_pair: $crate::wire::RelinkPair => $crate::wire::PairView,
            unlink_pair: $crate::wire::UnlinkPair => $crate::wire::PairView,
            list_set_aside: $crate::wire::ListSetAside => $crate::wire::Page<$crate::wire::SetAsideView>,
            drop_set_aside: $crate::wire::DropSetAside => $crate::wire::PairView,
            list_errors: $crate::wire::ListErrors => $crate::wire::Page<$crate::wire::ErrorSummary>,
            get_error: $crate::wire::GetError => $crate::wire::ErrorView,
            resolve_error: $crate::wire::ResolveError => $crate::wire::ErrorView,
            list_alerts: $crate::wire::ListAlerts => $crate::wire::Page<$crate::wire::AlertView>,
            list_audit: $crate::wire::ListAudit => $crate::wire::Page<$crate::wire::AuditView>,
            list_audit_names: $crate::wire::ListAuditNames => $crate::wire::AuditNames,
            export_audit: $crate::wire::ExportAudit => $crate::wire::AuditExported,
            verify_audit: $crate::wire::VerifyAudit => $crate::wire::AuditVerdict,
            accept_audit: $crate::wire::AcceptAudit => $crate::wire::AuditVerdict,
            prune_history: $crate::wire::PruneHistory => $crate::wire::HistoryPruned,
            erase_record: $crate::wire::EraseRecord => $crate::wire::RecordErased,
            apply_workspace: $crate::wire::ApplyWorkspace => $crate::wire::Applied,
            export_workspace: $crate::wire::ExportWorkspace => $crate::wire::Exported,
            get_item: $crate::wire::GetItem => $crate::wire::ItemView,
            check_item: $crate::wire::CheckItem => $crate::wire::ItemChecked,
            apply_item: $crate::wire::ApplyItem => $crate::wire::Applied,
            archive_sync: $crate::wire::ArchiveSync => $crate::wire::Done,
            propose_mapping: $crate::wire::ProposeMapping => $crate::wire::MappingProposals,
            sample_mapping: $crate::wire::SampleMapping => $crate::wire::MappingSample,
            next_times: $crate::wire::NextTimes => $crate::wire::ScheduleTimes,
            get_settings: $crate::wire::GetSettings => $crate::wire::SettingsView,
            change_settings: $crate::wire::ChangeSettings => $crate::wire::SettingsView,
            note_unsaved: $crate::wire::NoteUnsaved => $crate::wire::Done,
            leave_window: $crate::wire::LeaveWindow => $crate::wire::Done,
            load_sample: $crate::wire::LoadSample => $crate::wire::SampleLoaded,
        }
    };
}

/// Part of a list.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct Page<T> {
    /// Its items, in the list's order.
    pub items: Vec<T>,
    /// The cursor (`before` or `after`) for what follows; `null` at the end.
    pub next: Option<String>,
}

/// Nothing to say but that it was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Done {}

/// One number for each side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SideCounts {
    /// The source's.
    pub source: u64,
    /// The target's.
    pub target: u64,
}

/// A role in a sync.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum WireSide {
    /// The first system.
    #[default]
    Source,
    /// The second system.
    Target,
}

/// The declared type of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum WireFieldType {
    /// Text.
    Text,
    /// A whole number; its value is a string of digits.
    Integer,
    /// A decimal number; its value is a string.
    Decimal,
    /// True or false.
    Boolean,
    /// An instant, RFC 3339 in UTC.
    Timestamp,
    /// A day, `YYYY-MM-DD`.
    Date,
    /// Anything.
    Json,
    /// Several values.
    List,
    /// The id of a record of another sync.
    Reference,
}
