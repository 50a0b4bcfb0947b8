//! Conflicts and decisions.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{DeleteChoice, WireFieldType};

/// What kind of disagreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum WireConflictKind {
    /// The same field was changed to different values.
    Update,
    /// One side deleted what the other changed.
    Delete,
    /// Two records were paired for the first time and differ.
    Pairing,
}

/// Where a conflict stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum WireConflictState {
    /// Waits for a person.
    Open,
    /// Decided; not (fully) written yet.
    Decided,
    /// Written to both systems.
    Resolved,
    /// Closed by itself.
    Closed,
}

/// Where a field's value is taken from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Take {
    /// The source's value as shown.
    #[default]
    Source,
    /// The target's value as shown.
    Target,
    /// The last agreed value.
    Base,
    /// The value given.
    Custom,
}

/// A choice for one field.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct FieldChoice {
    /// Which field.
    pub field: String,
    /// Where its value is taken from.
    pub take: Take,
    /// With `custom`: the value, of the field's type (numbers as strings); `null` clears the field.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    #[ts(optional, type = "Json")]
    pub value: Option<serde_json::Value>,
}

/// Tells `"value": null` (clear the field) from no value at all.
fn present<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<serde_json::Value>, D::Error> {
    serde_json::Value::deserialize(deserializer).map(Some)
}

/// A conflict in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ConflictSummary {
    /// Its id.
    pub id: String,
    /// Goes up each time its values change.
    pub revision: u32,
    /// The sync's name.
    pub sync: String,
    /// What kind.
    pub kind: WireConflictKind,
    /// Where it stands.
    pub state: WireConflictState,
    /// What a person would call the record.
    pub label: String,
    /// Why it was parked, a sentence.
    pub reason: String,
    /// The source's connection, by name.
    pub source_system: String,
    /// The target's connection, by name.
    pub target_system: String,
    /// The record there; `null`: there is none (any more).
    pub source_record_id: Option<String>,
    /// The record there.
    pub target_record_id: Option<String>,
    /// The contested fields.
    pub contested: Vec<String>,
    /// The run that found it.
    pub run: String,
    /// When it was found, RFC 3339.
    pub detected_at: String,
    /// When it last changed.
    pub updated_at: String,
    /// A decision is not written before then.
    pub not_before: Option<String>,
    /// While it is open: what is suggested for its fields, those without a suggestion left out.
    pub suggestions: Vec<FieldSuggestion>,
}

/// What people mostly chose before for a contested field: counts, never values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct FieldSuggestion {
    /// Which field.
    pub field: String,
    /// What is suggested; never `custom`.
    pub take: Take,
    /// How often that was chosen.
    pub chosen: u32,
    /// Out of how many decisions about this field.
    pub of: u32,
    /// Whether only decisions with the same side newer and the same sides empty are counted.
    pub same_pattern: bool,
    /// Whether it is clear enough to be taken along with all strong ones.
    pub strong: bool,
    /// Decisions about this field that were made while a suggestion stood.
    pub offered: u32,
    /// Of these, how many followed it.
    pub followed: u32,
}

/// A conflict with everything needed to decide it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ConflictView {
    /// Its id.
    pub id: String,
    /// Goes up each time its values change; a decision names the one it was made for.
    pub revision: u32,
    /// The sync's name.
    pub sync: String,
    /// What kind.
    pub kind: WireConflictKind,
    /// Where it stands.
    pub state: WireConflictState,
    /// What a person would call the record.
    pub label: String,
    /// Why it was parked, a sentence.
    pub reason: String,
    /// The source's connection, by name.
    pub source_system: String,
    /// The target's connection, by name.
    pub target_system: String,
    /// The record there; `null`: there is none (any more).
    pub source_record_id: Option<String>,
    /// The record there.
    pub target_record_id: Option<String>,
    /// When the source says its record was changed.
    pub source_updated_at: Option<String>,
    /// When the target says its record was changed.
    pub target_updated_at: Option<String>,
    /// Whether it was deleted at the source.
    pub source_deleted: bool,
    /// Whether it was deleted at the target.
    pub target_deleted: bool,
    /// Every mapped field, contested ones first.
    pub fields: Vec<ConflictFieldView>,
    /// While it is open: what is suggested for contested fields, those without one left out.
    pub suggestions: Vec<FieldSuggestion>,
    /// For a delete conflict: what was chosen.
    pub delete_choice: Option<DeleteChoice>,
    /// The note of the one who decided.
    pub note: Option<String>,
    /// Who decided.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at: Option<String>,
    /// The decision is not written before then; until then it can be taken back.
    pub not_before: Option<String>,
    /// Why it closed by itself, a sentence.
    pub closed: Option<String>,
    /// The run that found it.
    pub run: String,
    /// When it was found, RFC 3339.
    pub detected_at: String,
    /// When it last changed.
    pub updated_at: String,
}

/// One field of a conflict. An absent value: that side has no such record, or it was never known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ConflictFieldView {
    /// Its name.
    pub field: String,
    /// Its type.
    #[serde(rename = "type")]
    pub ty: WireFieldType,
    /// The last agreed value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "Json")]
    pub base: Option<serde_json::Value>,
    /// The source's value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "Json")]
    pub source: Option<serde_json::Value>,
    /// The target's value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "Json")]
    pub target: Option<serde_json::Value>,
    /// Whether it needs a choice; others merge by themselves.
    pub contested: bool,
    /// What was chosen (also: what is kept of an earlier decision after the record changed).
    pub choice: Option<FieldChoice>,
}

/// One of several conflicts to decide.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct PickedConflict {
    /// Its whole id or the beginning of it.
    pub id: String,
    /// The revision that was looked at; an older one is refused. Without it: as it is now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub revision: Option<u32>,
}

/// What became of one of several decisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum DecisionOutcome {
    /// Kept; in a dry run: would be.
    Decided,
    /// The record changed since it was looked at: look again.
    Stale,
    /// Decided, written or closed before.
    AlreadySettled,
    /// There is no such conflict.
    NotFound,
    /// The decision does not fit it.
    Refused,
    /// It could be decided, but another one could not and it was all or nothing.
    HeldBack,
}

/// One of several conflicts and what became of its decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct DecidedConflict {
    /// Its id; as it was asked for where there is none.
    pub id: String,
    /// What a person would call the record; empty where there is no such conflict.
    pub label: String,
    /// The sync's name; empty where there is no such conflict.
    pub sync: String,
    /// The revision that this is about; `null` where there is no such conflict.
    pub revision: Option<u32>,
    /// What became of it.
    pub outcome: DecisionOutcome,
    /// Why it was not decided, a sentence; `null` where it was.
    pub reason: Option<String>,
    /// In a dry run: what each contested field would become.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<ResultingValue>>")]
    pub results: Vec<ResultingValue>,
}

/// A contested field and the value it would take in both systems.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ResultingValue {
    /// The field.
    pub field: String,
    /// The source's value now; `null` also where there is none.
    #[ts(type = "Json")]
    pub source: serde_json::Value,
    /// The target's value now.
    #[ts(type = "Json")]
    pub target: serde_json::Value,
    /// What both would take.
    #[ts(type = "Json")]
    pub result: serde_json::Value,
}

/// What became of taking many decisions back, in the order they were asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct DecisionsUndone {
    /// How many conflicts are open again.
    pub undone: u64,
    /// The others, each with the reason: written already, being written.
    pub left: Vec<UndoRefused>,
}

/// A decision that could not be taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct UndoRefused {
    /// The conflict, as it was asked for.
    pub id: String,
    /// Why, a sentence.
    pub reason: String,
}

/// What became of many decisions, in the order they were asked for (by filter: newest first).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ConflictsDecided {
    /// Nothing was kept: this is what would be.
    pub dry_run: bool,
    /// How many are decided.
    pub decided: u64,
    /// How many are not, for whatever reason.
    pub left: u64,
    /// Each.
    pub conflicts: Vec<DecidedConflict>,
}
