//! The sync configuration: what maps to what, who wins, what may be deleted. Its serde form is both
//! what the store keeps and what stands in a workspace file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use crate::collection::{CollectionSchema, NativeFieldInfo, NativeType};
use crate::ids::{CollectionName, FieldName, Name, Side};
use crate::mapping::{FieldPath, Mapping};
use crate::validation::ValidationRules;

mod check;

/// Which sides are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncDirection {
    /// Both.
    #[default]
    Bidirectional,
    /// Only the target.
    SourceToTarget,
    /// Only the source.
    TargetToSource,
}

impl SyncDirection {
    /// Whether `side` is written.
    #[must_use]
    pub const fn receives(self, side: Side) -> bool {
        matches!(
            (self, side),
            (Self::Bidirectional, _)
                | (Self::SourceToTarget, Side::Target)
                | (Self::TargetToSource, Side::Source)
        )
    }
}

/// Parts of a configuration that no link was ever compared under: changing them needs no new
/// comparison. Everything else does.
pub const BESIDE_THE_POINT: [&str; 6] = [
    "name",
    "deletes",
    "limits",
    "clock_tolerance_ms",
    "schedule",
    "paused",
];

/// One configuration: a source collection kept in step with a target collection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SyncConfiguration {
    /// Its name.
    pub name: Name,
    /// Where the source records are.
    pub source: Endpoint,
    /// Where the target records are.
    pub target: Endpoint,
    /// Which sides are written.
    #[serde(default)]
    pub direction: SyncDirection,
    /// The canonical fields by which records are paired that have no link yet; empty: never by key.
    #[serde(default)]
    pub match_key: Vec<FieldName>,
    /// Field by field, what maps to what.
    pub mapping: Mapping,
    /// Who wins.
    #[serde(default)]
    pub conflict: ConflictPolicy,
    /// What a delete on one side means for the other.
    #[serde(default)]
    pub deletes: DeletePolicy,
    /// In a one-way sync: whether the receiving side's own changes are put back.
    #[serde(default)]
    pub enforce: bool,
    /// What a record must fulfil on either side.
    #[serde(default)]
    pub validation: ValidationRules,
    /// Sizes and times.
    #[serde(default)]
    pub limits: Limits,
    /// Times of change closer than this do not tell who was last; milliseconds. `None`: measured.
    #[serde(default)]
    pub clock_tolerance_ms: Option<u64>,
    /// When it runs by itself: five cron fields in UTC, or after `CRON_TZ=ZONE` in that time zone;
    /// `None`: only when asked.
    #[serde(default)]
    pub schedule: Option<String>,
    /// Whether it rests.
    #[serde(default)]
    pub paused: bool,
}

/// One side's collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// The connection's name.
    pub connection: Name,
    /// The collection there.
    pub collection: CollectionName,
}

/// Who wins a contested field.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConflictPolicy {
    /// For every field that has no rule of its own.
    pub default: ConflictResolutionStrategyKind,
    /// Where two records are paired for the first time and differ.
    pub first_sync: ConflictResolutionStrategyKind,
    /// Where one side deleted what the other edited.
    pub delete_conflict: DeleteConflictPolicy,
    /// Rules for single fields.
    pub fields: BTreeMap<FieldName, ConflictResolutionStrategyKind>,
}

/// A conflict strategy by name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConflictResolutionStrategyKind {
    /// The side that changed last supplies the value.
    LastWriteWins,
    /// The source's value.
    SourceWins,
    /// The target's value.
    TargetWins,
    /// A person decides.
    #[default]
    Manual,
    /// Both changes are added up; numbers only.
    SumDeltas,
}

impl ConflictResolutionStrategyKind {
    /// Its name, as in a workspace file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LastWriteWins => "last_write_wins",
            Self::SourceWins => "source_wins",
            Self::TargetWins => "target_wins",
            Self::Manual => "manual",
            Self::SumDeltas => "sum_deltas",
        }
    }
}

/// What happens where one side deleted what the other edited.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeleteConflictPolicy {
    /// A person decides.
    #[default]
    Manual,
    /// The record goes on both sides.
    DeleteWins,
    /// The record comes back where it was deleted.
    EditWins,
    /// What the source did.
    SourceWins,
    /// What the target did.
    TargetWins,
}

/// What a delete on one side means for the other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeletePolicy {
    /// It is passed on.
    #[default]
    Propagate,
    /// It is left alone, for good.
    Ignore,
    /// A person decides.
    Manual,
}

/// Sizes and times of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Operations journalled, sent and acknowledged together.
    pub chunk_size: u32,
    /// Records asked for at once when listing.
    pub page_size: Option<u32>,
    /// The most records one run reads on a side; `None`: all of them.
    pub max_records: Option<u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            chunk_size: 100,
            page_size: None,
            max_records: None,
        }
    }
}

/// Something in a configuration that cannot work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{path}: {what}. {why} {fix}")]
pub struct ConfigProblem {
    /// Where, as a path in the workspace file (`syncs.contacts.mapping.full_name`).
    pub path: String,
    /// What is wrong.
    pub what: String,
    /// Why that cannot work.
    pub why: String,
    /// What to do.
    pub fix: String,
}

impl SyncConfiguration {
    /// Where the records of `side` are.
    #[must_use]
    pub const fn end(&self, side: Side) -> &Endpoint {
        match side {
            Side::Source => &self.source,
            Side::Target => &self.target,
        }
    }

    /// By which of the fields a connector can look up a record's partner at `side` is found: the
    /// connector's name for it, and where a record carries it. None where no field of the match key
    /// is both written there and among `lookup`.
    #[must_use]
    pub fn looked_up_by<'l>(
        &self,
        side: Side,
        lookup: &'l [String],
    ) -> Option<(&'l str, FieldPath)> {
        self.match_key.iter().find_map(|field| {
            let mapping = self.mapping.fields().get(field)?.side(side);
            if !mapping.writable() || mapping.join.is_some() || mapping.expression.is_some() {
                return None;
            }
            let path = mapping
                .path
                .clone()
                .unwrap_or_else(|| FieldPath::literal(field.as_str()));
            let name = lookup.iter().find(|name| path.is_named(name))?;
            Some((name.as_str(), path))
        })
    }

    /// Everything in this configuration that cannot work, as far as the two collections' schemas
    /// are known. Empty: it may be saved.
    #[must_use]
    pub fn check(
        &self,
        source: Option<&CollectionSchema>,
        target: Option<&CollectionSchema>,
    ) -> Vec<ConfigProblem> {
        check::check(self, source, target)
    }
}
