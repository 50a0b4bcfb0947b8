//! Conflicts and the decisions of admins.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{Both, FieldName, RecordId, Version};
use crate::value::Value;

/// A conflict as planning finds it: everything an admin needs to decide, and everything needed to
/// see later whether either side moved on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConflictDraft {
    /// What kind of disagreement.
    pub kind: ConflictKind,
    /// Why it was parked, in words an admin reads.
    pub why: String,
    /// Every mapped field, contested ones marked.
    pub fields: Vec<ConflictField>,
    /// Each side as it was seen.
    pub sides: Both<Option<ConflictSide>>,
}

/// What kind of disagreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConflictKind {
    /// The same field was changed to different values.
    Update,
    /// One side deleted what the other changed (or deletes are `manual`).
    Delete,
    /// Two records were paired for the first time and differ.
    Pairing,
}

/// One field of a conflict. `None` values: the side has no such record, or the field was never known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConflictField {
    /// Which.
    pub field: FieldName,
    /// The last agreed value.
    pub base: Option<Value>,
    /// The source's value.
    pub source: Option<Value>,
    /// The target's value.
    pub target: Option<Value>,
    /// Whether it needs a choice. Others merge by themselves and are shown folded.
    pub contested: bool,
}

/// One side of a conflict as it was seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConflictSide {
    /// The record.
    pub id: RecordId,
    /// Its version.
    pub version: Option<Version>,
    /// Its own system's time of change.
    pub updated_at: Option<DateTime<Utc>>,
    /// Whether it was deleted.
    pub deleted: bool,
}

/// What an admin chose.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum ConflictDecision {
    /// One choice for each contested field.
    Fields(BTreeMap<FieldName, Choice>),
    /// For a delete conflict: delete the other one too.
    DeleteBoth,
    /// For a delete conflict: bring the deleted one back.
    Restore,
    /// Leave both alone from now on: a durable exclusion.
    Unlink,
}

/// Where a field's value is taken from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Choice {
    /// The source's value as shown.
    Source,
    /// The target's value as shown.
    Target,
    /// The last agreed value.
    Base,
    /// A value of the field's type.
    Custom(Value),
}

/// Why an open conflict closed without a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CloseReason {
    /// Both sides now hold the same.
    SidesAgree,
    /// A policy change settled it.
    PolicyDecided,
    /// Both records are gone.
    BothDeleted,
}

/// Where a conflict stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConflictState {
    /// Waits for a person.
    Open,
    /// Decided; not (fully) written yet.
    Decided,
    /// Written to both systems.
    Resolved,
    /// Closed by itself.
    Closed,
}
