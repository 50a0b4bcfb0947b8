//! A link: the pair of one source and one target record, and what both sides agreed on last.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{Both, FieldName, RecordId, Version};
use crate::record::CanonicalRecord;
use crate::value::Value;

/// What is known of a pair. It may be half a pair: a record of one side that has no partner (yet).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Link {
    /// What it is now.
    pub state: LinkState,
    /// The canonical record both sides agreed on last. `None`: paired, but never agreed.
    pub base: Option<CanonicalRecord>,
    /// Each side's half; `None` where there is no record.
    pub sides: Both<Option<LinkSide>>,
}

/// What a link is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// Two records kept in step (or, without a base, waiting for their first agreement).
    Active,
    /// One record without a partner: not creatable there, failed, or not yet created.
    Unpaired,
    /// Both are deleted; the tombstone stays.
    Closed,
    /// An admin chose to leave it alone; only an explicit relink clears it.
    Excluded,
    /// Set aside because its id or match key is not unique.
    Quarantined,
}

/// One side of a link.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LinkSide {
    /// The record there.
    pub id: RecordId,
    /// The version last seen, for conditional writes.
    pub version: Option<Version>,
    /// That system's own time of the last change seen.
    pub updated_at: Option<DateTime<Utc>>,
    /// When `updated_at` was caused by our own write: such a time never wins `last_write_wins`.
    pub ours: bool,
    /// The canonical record of that side that was last incorporated. It may differ from the base:
    /// servers trim, round, normalise.
    pub shadow: CanonicalRecord,
    /// What was read since but not incorporated (a conflict is open, a write failed, drift).
    /// `None`: nothing beyond the shadow.
    pub seen: Option<Seen>,
    /// Fields of the agreed result that this side has not acknowledged yet.
    pub owed: Vec<OwedField>,
}

/// What a side said last, when that is not incorporated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Seen {
    /// A live record.
    Live(CanonicalRecord),
    /// It was deleted.
    Deleted,
}

/// One field that a side still has to receive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OwedField {
    /// Which.
    pub field: FieldName,
    /// The agreed value.
    pub value: Value,
    /// The base from before the merge: what the field is contested against if that side changed
    /// in the meantime. `None`: the field had no base.
    pub prior: Option<Value>,
}
