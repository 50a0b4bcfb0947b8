//! One run's exclusive hold on the store: lease, staging, plan, journal, receipts.
//!
//! Staging and the plan are scratch space: they need not survive a crash (an interrupted run is
//! settled from the journal and read afresh). Journal, links, conflicts and errors are durable the
//! moment the call returns. Each method is one transaction; none spans the network.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tandem_domain::conflict::{ConflictDecision, ConflictDraft};
use tandem_domain::ids::{Both, ConflictId, LinkId, OperationKey, RecordId, RunId, Side, Version};
use tandem_domain::link::Link;
use tandem_domain::plan::{ConflictChange, Decision, Pair, Reason};
use tandem_domain::planner;
use tandem_domain::policy::Policy;
use tandem_domain::record::{CanonicalRecord, ContentHash};

use super::alerts::AlertStep;
use super::connector::Cursor;
use super::history::{
    Change, ErrorType, NewError, OperationKind, OperationState, ParkedConflict, RunCounts,
    RunStatus,
};
use super::store::StoreError;

/// A record read in this run, to be matched with what is known.
#[derive(Debug, Clone, PartialEq)]
pub struct StagedRecord {
    /// Its id.
    pub id: RecordId,
    /// Its version.
    pub version: Option<Version>,
    /// Its own system's time of change.
    pub updated_at: Option<DateTime<Utc>>,
    /// What it says.
    pub body: StagedBody,
}

/// What a staged record says.
#[derive(Debug, Clone, PartialEq)]
pub enum StagedBody {
    /// A usable record.
    Live {
        /// Its canonical form.
        record: CanonicalRecord,
        /// Its digest: equal to the stored shadow's digest means nothing changed.
        hash: ContentHash,
        /// The digest of its match key, if it has a whole one.
        key: Option<ContentHash>,
    },
    /// Gone.
    Deleted,
    /// There, but unusable (invalid, not mappable). It counts as present, is read again by id next
    /// time, and its link is left alone.
    SetAside {
        /// Why, a sentence.
        reason: String,
    },
}

/// What became of a staged page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StageCounts {
    /// Linked, and as the shadow already holds it.
    pub unchanged: u64,
    /// To be planned.
    pub changed: u64,
    /// Seen before in this listing (the latest version counts).
    pub repeated: u64,
}

/// A pair to plan.
#[derive(Debug, Clone, PartialEq)]
pub struct StagedPair {
    /// The stored link, if there is one.
    pub link_id: Option<LinkId>,
    /// What is known and what both sides say.
    pub pair: Pair,
    /// What stands in the way of planning it.
    pub problem: Option<PairProblem>,
    /// The link was left to be planned again; if nothing is to be done after all, that is to be
    /// written down.
    pub todo: bool,
    /// An earlier create for this (half) link was sent and never acknowledged.
    pub uncertain_create: Option<OperationKey>,
}

/// Why a pair cannot be planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PairProblem {
    /// Other records of the same side have the same match key (case 20): all are quarantined.
    DuplicateKey {
        /// On which side.
        side: Side,
        /// The others, up to 10.
        others: Vec<RecordId>,
    },
    /// This new record bears the key of a linked record that was deleted (case 17), whose link
    /// cannot be planned in this run.
    Recreated {
        /// On which side.
        side: Side,
        /// The link of the deleted one.
        link: LinkId,
    },
    /// This new record bears the key of a pair that somebody chose to leave alone (case 47):
    /// quarantined, so that it is neither paired with what is left of that nor made a second time.
    Unlinked {
        /// On which side.
        side: Side,
        /// The link that is left alone.
        link: LinkId,
    },
}

/// A planned pair, kept until its chunk is applied.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlannedPair {
    /// The stored link, if there is one.
    pub link_id: Option<LinkId>,
    /// What was planned from; needed to plan again when a write meets a newer version.
    pub pair: Pair,
    /// What to do.
    pub decision: Decision,
    /// The key to reuse for a create that may have been sent before.
    pub reuse_key: Option<OperationKey>,
    /// The decided conflict this carries out.
    pub carries_out: Option<ConflictId>,
    /// Nothing is done about it in this run; the next one plans it again.
    pub put_off: bool,
}

impl PlannedPair {
    /// Takes back what was decided: what was read is kept in the link, and the next run plans it again.
    pub fn put_off(&mut self, policy: &Policy, now: DateTime<Utc>) {
        self.decision = Decision {
            reason: Reason::Unchanged,
            link: Some(planner::put_off(&self.pair, policy, now)),
            intents: Both::new(None, None),
            conflict: ConflictChange::Keep,
            losers: Vec::new(),
        };
        self.reuse_key = None;
        self.carries_out = None;
        self.put_off = true;
    }
}

/// A link as stored: the pure link plus what the store indexes.
#[derive(Debug, Clone, PartialEq)]
pub struct LinkRow {
    /// The link.
    pub link: Link,
    /// Digest of each side's shadow under the schema's equality.
    pub hashes: Both<Option<ContentHash>>,
    /// Digest of its match key.
    pub key: Option<ContentHash>,
    /// Whether the next run must plan it even if neither side changed: something is owed, a write
    /// failed or was left pending. (Open conflicts and drift need nothing until a side changes.)
    pub todo: bool,
}

/// One pair's part of a journal transaction.
#[derive(Debug, Clone, PartialEq)]
pub struct JournalPair {
    /// The stored link; `None` makes a new row.
    pub link_id: Option<LinkId>,
    /// The link as it must stand from now on; `None` leaves it.
    pub row: Option<LinkRow>,
    /// The writes about to be sent.
    pub operations: Vec<JournalOperation>,
    /// What happens to the link's conflict, and the id to give a new one.
    pub conflict: ConflictStep,
}

/// What happens to a link's conflict within a transaction.
#[derive(Debug, Clone, PartialEq)]
pub enum ConflictStep {
    /// Nothing.
    Keep,
    /// Open one under this id, or refresh the open one of this link (same values: no new revision;
    /// unaffected choices of a reopened one are kept by the store).
    Park {
        /// The id if it is new.
        id: ConflictId,
        /// What is in it.
        draft: Box<ConflictDraft>,
    },
    /// Close the link's open conflict.
    Close(tandem_domain::conflict::CloseReason),
    /// A decided conflict meets fresh values: open again with them, a new revision.
    Reopen {
        /// Which.
        id: ConflictId,
        /// The fresh values.
        draft: Box<ConflictDraft>,
    },
    /// A decision is carried out: nothing more is owed.
    Resolved(ConflictId),
}

/// One write about to be sent (or, in a simulation, only planned).
#[derive(Debug, Clone, PartialEq)]
pub struct JournalOperation {
    /// Its key.
    pub key: OperationKey,
    /// The side to write.
    pub side: Side,
    /// What it does.
    pub kind: OperationKind,
    /// The record; `None` for a create.
    pub record_id: Option<RecordId>,
    /// The record as it stood when this was planned; `None` for a create.
    pub before: Option<CanonicalRecord>,
    /// The fields written: all of a create, the patch of an update; `None` for a delete.
    pub after: Option<CanonicalRecord>,
    /// Values decided against.
    pub losers: Vec<tandem_domain::plan::Loser>,
    /// Why.
    pub reason: Reason,
    /// `Journalled`, or `Planned` in a simulation.
    pub state: OperationState,
}

/// What the store answers for each [`JournalPair`], in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Journalled {
    /// Its link's row; `None` when there was none and none was asked for.
    pub link_id: Option<LinkId>,
    /// The conflict parked.
    pub conflict: Option<ParkedConflict>,
}

/// One pair's part of an acknowledging transaction.
#[derive(Debug, Clone, PartialEq)]
pub struct AcknowledgedPair {
    /// The link.
    pub link_id: LinkId,
    /// The link after the receipts. One with neither side removes the row (a half link whose record
    /// is gone).
    pub row: LinkRow,
    /// What became of each of its operations.
    pub operations: Vec<OperationResult>,
    /// What happens to its conflict now.
    pub conflict: ConflictStep,
}

/// What became of one operation.
#[derive(Debug, Clone, PartialEq)]
pub struct OperationResult {
    /// Which.
    pub key: OperationKey,
    /// Where it stands now.
    pub state: OperationState,
    /// The record written (a create learns it here).
    pub record_id: Option<RecordId>,
    /// Why it failed.
    pub error: Option<String>,
}

/// An operation of an earlier, interrupted run that has no receipt.
#[derive(Debug, Clone, PartialEq)]
pub struct Unsettled {
    /// Which.
    pub key: OperationKey,
    /// The run that journalled it.
    pub run: RunId,
    /// Side it was meant for.
    pub side: Side,
    /// What it would do.
    pub kind: OperationKind,
    /// The record; `None` for a create.
    pub record_id: Option<RecordId>,
    /// Its link.
    pub link_id: LinkId,
}

/// A write of an earlier run that is to be taken back.
#[derive(Debug, Clone, PartialEq)]
pub struct UndoOperation {
    /// As history shows it.
    pub change: super::history::Change,
    /// Its link, if it is still there.
    pub link: Option<UndoLink>,
}

/// The link of a write to take back.
#[derive(Debug, Clone, PartialEq)]
pub struct UndoLink {
    /// Which.
    pub id: LinkId,
    /// As stored.
    pub link: Link,
    /// Whether the next run is to plan it whatever is read.
    pub todo: bool,
}

/// A decision waiting to be carried out.
#[derive(Debug, Clone, PartialEq)]
pub struct DecidedConflict {
    /// Which conflict.
    pub id: ConflictId,
    /// As the admin saw it.
    pub draft: ConflictDraft,
    /// What was chosen.
    pub decision: ConflictDecision,
    /// Its link.
    pub link_id: LinkId,
    /// The link as stored.
    pub link: Link,
    /// An earlier create for this link was sent and never acknowledged.
    pub uncertain_create: Option<OperationKey>,
}

/// What is remembered of one side between runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SideProgress {
    /// Where the next changed-since listing begins.
    pub cursor: Option<Cursor>,
    /// Whose data it was (case 34).
    pub identity: Option<String>,
    /// Whether this side was ever listed completely.
    pub listed: bool,
    /// When it was last listed completely.
    pub listed_at: Option<DateTime<Utc>>,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub struct RunOutcome {
    /// Its status.
    pub status: RunStatus,
    /// What it did.
    pub counts: RunCounts,
    /// Milliseconds.
    pub execution_time_ms: u64,
    /// Why it failed.
    pub error: Option<(ErrorType, String)>,
    /// Digest over its decisions, hex.
    pub plan_hash: Option<String>,
    /// Up to 100 records before and after, secrets removed: JSON arrays.
    pub snapshots: Option<Snapshots>,
    /// What to remember of each side; `None` leaves it (a failed listing commits no cursor).
    pub progress: Both<Option<SideProgress>>,
    /// From when on another run is to do what this one left; `None`: it left nothing that would not
    /// come by itself.
    pub continue_at: Option<DateTime<Utc>>,
    /// What it means for whoever is told of failures: decided on and kept in the same transaction.
    pub alert: AlertStep,
    /// When.
    pub at: DateTime<Utc>,
}

/// Snapshots before and after.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshots {
    /// Before the run's writes.
    pub before: serde_json::Value,
    /// After them.
    pub after: serde_json::Value,
}

/// One run's hold on the store. Lost leases show as [`StoreError::LeaseLost`] on any call.
pub trait RunSession: Send {
    /// The run.
    fn run(&self) -> RunId;
    /// Runs that were found interrupted when this one opened.
    fn continues(&self) -> Option<RunId>;
    /// Extends the lease by 60 s and moves the run from `pending` to `running`; says whether an
    /// admin asked to cancel.
    fn renew(&mut self, now: DateTime<Utc>, counts: &RunCounts) -> Result<Renewal, StoreError>;
    /// Extends the lease without touching history; the same answer as [`RunSession::renew`].
    fn touch(&mut self, now: DateTime<Utc>) -> Result<Renewal, StoreError>;
    /// What is remembered of both sides.
    fn progress(&self) -> Result<Both<SideProgress>, StoreError>;
    /// Whether there is any link of this configuration: without one nothing can be deleted.
    fn has_links(&self) -> bool;
    /// Operations of interrupted runs without a receipt, all of them.
    fn unsettled(&mut self) -> Result<Vec<Unsettled>, StoreError>;
    /// Marks such operations (`Dropped` or `Uncertain`) and their links as to be planned again.
    fn settle(&mut self, operations: &[(OperationKey, OperationState)]) -> Result<(), StoreError>;

    /// Stages a page. A record whose digest equals its link's shadow is only marked as seen (its
    /// version is brought up to date); so is its set-aside entry cleared.
    fn stage(&mut self, side: Side, records: &[StagedRecord]) -> Result<StageCounts, StoreError>;
    /// Links with a record on that side that did not come in this run's listing, ascending by link:
    /// active ones and half ones (a record without a partner can vanish too), neither closed nor
    /// excluded.
    fn unseen(
        &mut self,
        side: Side,
        after: Option<LinkId>,
        limit: usize,
    ) -> Result<Vec<(LinkId, RecordId)>, StoreError>;
    /// How many that are, and how many active (whole) links there are.
    fn unseen_count(&mut self, side: Side) -> Result<(u64, u64), StoreError>;
    /// Deletes of this configuration, by the side they were made on, in runs that began at `since` or
    /// later: those that landed and those that may have.
    fn deletes_since(&mut self, since: DateTime<Utc>) -> Result<Both<u64>, StoreError>;
    /// Records set aside by earlier runs that have not been staged in this one, and why; read them
    /// by id.
    fn set_aside(
        &mut self,
        side: Side,
        after: Option<RecordId>,
        limit: usize,
    ) -> Result<Vec<(RecordId, String)>, StoreError>;

    /// The next pairs to plan, each once: links with a changed side or `todo`, then new records
    /// paired by match key, then those without a partner. Empty when all were given.
    fn next_pairs(&mut self, limit: usize) -> Result<Vec<StagedPair>, StoreError>;
    /// Live records of a side that bear a match key, up to 10: those of any link but `except`, be it
    /// parked, quarantined or unlinked, and those met in this run.
    fn bearers(
        &mut self,
        side: Side,
        key: ContentHash,
        except: Option<LinkId>,
    ) -> Result<Vec<RecordId>, StoreError>;
    /// Linked pairs that were read in this run and need no planning: as both shadows hold them.
    fn unchanged_pairs(&mut self) -> Result<u64, StoreError>;
    /// Sets pairs aside that cannot be planned, with their errors: a duplicate key or that of an
    /// unlinked pair makes the link (or a new half link) `Quarantined`; any other stays as it is (a new record becomes a half
    /// link), to be planned again by the next run.
    fn quarantine(
        &mut self,
        pairs: &[StagedPair],
        errors: &[NewError],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;
    /// Keeps planned pairs in order.
    fn keep_plan(&mut self, pairs: Vec<PlannedPair>) -> Result<(), StoreError>;
    /// The next planned pairs, each once, in the order kept.
    fn next_planned(&mut self, limit: usize) -> Result<Vec<PlannedPair>, StoreError>;

    /// Writes down what is about to be sent, with the links as agreed and the conflicts parked.
    fn journal_chunk(
        &mut self,
        pairs: &[JournalPair],
        errors: &[NewError],
        now: DateTime<Utc>,
    ) -> Result<Vec<Journalled>, StoreError>;
    /// Writes down what came back.
    fn acknowledge_chunk(
        &mut self,
        pairs: &[AcknowledgedPair],
        errors: &[NewError],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;
    /// Logs errors that belong to no chunk.
    fn log_errors(&mut self, errors: &[NewError]) -> Result<(), StoreError>;

    /// What a run of this configuration wrote and was acknowledged, newest first, older than `before`.
    fn undo_page(
        &mut self,
        run: RunId,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<UndoOperation>, StoreError>;
    /// Takes a simulation of this configuration as what was reviewed, and says how many operations it
    /// planned.
    fn review(&mut self, simulation: RunId) -> Result<u64, StoreError>;
    /// What was reviewed for the pair of these two records. Each operation that is asked for counts
    /// as met.
    fn reviewed(&mut self, pair: &Both<Option<RecordId>>) -> Result<Vec<Change>, StoreError>;
    /// What was reviewed and not met so far, in the order planned.
    fn reviewed_unmet(
        &mut self,
        after: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Change>, StoreError>;
    /// How many records that run made on each side.
    fn made_by(&mut self, run: RunId) -> Result<Both<u64>, StoreError>;

    /// Decisions whose undo window has passed and that are not fully written.
    fn decided(&mut self, now: DateTime<Utc>) -> Result<Vec<DecidedConflict>, StoreError>;
    /// Records the run's content fingerprint (TASK-015); `true` if the same was recorded within the
    /// last hour and never cleared: a redelivered trigger.
    fn fingerprint(&mut self, hash: ContentHash, now: DateTime<Utc>) -> Result<bool, StoreError>;
    /// Closes the run: history, snapshots, cursors, alert outbox, fingerprint (cleared on success),
    /// lease. The session ends here.
    fn finish(self: Box<Self>, outcome: RunOutcome) -> Result<(), StoreError>;
}

/// What a renewed lease says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewal {
    /// Go on.
    Held,
    /// An admin asked to cancel the run.
    CancelRequested,
}
