//! Which strategy decides which field, and how a whole record is settled.

use std::collections::BTreeMap;

use crate::config::{ConflictPolicy, ConflictResolutionStrategyKind};
use crate::ids::FieldName;
use crate::record::CanonicalRecord;
use crate::schema::CanonicalSchema;
use crate::strategy::{
    ConflictResolutionStrategy, Contested, LastWriteWins, ManualResolution, Resolution, SourceWins,
    SumDeltas, TargetWins,
};

/// Detects conflicts and lets the configured strategies settle them: the one place that does, for
/// first syncs and later runs alike.
#[derive(Debug)]
pub struct ConflictResolutionService {
    default: &'static dyn ConflictResolutionStrategy,
    first_sync: &'static dyn ConflictResolutionStrategy,
    fields: BTreeMap<FieldName, &'static dyn ConflictResolutionStrategy>,
}

/// The strategy of that name.
#[must_use]
pub fn strategy(kind: ConflictResolutionStrategyKind) -> &'static dyn ConflictResolutionStrategy {
    match kind {
        ConflictResolutionStrategyKind::LastWriteWins => &LastWriteWins,
        ConflictResolutionStrategyKind::SourceWins => &SourceWins,
        ConflictResolutionStrategyKind::TargetWins => &TargetWins,
        ConflictResolutionStrategyKind::Manual => &ManualResolution,
        ConflictResolutionStrategyKind::SumDeltas => &SumDeltas,
    }
}

impl ConflictResolutionService {
    /// The service that a configuration asks for.
    #[must_use]
    pub fn new(policy: &ConflictPolicy) -> Self {
        Self {
            default: strategy(policy.default),
            first_sync: strategy(policy.first_sync),
            fields: policy
                .fields
                .iter()
                .map(|(field, kind)| (field.clone(), strategy(*kind)))
                .collect(),
        }
    }

    /// The strategy for a field: `first_sync` where nothing was ever agreed, else the field's own,
    /// else the default.
    #[must_use]
    pub fn strategy_for(
        &self,
        field: &FieldName,
        ever_agreed: bool,
    ) -> &'static dyn ConflictResolutionStrategy {
        if ever_agreed {
            self.fields.get(field).copied().unwrap_or(self.default)
        } else {
            self.first_sync
        }
    }

    /// Settles one contested field, and names the strategy that did.
    #[must_use]
    pub fn resolve(&self, contested: &Contested<'_>) -> (Resolution, &'static str) {
        let strategy = self.strategy_for(contested.field, contested.base.is_some());
        (strategy.resolve(contested), strategy.name())
    }

    /// Whether two records that were never agreed on differ in any field that both carry.
    #[must_use]
    pub fn detect_conflict(
        &self,
        schema: &CanonicalSchema,
        source: &CanonicalRecord,
        target: &CanonicalRecord,
    ) -> bool {
        !self.get_conflict_fields(schema, source, target).is_empty()
    }

    /// The fields in which two records that were never agreed on differ. A field that only one of
    /// them carries is no conflict.
    #[must_use]
    pub fn get_conflict_fields(
        &self,
        schema: &CanonicalSchema,
        source: &CanonicalRecord,
        target: &CanonicalRecord,
    ) -> Vec<FieldName> {
        source
            .iter()
            .filter(|(field, value)| {
                target
                    .get(field)
                    .is_some_and(|other| !schema.same(field, value, other))
            })
            .map(|(field, _)| field.clone())
            .collect()
    }
}
