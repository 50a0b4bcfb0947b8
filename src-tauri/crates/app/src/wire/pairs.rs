//! Pairs of records, and records that are not settled.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::WireSide;

/// What a pair is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum WirePairState {
    /// Two records kept in step.
    Active,
    /// One record without a partner (yet).
    Unpaired,
    /// Both are deleted.
    Closed,
    /// Left alone until it is linked by hand.
    Excluded,
    /// Its id or match key is not unique.
    Quarantined,
}

/// A pair, or half of one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct PairView {
    /// Its number.
    pub id: String,
    /// The sync's name.
    pub sync: String,
    /// What it is now.
    pub state: WirePairState,
    /// What a person would call the record.
    pub label: String,
    /// The record at the source; `null`: there is none.
    pub source_record_id: Option<String>,
    /// The record at the target; `null`: there is none.
    pub target_record_id: Option<String>,
    /// The next run plans it, whatever is read.
    pub waiting: bool,
    /// A create was sent for it and never acknowledged.
    pub uncertain: bool,
    /// Its conflict that is open or decided.
    pub conflict: Option<String>,
}

/// Why a record is not settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum WireSetAside {
    /// It breaks a rule, or the mapping cannot carry it.
    Unusable,
    /// Its id or match key is not unique.
    Quarantined,
    /// It may have been created on the other side; nobody knows yet.
    Uncertain,
    /// It has no partner yet; the next run looks for one again.
    Deferred,
}

/// A record that was read and not settled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SetAsideView {
    /// What names it in commands: its sync, side and id.
    pub id: String,
    /// The sync's name.
    pub sync: String,
    /// Where it lives.
    pub side: WireSide,
    /// That side's connection, by name.
    pub system: String,
    /// Its id there.
    pub record_id: String,
    /// Why, in a word.
    pub why: WireSetAside,
    /// Why, a sentence.
    pub reason: String,
}
