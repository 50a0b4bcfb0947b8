//! What helps to make a sync: proposals for its mapping, a sample of real records, its schedule.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::WireFieldType;

/// The fields of two collections, and which of them probably mean the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MappingProposals {
    /// The source's fields.
    pub source: NativeFieldsView,
    /// The target's.
    pub target: NativeFieldsView,
    /// Proposals, the surest first. Nothing is applied.
    pub matches: Vec<FieldMatch>,
}

/// The fields of one collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct NativeFieldsView {
    /// Each field.
    pub fields: Vec<NativeFieldView>,
    /// Whether these are all there are.
    pub complete: bool,
}

/// One field as its system describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct NativeFieldView {
    /// Its path.
    pub path: String,
    /// Its type: `text`, `integer`, `decimal`, `float`, `boolean`, `timestamp`, `naive_timestamp`,
    /// `date`, `json`, `list`, `unknown`.
    #[serde(rename = "type")]
    pub ty: String,
    /// Whether it may hold no value.
    pub nullable: bool,
    /// Whether it may be written.
    pub writable: bool,
    /// Whether it is (part of) the record's id.
    pub primary_key: bool,
}

/// Two fields that probably mean the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct FieldMatch {
    /// A canonical name for both.
    pub field: String,
    /// The source's, by path.
    pub source: String,
    /// The target's, by path.
    pub target: String,
    /// A type that both can be read as.
    #[serde(rename = "type")]
    pub ty: WireFieldType,
    /// How sure, 1 to 100.
    pub confidence: u8,
    /// Why.
    pub why: MatchWhy,
}

/// What speaks for a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum MatchWhy {
    /// The same name.
    SameName,
    /// The same words, written differently.
    SameWords,
    /// Words that mean the same.
    Synonyms,
    /// Most of the words are the same.
    Similar,
}

/// Real records carried through a mapping.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct MappingSample {
    /// The system they are from.
    pub from: String,
    /// The system they would be written to.
    pub to: String,
    /// The records.
    pub records: Vec<SampledRecord>,
}

/// One record carried through.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SampledRecord {
    /// Its id.
    pub id: String,
    /// What the sync's validation rules say of it.
    pub problems: Vec<SampleProblem>,
    /// Field by field, by canonical name.
    pub fields: Vec<SampledField>,
}

/// What a validation rule says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SampleProblem {
    /// The native field; absent: the record as a whole.
    pub field: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub fix: String,
}

/// One field carried through.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SampledField {
    /// The canonical field.
    pub field: String,
    /// The native value; absent where it is made from several, or the record lacks it.
    #[ts(type = "Json | null")]
    pub native: Option<serde_json::Value>,
    /// What it is read as.
    #[ts(type = "Json | null")]
    pub canonical: Option<serde_json::Value>,
    /// What the other side would be written.
    #[ts(type = "Json | null")]
    pub written: Option<serde_json::Value>,
    /// How it went.
    pub outcome: SampleOutcome,
    /// Why it was refused.
    pub why: Option<String>,
    /// What to do about that.
    pub fix: Option<String>,
}

/// How carrying a field went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum SampleOutcome {
    /// Written on the other side, it reads back the same.
    Same,
    /// The record does not have it.
    Missing,
    /// The other side never takes it.
    NotWritten,
    /// It cannot be read, or not be written so that it reads back the same.
    Refused,
}

/// When a schedule comes next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ScheduleTimes {
    /// The next five, RFC 3339.
    pub times: Vec<String>,
    /// The time zone it is meant in.
    pub zone: String,
}
