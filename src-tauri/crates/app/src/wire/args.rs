//! What each command takes. Unknown members are refused: a misspelt filter must not list everything.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{
    ChangeKind, FieldChoice, ItemKind, Leave, PickedConflict, Take, WireConflictState,
    WirePairState, WireRunStatus, WireSide,
};

macro_rules! args {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $ty:ty),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
        #[serde(deny_unknown_fields)]
        pub struct $name { $($(#[$field_meta])* pub $field: $ty,)* }
    )*};
}

args! {
    /// What this Tandem is.
    AppInfoArgs {}
    /// All tenants, by name.
    ListTenants {}
    /// Creates a tenant.
    CreateTenant {
        /// Its name, unique.
        name: String,
    }
    /// Removes a tenant with everything of it, after its workspace file and its audit log were
    /// written to a folder.
    RemoveTenant {
        /// Its name.
        name: String,
        /// A new folder for both, as an absolute path; without it one beside the store.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        export_to: Option<String>,
        /// Nothing is to be written; it is gone for good.
        #[serde(default)]
        no_export: bool,
    }
    /// The state of everything of a tenant.
    Overview {
        /// The tenant's name.
        tenant: String,
    }
    /// All connections, by name.
    ListConnections {
        /// The tenant's name.
        tenant: String,
    }
    /// Reaches a connection once, read-only.
    TestConnection {
        /// The tenant's name.
        tenant: String,
        /// The connection's name.
        name: String,
    }
    /// Reaches a connection once, read-only, though its circuit be open: an answer closes it, a
    /// failure opens it for five more minutes.
    ProbeConnection {
        /// The tenant's name.
        tenant: String,
        /// The connection's name.
        name: String,
    }
    /// Shuts a connection until it is reset: nothing is sent to it.
    IsolateConnection {
        /// The tenant's name.
        tenant: String,
        /// The connection's name.
        name: String,
    }
    /// Closes a connection's circuit, whatever opened or isolated it.
    ResetConnection {
        /// The tenant's name.
        tenant: String,
        /// The connection's name.
        name: String,
    }
    /// All sync configurations, by name.
    ListSyncs {
        /// The tenant's name.
        tenant: String,
    }
    /// One sync configuration.
    GetSync {
        /// The tenant's name.
        tenant: String,
        /// The sync's name.
        name: String,
    }
    /// Lets a sync rest: neither the schedule nor a person runs it until it is resumed.
    PauseSync {
        /// The tenant's name.
        tenant: String,
        /// The sync's name.
        name: String,
    }
    /// Ends a sync's rest.
    ResumeSync {
        /// The tenant's name.
        tenant: String,
        /// The sync's name.
        name: String,
    }
    /// Forgets what a sync's two sides agreed on, after a system was moved or replaced: pairs stay, and
    /// the next run compares each as if met for the first time.
    RebaselineSync {
        /// The tenant's name.
        tenant: String,
        /// The sync's name.
        name: String,
    }
    /// Starts a run (or joins the one that is live with the same options) and returns at once.
    RunSync {
        /// The tenant's name.
        tenant: String,
        /// The sync's name.
        name: String,
        /// Stop after the plan; write nothing.
        #[serde(default)]
        simulate: bool,
        /// List everything on both sides instead of what changed.
        #[serde(default)]
        full: bool,
        /// The exact number of deletes that a guard refused and that is confirmed hereby.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        allow_deletes: Option<u64>,
    }
    /// Starts a run that takes back what an earlier one wrote, and returns at once.
    RollbackRun {
        /// The tenant's name.
        tenant: String,
        /// The run to take back: its id or the beginning of it.
        id: String,
        /// Only plan it; write nothing.
        #[serde(default)]
        simulate: bool,
        /// The exact number of deletes that a guard refused and that is confirmed hereby.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        allow_deletes: Option<u64>,
    }
    /// Starts a run that sends just what a simulation planned and was reviewed, and returns at once.
    ApplyPlan {
        /// The tenant's name.
        tenant: String,
        /// The plan's hash: `plan_hash` of the simulation.
        hash: String,
    }
    /// Asks a live run to stop at its next chunk.
    CancelRun {
        /// The tenant's name.
        tenant: String,
        /// The run, its whole id or the beginning of it.
        id: String,
    }
    /// Runs, newest first.
    ListRuns {
        /// The tenant's name.
        tenant: String,
        /// Only of this sync.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        sync: Option<String>,
        /// Only with this status.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        status: Option<WireRunStatus>,
        /// Only simulations, or none of them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        simulated: Option<bool>,
        /// Only started at this time or later, as RFC 3339.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        since: Option<String>,
        /// Only started before this time, as RFC 3339.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        until: Option<String>,
        /// Only where the run's id begins with this, an error of it contains this, or an error of it
        /// is of the record with this id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        text: Option<String>,
        /// Only older than this run: the last page's `next`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        before: Option<String>,
        /// At most so many, 1 to 1,000.
        limit: u32,
    }
    /// One run.
    GetRun {
        /// The tenant's name.
        tenant: String,
        /// The run, its whole id or the beginning of it.
        id: String,
    }
    /// What a run wrote (or, simulated, would write), in order.
    RunChanges {
        /// The tenant's name.
        tenant: String,
        /// The run, its whole id or the beginning of it.
        id: String,
        /// Only what does this.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        kind: Option<ChangeKind>,
        /// Only after this one: the last page's `next`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        after: Option<String>,
        /// At most so many, 1 to 1,000.
        limit: u32,
    }
    /// Conflicts, newest first.
    ListConflicts {
        /// The tenant's name.
        tenant: String,
        /// Only in this state.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        state: Option<WireConflictState>,
        /// Only of this sync.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        sync: Option<String>,
        /// Only older than this one: the last page's `next`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        before: Option<String>,
        /// At most so many, 1 to 1,000.
        limit: u32,
    }
    /// One conflict.
    GetConflict {
        /// The tenant's name.
        tenant: String,
        /// The conflict, its whole id or the beginning of it.
        id: String,
    }
    /// Decides a conflict field by field. Kept at once, written after the undo window.
    ResolveConflict {
        /// The tenant's name.
        tenant: String,
        /// The conflict, its whole id or the beginning of it.
        id: String,
        /// The revision that was looked at; an older one is refused.
        revision: u32,
        /// One choice for each contested field.
        choices: Vec<FieldChoice>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        note: Option<String>,
    }
    /// Decides a delete conflict.
    ResolveDeleteConflict {
        /// The tenant's name.
        tenant: String,
        /// The conflict, its whole id or the beginning of it.
        id: String,
        /// The revision that was looked at; an older one is refused.
        revision: u32,
        /// What is to become of the two records.
        choice: DeleteChoice,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        note: Option<String>,
    }
    /// Decides many conflicts alike, each answering for itself. Kept at once, written after the undo
    /// window. Either `take` and `choices` (conflicts about fields) or `choice` (about deletes).
    ResolveConflicts {
        /// The tenant's name.
        tenant: String,
        /// These; without them every open one that fits `sync`, `contested` and the kind of decision.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        ids: Option<Vec<PickedConflict>>,
        /// Only of this sync.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        sync: Option<String>,
        /// Only where this field is contested.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        contested: Option<String>,
        /// What each contested field takes that `choices` does not name; not `custom`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        take: Option<Take>,
        /// What these fields take, wherever they are contested.
        #[serde(default)]
        choices: Vec<FieldChoice>,
        /// What is to become of the two records.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        choice: Option<DeleteChoice>,
        /// All or nothing: one that is refused keeps the others from being decided.
        #[serde(default)]
        together: bool,
        /// Only say what would be decided.
        #[serde(default)]
        dry_run: bool,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        note: Option<String>,
    }
    /// Takes a decision back that has not begun to be written.
    UndoDecision {
        /// The tenant's name.
        tenant: String,
        /// The conflict, its whole id or the beginning of it.
        id: String,
    }
    /// Takes many decisions back that have not begun to be written, each answering for itself.
    UndoDecisions {
        /// The tenant's name.
        tenant: String,
        /// The conflicts, their whole ids or the beginnings of them.
        ids: Vec<String>,
    }
    /// What was ever written to a record and its partner, newest first. One of both ids is named.
    RecordHistory {
        /// The tenant's name.
        tenant: String,
        /// The sync's name.
        sync: String,
        /// The record's id at the source.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        source: Option<String>,
        /// The record's id at the target.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        target: Option<String>,
        /// Only what set this field, or decided about it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        field: Option<String>,
        /// Only before this one: the last page's `next`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        before: Option<String>,
        /// At most so many, 1 to 1,000.
        limit: u32,
    }
    /// Keeps a value that a rule or a person decided against to be brought back to both systems: a
    /// decision like any other. One of both ids is named.
    RestoreValue {
        /// The tenant's name.
        tenant: String,
        /// The sync's name.
        sync: String,
        /// The record's id at the source.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        source: Option<String>,
        /// The record's id at the target.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        target: Option<String>,
        /// The field.
        field: String,
        /// The run or the conflict in which the value lost: its whole id or the beginning of it.
        from: String,
        /// Where the value stood, if both sides' lost.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        lost_on: Option<WireSide>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        note: Option<String>,
    }
    /// Pairs of records, in the order they were met.
    ListPairs {
        /// The tenant's name.
        tenant: String,
        /// Only of this sync.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        sync: Option<String>,
        /// Only in this state.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        state: Option<WirePairState>,
        /// Only after this one: the last page's `next`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        after: Option<String>,
        /// At most so many, 1 to 1,000.
        limit: u32,
    }
    /// Links two records by hand, whatever they were before: the next run compares them as if met for
    /// the first time.
    LinkPair {
        /// The tenant's name.
        tenant: String,
        /// The sync's name.
        sync: String,
        /// The record's id at the source.
        source: String,
        /// The record's id at the target.
        target: String,
    }
    /// Links the two records of a pair anew that was unlinked, or whose delete was left alone.
    RelinkPair {
        /// The tenant's name.
        tenant: String,
        /// The pair's number, or the id of one of its conflicts.
        id: String,
    }
    /// Leaves both records of a pair alone from now on.
    UnlinkPair {
        /// The tenant's name.
        tenant: String,
        /// The pair's number, or the id of one of its conflicts.
        id: String,
    }
    /// Records that were read and not settled, by sync, side and id.
    ListSetAside {
        /// The tenant's name.
        tenant: String,
        /// Only the one of this id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        id: Option<String>,
        /// Only of this sync.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        sync: Option<String>,
        /// Only after this one: the last page's `next`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        after: Option<String>,
        /// At most so many, 1 to 1,000.
        limit: u32,
    }
    /// Leaves a record that was set aside alone from now on, with its partner.
    DropSetAside {
        /// The tenant's name.
        tenant: String,
        /// Its id in the list.
        id: String,
    }
    /// Errors, newest first.
    ListErrors {
        /// The tenant's name.
        tenant: String,
        /// Only of this run.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        run: Option<String>,
        /// Only settled ones, or only those that are not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        resolved: Option<bool>,
        /// Only older than this one: the last page's `next`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        before: Option<String>,
        /// At most so many, 1 to 1,000.
        limit: u32,
    }
    /// One error, with everything known of it.
    GetError {
        /// The tenant's name.
        tenant: String,
        /// The error, its whole id or the beginning of it.
        id: String,
    }
    /// Marks an error as settled.
    ResolveError {
        /// The tenant's name.
        tenant: String,
        /// The error, its whole id or the beginning of it.
        id: String,
    }
    /// What administrators were told of failures, newest first.
    ListAlerts {
        /// The tenant's name.
        tenant: String,
        /// Only older than this one: the last page's `next`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        before: Option<String>,
        /// At most so many, 1 to 1,000.
        limit: u32,
    }
    /// How this Tandem behaves on this machine.
    GetSettings {}
    /// Changes what is named; the rest stays as it is.
    ChangeSettings {
        /// Seconds in which a decision can be taken back, 0 to 120.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        undo_seconds: Option<u32>,
        /// Whether Tandem is started when its user signs in. Only in a window.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        autostart: Option<bool>,
        /// Whether closing the window leaves schedules running. Only in a window.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        keep_running: Option<bool>,
        /// Whether the next window is drawn without the graphics device's buffers. Only in a window.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        compatible_rendering: Option<bool>,
    }
    /// For how many conflicts the panel holds choices that are not kept yet.
    NoteUnsaved {
        /// So many.
        conflicts: u32,
    }
    /// What a person answered who was asked whether to leave.
    LeaveWindow {
        /// The answer.
        how: Leave,
    }
    /// Who did what, newest first.
    ListAudit {
        /// The tenant's name.
        tenant: String,
        /// Only older than this row: the last page's `next`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        before: Option<String>,
        /// Only by this actor.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        actor: Option<String>,
        /// Only this action, such as `conflict.resolve`, or this group, such as `conflict`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        action: Option<String>,
        /// Only with this in what it was done to, whatever the case.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        object: Option<String>,
        /// Only with this anywhere, whatever the case.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        text: Option<String>,
        /// Not before this time, RFC 3339.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        since: Option<String>,
        /// Before this time, RFC 3339.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        until: Option<String>,
        /// At most so many, 1 to 1,000.
        limit: u32,
    }
    /// Whom and what the audit log tells of.
    ListAuditNames {
        /// The tenant's name.
        tenant: String,
    }
    /// Writes rows of the audit log to a new file beside the store, one JSON document a line, newest
    /// first.
    ExportAudit {
        /// The tenant's name.
        tenant: String,
        /// Only by this actor.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        actor: Option<String>,
        /// Only this action, such as `conflict.resolve`, or this group, such as `conflict`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        action: Option<String>,
        /// Only with this in what it was done to, whatever the case.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        object: Option<String>,
        /// Only with this anywhere, whatever the case.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        text: Option<String>,
        /// Not before this time, RFC 3339.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        since: Option<String>,
        /// Before this time, RFC 3339.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        until: Option<String>,
    }
    /// Checks that no row of the audit log was changed.
    VerifyAudit {
        /// The tenant's name.
        tenant: String,
    }
    /// Takes the audit log as it is now for what ought to be there: after a backup was put back, or
    /// the store was moved to another account. A row says who did, and over what.
    AcceptAudit {
        /// The tenant's name.
        tenant: String,
    }
    /// Removes what the tenant's retention no longer keeps.
    PruneHistory {
        /// The tenant's name.
        tenant: String,
    }
    /// Forgets what a record of a sync, and its partner, ever said. One of both ids is named.
    EraseRecord {
        /// The tenant's name.
        tenant: String,
        /// The sync's name.
        sync: String,
        /// The record's id at the source.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        source: Option<String>,
        /// The record's id at the target.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        target: Option<String>,
    }
    /// Creates and updates what a workspace file describes; what it does not name stays.
    ApplyWorkspace {
        /// The tenant's name.
        tenant: String,
        /// The file's text, TOML.
        text: String,
        /// The file's name, for error messages.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        file: Option<String>,
        /// The folder the file is in, as an absolute path: relative paths in the file start there.
        /// Without it they are refused.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        folder: Option<String>,
        /// Only say what would change.
        #[serde(default)]
        dry_run: bool,
    }
    /// Writes everything an admin set up as a workspace file, without secrets.
    ExportWorkspace {
        /// The tenant's name.
        tenant: String,
    }
    /// One sync or connection as it stands in a workspace file.
    GetItem {
        /// The tenant's name.
        tenant: String,
        /// What it is.
        kind: ItemKind,
        /// Its name.
        name: String,
    }
    /// Checks an edited sync or connection, as a text or as a form, without saving it.
    CheckItem {
        /// The tenant's name.
        tenant: String,
        /// What it is.
        kind: ItemKind,
        /// The name of what is edited; without it, something new.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        name: Option<String>,
        /// Its text, TOML: one `[[syncs]]` or `[[connections]]`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        text: Option<String>,
        /// Or the members of its table.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional, type = "Json")]
        value: Option<serde_json::Value>,
        /// Also ask the systems, which takes as long as they do.
        #[serde(default)]
        reach: bool,
    }
    /// Creates or changes one sync or connection; nothing else is touched.
    ApplyItem {
        /// The tenant's name.
        tenant: String,
        /// What it is.
        kind: ItemKind,
        /// The name of what is changed; without it, something new.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        name: Option<String>,
        /// The state it was read in; without it, something new.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        revision: Option<String>,
        /// Its text, TOML.
        text: String,
    }
    /// Puts a sync away: it never runs again, its history stays.
    ArchiveSync {
        /// The tenant's name.
        tenant: String,
        /// The sync's name.
        name: String,
        /// The state it was read in.
        revision: String,
    }
    /// The fields of two collections, and which of them probably mean the same.
    ProposeMapping {
        /// The tenant's name.
        tenant: String,
        /// The source's connection, by name.
        source_connection: String,
        /// The collection there.
        source_collection: String,
        /// The target's connection, by name.
        target_connection: String,
        /// The collection there.
        target_collection: String,
        /// Fields of the source that are mapped already, by path.
        #[serde(default)]
        mapped_source: Vec<String>,
        /// Fields of the target that are mapped already, by path.
        #[serde(default)]
        mapped_target: Vec<String>,
    }
    /// Carries a few real records of one side through a mapping, read-only.
    SampleMapping {
        /// The tenant's name.
        tenant: String,
        /// The mapping of this sync.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        name: Option<String>,
        /// Or of this text: one `[[syncs]]`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        text: Option<String>,
        /// From which side.
        side: WireSide,
        /// At most so many, 1 to 5.
        limit: u32,
    }
    /// The next five times of a schedule.
    NextTimes {
        /// As configured: five cron fields, maybe after `CRON_TZ=ZONE`.
        schedule: String,
    }
    /// Starts the sample systems and sets up their workspace.
    LoadSample {
        /// The tenant's name.
        tenant: String,
    }
}

/// What is to become of the two records of a delete conflict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum DeleteChoice {
    /// Delete the other one too.
    DeleteBoth,
    /// Bring the deleted one back.
    #[default]
    Restore,
    /// Leave both alone from now on.
    Unlink,
}
