//! Conflicts and the decisions of admins.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{Both, FieldName, RecordId, Version};
use crate::link::{Link, LinkSide, Seen};
use crate::schema::CanonicalSchema;
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

impl ConflictDraft {
    /// What bringing back a value of `field` starts from: both records of a linked pair as they are
    /// known, so that one that moved on since is told from one that did not. `None`: half a pair.
    #[must_use]
    pub fn restoring(
        link: &Link,
        schema: &CanonicalSchema,
        field: &FieldName,
        why: String,
    ) -> Option<Self> {
        let (Some(source), Some(target)) = (&link.sides.source, &link.sides.target) else {
            return None;
        };
        let fields = schema
            .fields
            .keys()
            .map(|name| ConflictField {
                field: name.clone(),
                base: link.base.as_ref().and_then(|base| base.get(name)).cloned(),
                source: source.known().get(name).cloned(),
                target: target.known().get(name).cloned(),
                contested: name == field,
            })
            .filter(|it| {
                it.contested || it.base.is_some() || it.source.is_some() || it.target.is_some()
            })
            .collect();
        let side = |half: &LinkSide| ConflictSide {
            id: half.id.clone(),
            version: half.version.clone(),
            updated_at: half.updated_at,
            deleted: half.seen == Some(Seen::Deleted),
        };
        Some(Self {
            kind: ConflictKind::Restoration,
            why,
            fields,
            sides: Both::new(Some(side(source)), Some(side(target))),
        })
    }
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
    /// No disagreement: an admin brings back a value that was decided against.
    Restoration,
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
    /// The record changed after this was decided, and both sides agree on what it says now.
    MovedOn,
    /// A restoration was taken back before it was written.
    TakenBack,
    /// The pair was unlinked, or its records were linked anew, by hand.
    ByHand,
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
