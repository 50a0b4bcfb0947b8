//! The plan of one pair: what both sides say now, and what follows from it.
//!
//! [`Decision`] is complete: it holds the writes to send, the link as it must stand the moment they
//! are journalled, and the conflict to park or close. The engine adds nothing of its own.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use crate::conflict::{CloseReason, ConflictDraft};
use crate::ids::{Both, FieldName, RecordId, Side, Version};
use crate::link::Link;
use crate::record::CanonicalRecord;
use crate::value::Value;

/// What one side says of its record in this run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Observation {
    /// Nothing new was read: it stands as the link knows it (`seen`, else the shadow).
    /// On a pair without a link: there is no record on that side.
    Unchanged,
    /// Read in this run.
    Live(Observed),
    /// Deleted: a tombstone, or confirmed absent.
    Deleted,
}

/// A record read in this run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Observed {
    /// Its id.
    pub id: RecordId,
    /// Its canonical form; absent fields are unchanged.
    pub record: CanonicalRecord,
    /// The version it was read at.
    pub version: Option<Version>,
    /// Its own system's time of change.
    pub updated_at: Option<DateTime<Utc>>,
}

/// Everything a decision about one pair depends on, besides policy and time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    /// What is known of it; `None` for records met for the first time.
    pub link: Option<Link>,
    /// What each side says now.
    pub sides: Both<Observation>,
    /// Whether a conflict is open for this link.
    pub conflict_open: bool,
}

/// One intended write to one side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Intent {
    /// Make a record.
    Create {
        /// All its fields that this side can take.
        fields: CanonicalRecord,
    },
    /// Change just these fields.
    Update {
        /// Which record.
        id: RecordId,
        /// The fields to change (a minimal patch).
        patch: CanonicalRecord,
        /// The whole record as it stood when this was planned: the compare-and-set ground where
        /// there is no conditional write, and the journal's *before*.
        before: CanonicalRecord,
        /// Write only if it still has this version.
        if_version: Option<Version>,
    },
    /// Delete it.
    Delete {
        /// Which record.
        id: RecordId,
        /// As it stood when this was planned.
        before: CanonicalRecord,
        /// Delete only if it still has this version.
        if_version: Option<Version>,
    },
}

/// What to do about one pair.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// Why.
    pub reason: Reason,
    /// The link as it must stand once this is journalled, before any receipt: agreed base, what was
    /// incorporated from each side, what is owed to each. `None`: leave what is stored.
    /// For a create, the other half is `None` until the receipt brings its id.
    pub link: Option<Link>,
    /// The write to each side, if any.
    pub intents: Both<Option<Intent>>,
    /// What happens to the link's conflict.
    pub conflict: ConflictChange,
    /// Values that a policy decided against; they stay in the journal and can be restored.
    pub losers: Vec<Loser>,
}

/// What a decision does to the conflict of its link.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum ConflictChange {
    /// Nothing.
    Keep,
    /// Open one, or refresh the open one (a new revision when its values differ).
    Park(ConflictDraft),
    /// Close the open one: the sides came to agree by themselves.
    Close(CloseReason),
}

/// A value that was not taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Loser {
    /// Where it stood.
    pub side: Side,
    /// In which field.
    pub field: FieldName,
    /// The value.
    pub value: Value,
    /// What was taken instead.
    pub winner: Value,
    /// Which rule decided ("last_write_wins", "decision" …).
    pub rule: String,
}

/// Why a decision is what it is: one word for each row of the semantics' table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Neither side changed.
    Unchanged,
    /// One side changed; the other is patched.
    OneSided,
    /// Both changed alike; the base moves.
    SameChange,
    /// Both changed different fields; both are patched.
    Merged,
    /// A contested field was settled by policy.
    Resolved,
    /// A contested field awaits a person.
    Contested,
    /// A delete met an edit and awaits a person.
    DeleteContested,
    /// A delete is passed on.
    DeletePropagated,
    /// A delete met an edit and policy restored the record.
    Restored,
    /// A delete is left alone by policy; a durable exclusion.
    DeleteIgnored,
    /// Both are gone; the link is closed.
    BothDeleted,
    /// A new record is created on the other side.
    New,
    /// Two records were found to be the same and equal.
    Paired,
    /// Two records were found to be the same and differ; a person or the first-sync policy decides.
    PairedDifferent,
    /// A change on a side that is not to be passed on: reported, left alone.
    Drift,
    /// An enforced one-way sync puts the receiving side back.
    Enforced,
    /// Fields owed from an earlier run are paid.
    OwedPaid,
    /// Excluded by an admin, or a tombstone.
    Excluded,
    /// What an earlier run wrote is taken back.
    RolledBack,
}

/// What planning needs of a configuration, gathered once a run.
#[derive(Debug, Clone)]
pub struct Clocks {
    /// How far each system's clock is ahead of ours; subtracted from its times.
    pub offset: Both<Duration>,
    /// Times closer than this do not tell who was last.
    pub tolerance: Duration,
}

/// A write's acknowledgement, in canonical form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Acknowledged {
    /// The record's id (a create learns it here).
    pub id: RecordId,
    /// The version the write left behind, if the system tells.
    pub version: Option<Version>,
    /// The system's time of our write.
    pub updated_at: Option<DateTime<Utc>>,
    /// The record as the system now holds it, when the answer carried it or a read-back proved to
    /// be of this very version. `None`: only that it was accepted.
    pub record: Option<CanonicalRecord>,
}
