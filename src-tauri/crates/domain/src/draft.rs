//! Writing up a conflict for the inbox.

use std::collections::{BTreeMap, BTreeSet};

use crate::conflict::{ConflictDraft, ConflictField, ConflictKind, ConflictSide};
use crate::ids::{Both, FieldName, Side};
use crate::policy::Policy;
use crate::record::CanonicalRecord;
use crate::standing::Standing;
use crate::value::Value;

/// What a draft is written from.
pub(crate) struct DraftOf<'a> {
    pub(crate) kind: ConflictKind,
    pub(crate) why: String,
    pub(crate) policy: &'a Policy,
    pub(crate) base: &'a CanonicalRecord,
    /// Where a field is contested against something else than the base.
    pub(crate) priors: &'a BTreeMap<FieldName, Option<Value>>,
    /// What each side wants; `None`: its record is gone.
    pub(crate) records: Both<Option<&'a CanonicalRecord>>,
    pub(crate) standings: &'a Both<Standing>,
    pub(crate) contested: &'a BTreeSet<FieldName>,
}

impl DraftOf<'_> {
    pub(crate) fn write(self) -> ConflictDraft {
        let value = |side: Side, field: &FieldName| {
            self.records
                .get(side)
                .and_then(|record| record.get(field))
                .cloned()
        };
        let fields = self
            .policy
            .schema
            .fields
            .keys()
            .map(|field| ConflictField {
                field: field.clone(),
                base: match self.priors.get(field) {
                    Some(prior) => prior.clone(),
                    None => self.base.get(field).cloned(),
                },
                source: value(Side::Source, field),
                target: value(Side::Target, field),
                contested: self.contested.contains(field),
            })
            .filter(|it| it.base.is_some() || it.source.is_some() || it.target.is_some())
            .collect();
        let seen = |side: Side| match self.standings.get(side) {
            Standing::Absent => None,
            Standing::Gone(half) => Some(ConflictSide {
                id: half.id.clone(),
                version: half.version.clone(),
                updated_at: half.updated_at,
                deleted: true,
            }),
            Standing::Live(live) => Some(ConflictSide {
                id: live.id.clone(),
                version: live.version.clone(),
                updated_at: live.updated_at,
                deleted: false,
            }),
        };
        ConflictDraft {
            kind: self.kind,
            why: self.why,
            fields,
            sides: Both::new(seen(Side::Source), seen(Side::Target)),
        }
    }
}
