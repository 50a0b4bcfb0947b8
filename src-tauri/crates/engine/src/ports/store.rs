//! The store port: whole units of work, each one transaction, each scoped to a tenant by type.
//! [`Store::tenant`] is the only way in; no query method takes a tenant id.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tandem_domain::config::SyncConfiguration;
use tandem_domain::conflict::{CloseReason, ConflictDecision, ConflictDraft, ConflictState};
use tandem_domain::ids::{
    Both, ConflictId, ConnectionId, ErrorId, LinkId, Name, RecordId, RunId, Side, SyncId, TenantId,
};
use tandem_domain::suggestion::Tally;

use super::alerts::{AlertClaim, AlertRecord, ClaimedAlert, Delivery};
use super::history::{
    Change, Continuation, OperationKind, RecordEvent, RecordHistoryFilter, RunOptions, RunStatus,
    RunTrigger, SyncError, SyncHistory,
};
use super::pairs::{NewRestoration, PairFilter, PairRecord, SetAsideFilter, SetAsideRecord};
use super::retention::{Erased, Erasure, Pruned, Retention};
use super::session::{RunSession, SideProgress};

/// Why the store did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no such thing (for this tenant).
    #[error("no {kind} {id}")]
    NotFound {
        /// "run", "conflict" …
        kind: &'static str,
        /// What was asked for.
        id: String,
    },
    /// Another one has that name, or it was changed in between (a revision).
    #[error("{0}")]
    Conflict(String),
    /// Another run took over; nothing this session does counts any more.
    #[error("this run's lease was lost; another run of the same sync took over")]
    LeaseLost,
    /// The store was written by a newer version of Tandem.
    #[error("the store at {path} has schema version {found}, this Tandem knows up to {known}")]
    Newer {
        /// Its file.
        path: String,
        /// Its version.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// The disk is full or the file cannot be written.
    #[error("the store cannot be written: {0}")]
    Unwritable(String),
    /// The file is damaged.
    #[error("the store is damaged: {0}")]
    Damaged(String),
    /// Another process holds it for longer than the busy timeout.
    #[error("the store is busy: {0}")]
    Busy(String),
    /// A stored value does not read back (a bug, or tampering).
    #[error("a stored {what} does not read back: {why}")]
    Corrupt {
        /// What.
        what: &'static str,
        /// Why.
        why: String,
    },
    /// Anything else the database said.
    #[error("the store failed: {0}")]
    Other(String),
}

/// The owner of everything else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// Its name, unique.
    pub name: Name,
    /// When it was created.
    pub created_at: DateTime<Utc>,
}

/// A connection as stored: its settings are the connectors' own, secrets only by reference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConnectionRecord {
    /// Its id.
    pub id: ConnectionId,
    /// Its name, unique within the tenant.
    pub name: Name,
    /// `rest`, `postgres`, `sqlite` …
    pub kind: String,
    /// The whole description, JSON.
    pub settings: serde_json::Value,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// A sync configuration as stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SyncRecord {
    /// Its id.
    pub id: SyncId,
    /// The configuration; its name is unique within the tenant among those not archived.
    pub config: SyncConfiguration,
    /// Archived instead of deleted, so that history outlives it.
    pub archived: bool,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// A circuit's persisted state (per tenant and connection).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CircuitRecord {
    /// Consecutive retryable failures.
    pub failures: u32,
    /// Open until then; `None`: closed.
    pub open_until: Option<DateTime<Utc>>,
    /// Isolated by an admin: open until reset.
    pub isolated: bool,
    /// A half-open probe is under way until then.
    pub probe_until: Option<DateTime<Utc>>,
    /// Counts changes between closed, open, half-open and isolated; results of an older generation
    /// are ignored.
    pub generation: u64,
    /// What failed last.
    pub last_error: Option<String>,
    /// When it last changed.
    pub changed_at: Option<DateTime<Utc>>,
}

/// A conflict as stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConflictRecord {
    /// Its id.
    pub id: ConflictId,
    /// Of which configuration.
    pub sync: SyncId,
    /// That configuration's name.
    pub sync_name: String,
    /// Its link.
    pub link: LinkId,
    /// Goes up each time its values change.
    pub revision: u32,
    /// Where it stands.
    pub state: ConflictState,
    /// What is in it.
    pub draft: ConflictDraft,
    /// What was chosen; kept in part when a reopened conflict keeps unaffected choices.
    pub decision: Option<ConflictDecision>,
    /// The note of the one who decided.
    pub note: Option<String>,
    /// Who decided.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at: Option<DateTime<Utc>>,
    /// Not to be written before then (the undo window).
    pub not_before: Option<DateTime<Utc>>,
    /// Why it closed by itself.
    pub closed: Option<CloseReason>,
    /// The run that found it.
    pub run: RunId,
    /// When it was found.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// A decision to keep.
#[derive(Debug, Clone, PartialEq)]
pub struct NewDecision {
    /// For which conflict.
    pub conflict: ConflictId,
    /// The revision the admin saw; an older one is refused with [`StoreError::Conflict`].
    pub revision: u32,
    /// What was chosen.
    pub decision: ConflictDecision,
    /// Why.
    pub note: Option<String>,
    /// Not to be written before then.
    pub not_before: DateTime<Utc>,
}

/// Who did something, for the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The signed-in user, or `--actor`.
    pub name: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// An audit row. The chain's digest covers the row before it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Ascending; the keyset cursor.
    pub seq: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub actor: String,
    /// What was done: `conflict.resolve`, `sync.apply` …
    pub action: String,
    /// To what.
    pub subject: String,
    /// With which parameters, secrets removed.
    pub details: serde_json::Value,
    /// Digest over this row and the one before, hex.
    pub hash: String,
}

/// Which rows of the audit log; every part that is given has to fit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Only older than this row: the keyset cursor.
    pub before: Option<i64>,
    /// By whom, exactly.
    pub actor: Option<String>,
    /// What was done: an action such as `conflict.resolve`, or a group of them such as `conflict`.
    pub action: Option<String>,
    /// What is in the subject, whatever the case.
    pub subject: Option<String>,
    /// What is anywhere in the row, whatever the case.
    pub text: Option<String>,
    /// Not before.
    pub since: Option<DateTime<Utc>>,
    /// Before.
    pub until: Option<DateTime<Utc>>,
    /// At most so many rows.
    pub limit: usize,
}

/// Whom and what the audit log tells of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditNames {
    /// All actors, sorted.
    pub actors: Vec<String>,
    /// All actions, sorted.
    pub actions: Vec<String>,
}

/// What checking the audit log found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AuditVerdict {
    /// The first row that is not as it was written, and what is wrong there.
    pub first_bad: Option<(i64, AuditFault)>,
    /// What is known of the log outside the store; `None`: nothing.
    pub anchored: Option<Anchored>,
}

/// What is known of an audit log outside the store it stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anchored {
    /// Rows after this one are sealed under a key that the store does not hold.
    pub since: i64,
    /// The log was known to reach this row.
    pub to: i64,
}

/// What is wrong with an audit log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditFault {
    /// The row, or the one before it, was changed.
    Changed,
    /// It and what followed are missing.
    Missing,
    /// It does not bear the seal of this account.
    Unsealed,
    /// Another log stands in its place, up to here at least.
    Replaced,
}

/// A run to open.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRun {
    /// Its id.
    pub id: RunId,
    /// Of which configuration.
    pub sync: SyncId,
    /// What started it.
    pub trigger: RunTrigger,
    /// How it is asked to behave.
    pub options: RunOptions,
    /// Who.
    pub actor: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Not if one of this configuration was started on schedule since then, ended or not: that is
    /// the caller's run. So one time of a schedule is followed once, by however many processes.
    pub unless_since: Option<DateTime<Utc>>,
}

/// What opening a run gave.
pub enum RunOpening {
    /// It is ours.
    Opened(Box<dyn RunSession>),
    /// One with the same options is live: that is the caller's run (case 38).
    Joined(RunId),
    /// One with other options is live; wait or give up.
    Busy(RunId),
    /// The last holder's lease ran out less than one call timeout (30 s) ago: its last call may
    /// still land. Try again then.
    WaitUntil(DateTime<Utc>),
}

/// Which runs to list; newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunFilter {
    /// Only of this configuration.
    pub sync: Option<SyncId>,
    /// Only with this status.
    pub status: Option<RunStatus>,
    /// Only simulations, or none of them.
    pub simulated: Option<bool>,
    /// Only started at this time or later.
    pub since: Option<DateTime<Utc>>,
    /// Only started before this time.
    pub until: Option<DateTime<Utc>>,
    /// Only where the run's id begins with this, its error or one of its errors contains this (in
    /// any case of the letters A to Z), or one of its errors is of the record with this id.
    pub text: Option<String>,
    /// Only older than this run (keyset).
    pub before: Option<RunId>,
    /// At most so many.
    pub limit: usize,
}

/// Which conflicts to list; newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConflictFilter {
    /// Only of this configuration.
    pub sync: Option<SyncId>,
    /// Only in this state.
    pub state: Option<ConflictState>,
    /// Only older than this one (keyset).
    pub before: Option<ConflictId>,
    /// At most so many.
    pub limit: usize,
}

/// Which errors to list; newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ErrorFilter {
    /// Only of this run.
    pub run: Option<RunId>,
    /// Only resolved or only unresolved.
    pub resolved: Option<bool>,
    /// Only older than this one (keyset).
    pub before: Option<ErrorId>,
    /// At most so many.
    pub limit: usize,
}

/// Numbers for the overview.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Conflicts waiting for a person.
    pub open_conflicts: u64,
    /// Errors not resolved.
    pub unresolved_errors: u64,
    /// Linked pairs.
    pub links: u64,
}

/// The whole store. Calls are short and synchronous; callers in async code hand them to a blocking
/// thread.
pub trait Store: Send + Sync {
    /// All tenants, by name.
    fn tenants(&self) -> Result<Vec<Tenant>, StoreError>;
    /// Creates one.
    fn create_tenant(&self, tenant: &Tenant, actor: &Actor) -> Result<(), StoreError>;
    /// Removes one with everything of it.
    fn remove_tenant(&self, id: TenantId) -> Result<(), StoreError>;
    /// The way in. A tenant that does not exist has nothing: every query answers "not found".
    fn tenant(&self, id: TenantId) -> Arc<dyn TenantStore>;
}

/// Where circuits are kept.
pub trait CircuitStore: Send + Sync {
    /// A connection's circuit.
    fn circuit(&self, connection: ConnectionId) -> Result<CircuitRecord, StoreError>;
    /// Changes it in one transaction: `change` is given what is stored and answers what it becomes,
    /// `None` leaves it. With an actor and an action it is audited, changed or not. Gives what is
    /// stored afterwards. `change` may be asked more than once; the last answer counts.
    fn change_circuit(
        &self,
        connection: ConnectionId,
        audit: Option<(&Actor, &str)>,
        change: &mut dyn FnMut(&CircuitRecord) -> Option<CircuitRecord>,
    ) -> Result<CircuitRecord, StoreError>;
}

/// Everything of one tenant.
pub trait TenantStore: CircuitStore {
    /// Whose.
    fn id(&self) -> TenantId;

    /// All connections, by name.
    fn connections(&self) -> Result<Vec<ConnectionRecord>, StoreError>;
    /// Creates or replaces one (by id), audited.
    fn put_connection(
        &self,
        connection: &ConnectionRecord,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        self.put_workspace(std::slice::from_ref(connection), &[], None, actor)
    }
    /// All configurations not archived, by name.
    fn syncs(&self) -> Result<Vec<SyncRecord>, StoreError>;
    /// One.
    fn sync(&self, id: SyncId) -> Result<SyncRecord, StoreError>;
    /// Creates or replaces one (by id), audited. A changed mapping, key or filter marks its links
    /// to be compared in full by the next run.
    fn put_sync(&self, sync: &SyncRecord, actor: &Actor) -> Result<(), StoreError> {
        self.put_workspace(&[], std::slice::from_ref(sync), None, actor)
    }
    /// The same for several of both, in order, and for what is kept how long: all of them, or none and
    /// no audit row either.
    fn put_workspace(
        &self,
        connections: &[ConnectionRecord],
        syncs: &[SyncRecord],
        retention: Option<&Retention>,
        actor: &Actor,
    ) -> Result<(), StoreError>;
    /// Re-baselines a configuration's links: what both sides agreed on is forgotten, both records
    /// stay paired, and the next run lists both sides in full and compares every pair as if met for
    /// the first time. Identities are forgotten too: the next run takes the systems as they are.
    /// Exclusions stay. How many links that were; audited. [`StoreError::Conflict`] while a run is live.
    fn rebaseline(&self, sync: SyncId, actor: &Actor) -> Result<u64, StoreError>;
    /// What the last runs left for the next one.
    fn side_progress(&self, sync: SyncId) -> Result<Both<SideProgress>, StoreError>;

    /// How long history is kept.
    fn retention(&self) -> Result<Retention, StoreError>;
    /// Removes what is older than [`TenantStore::retention`] allows at `now`: about `rows` rows, in one
    /// transaction that keeps no run waiting for long. Call it again while there is
    /// [more](Pruned::more). A run's row stays and says that its details are gone; nothing goes that
    /// a later run, an open conflict, a decision not carried out or a rollback under way needs.
    fn prune(&self, now: DateTime<Utc>, rows: usize) -> Result<Pruned, StoreError>;

    /// Forgets what a record of a sync, and its partner, ever said: nothing of it can be read from the
    /// store's files afterwards. The pair of ids stays; the next run reads both by id and compares them
    /// as if met for the first time, or finds them deleted. Audited, without saying which one.
    /// [`StoreError::Conflict`] while a run of the sync is live, [`StoreError::NotFound`] where nothing
    /// of it is kept, [`StoreError::Busy`] where it is erased but a reader still keeps an older state
    /// of the files: do it again.
    fn erase_record(&self, erasure: &Erasure, actor: &Actor) -> Result<Erased, StoreError>;

    /// Opens a run under the configuration's lease, settling who may: see [`RunOpening`]. A live
    /// run whose lease ran out is closed as `failed` (interrupted) and continued by this one.
    fn open_run(&self, run: &NewRun) -> Result<RunOpening, StoreError>;
    /// Asks a live run to stop at its next chunk; audited.
    fn request_cancel(&self, id: RunId, actor: &Actor) -> Result<(), StoreError>;
    /// Runs, newest first.
    fn runs(&self, filter: &RunFilter) -> Result<Vec<SyncHistory>, StoreError>;
    /// One.
    fn run(&self, id: RunId) -> Result<SyncHistory, StoreError>;
    /// The newest simulation that came to this plan hash.
    fn planned(&self, hash: &str) -> Result<Option<SyncHistory>, StoreError>;
    /// What runs left to be done, the soonest first: for each configuration that is not archived, what
    /// its newest run left. A later run takes it over, however it ends; simulations and runs that only
    /// carry out decisions do not.
    fn continuations(&self) -> Result<Vec<Continuation>, StoreError>;
    /// When the newest run of a configuration that its schedule started began.
    fn last_scheduled(&self, sync: SyncId) -> Result<Option<DateTime<Utc>>, StoreError>;
    /// From when on a configuration's run can be taken over if its holder stays silent; `None` where
    /// no run is open.
    fn takeover_at(&self, sync: SyncId) -> Result<Option<DateTime<Utc>>, StoreError>;
    /// A run's journal, or of it what does one kind of thing, ascending after `after`.
    fn changes(
        &self,
        run: RunId,
        kind: Option<OperationKind>,
        after: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Change>, StoreError>;
    /// A run's snapshots (before, after), if it took any.
    fn snapshots(
        &self,
        run: RunId,
    ) -> Result<Option<(serde_json::Value, serde_json::Value)>, StoreError>;

    /// Conflicts, newest first.
    fn conflicts(&self, filter: &ConflictFilter) -> Result<Vec<ConflictRecord>, StoreError>;
    /// One.
    fn conflict(&self, id: ConflictId) -> Result<ConflictRecord, StoreError>;
    /// Keeps a decision, durably, audited.
    fn decide(&self, decision: &NewDecision, actor: &Actor) -> Result<ConflictRecord, StoreError>;
    /// Keeps several decisions in one transaction, each audited: every one answers for itself, in
    /// order, with what [`TenantStore::decide`] would answer. `together`: one that is refused keeps
    /// the others from being kept too; they answer as if they were. At most one for each conflict.
    fn decide_many(
        &self,
        decisions: &[NewDecision],
        together: bool,
        actor: &Actor,
    ) -> Result<Vec<Result<ConflictRecord, StoreError>>, StoreError>;
    /// What people chose in the field conflicts of a sync, counted in the transactions of their
    /// decisions and of taking them back. Grows with fields and patterns, never with decisions.
    fn tallies(&self, sync: SyncId) -> Result<Vec<Tally>, StoreError>;
    /// Takes a decision back that has not begun to be written; audited.
    fn undo_decision(&self, id: ConflictId, actor: &Actor) -> Result<ConflictRecord, StoreError>;
    /// The same for several in one transaction, each answering for itself, in order.
    fn undo_decisions(
        &self,
        ids: &[ConflictId],
        actor: &Actor,
    ) -> Result<Vec<Result<ConflictRecord, StoreError>>, StoreError>;

    /// Keeps a value that lost to be brought back by the next run: a decision like any other, audited.
    /// [`StoreError::Conflict`] where the pair is not linked, or a conflict of it waits.
    fn restore(
        &self,
        restoration: &NewRestoration,
        actor: &Actor,
    ) -> Result<ConflictRecord, StoreError>;

    /// Pairs, in the order they were met.
    fn pairs(&self, filter: &PairFilter) -> Result<Vec<PairRecord>, StoreError>;
    /// One.
    fn pair(&self, id: LinkId) -> Result<PairRecord, StoreError>;
    /// The one that a record is part of.
    fn pair_of(
        &self,
        sync: SyncId,
        side: Side,
        record: &RecordId,
    ) -> Result<PairRecord, StoreError>;
    /// What a run wrote (or would write) for a pair, ascending.
    fn changes_of(&self, run: RunId, pair: LinkId) -> Result<Vec<Change>, StoreError>;
    /// What was ever written to a pair, newest first, as far as it is kept; simulations left out.
    /// [`StoreError::NotFound`] where there is no such pair.
    fn record_history(
        &self,
        pair: LinkId,
        filter: &RecordHistoryFilter,
    ) -> Result<Vec<RecordEvent>, StoreError>;
    /// Links two records by hand, whatever they were before: the next run reads both by id and compares
    /// them as if met for the first time. A partner that one of them had before stays behind
    /// as it was. Audited. [`StoreError::Conflict`] where one of them is linked already, or while a run
    /// of the configuration is live.
    fn link_by_hand(
        &self,
        sync: SyncId,
        records: &Both<RecordId>,
        actor: &Actor,
    ) -> Result<PairRecord, StoreError>;
    /// Leaves a record, and its partner, alone from now on: only linking it by hand clears that.
    /// Audited. [`StoreError::NotFound`] where nothing is known of it, [`StoreError::Conflict`] where
    /// it is left alone or deleted already, or while a run of the configuration is live.
    fn leave_alone(
        &self,
        sync: SyncId,
        side: Side,
        record: &RecordId,
        actor: &Actor,
    ) -> Result<PairRecord, StoreError>;
    /// Records that were read and not settled.
    fn set_aside(&self, filter: &SetAsideFilter) -> Result<Vec<SetAsideRecord>, StoreError>;

    /// Errors, newest first.
    fn errors(&self, filter: &ErrorFilter) -> Result<Vec<SyncError>, StoreError>;
    /// One.
    fn error(&self, id: ErrorId) -> Result<SyncError, StoreError>;
    /// Marks one as settled; audited.
    fn resolve_error(&self, id: ErrorId, actor: &Actor) -> Result<(), StoreError>;

    /// Rows of the audit log, newest first. A row whose subject and details were destroyed is found
    /// by what is left of it.
    fn find_audit(&self, filter: &AuditFilter) -> Result<Vec<AuditEntry>, StoreError>;
    /// The audit log, newest first, before `before`.
    fn audit(&self, before: Option<i64>, limit: usize) -> Result<Vec<AuditEntry>, StoreError> {
        self.find_audit(&AuditFilter {
            before,
            limit,
            ..AuditFilter::default()
        })
    }
    /// Everybody and everything that it tells of.
    fn audit_names(&self) -> Result<AuditNames, StoreError>;
    /// Adds a row.
    fn add_audit(
        &self,
        actor: &Actor,
        action: &str,
        subject: &str,
        details: serde_json::Value,
    ) -> Result<(), StoreError>;
    /// Checks the whole log: its chain, and what is known of it outside the store.
    fn verify_audit(&self) -> Result<AuditVerdict, StoreError>;
    /// Takes the log as it is now, with a row that says so, for what is known of it outside the store
    /// from here on: after a backup was put back, or the store was moved.
    fn accept_audit(&self, actor: &Actor, details: serde_json::Value) -> Result<(), StoreError>;

    /// Alerts, newest first, before `before`.
    fn alerts(&self, before: Option<i64>, limit: usize) -> Result<Vec<AlertRecord>, StoreError>;
    /// Takes the next alert that is due on a channel, oldest first, for [`CLAIM`] from now; nobody
    /// else is given one of that configuration on that channel meanwhile. Due is only a configuration's
    /// newest alert that the channel has not told; a failure not within [`SLOT`] of the last one told
    /// there; a recovery only where the failure was told, or where nobody was told at all.
    ///
    /// [`CLAIM`]: super::alerts::CLAIM
    /// [`SLOT`]: super::alerts::SLOT
    fn claim_alert(&self, claim: &AlertClaim<'_>) -> Result<Option<ClaimedAlert>, StoreError>;
    /// Keeps what became of a claimed alert on that channel. That it was told counts whoever holds the
    /// claim by now; that it was not counts only for the claim's own holder.
    fn settle_alert(
        &self,
        channel: &str,
        claimed: &ClaimedAlert,
        delivery: &Delivery,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError>;
    /// Numbers for the overview.
    fn totals(&self) -> Result<Totals, StoreError>;
}
