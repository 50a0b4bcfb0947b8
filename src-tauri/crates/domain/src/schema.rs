//! The canonical schema: each field's type and what may be done with it on either side; equality,
//! change detection and digests of whole records.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::field_type::FieldType;
use crate::ids::{FieldName, Side};
use crate::record::{CanonicalRecord, ContentHash};
use crate::value::Value;

mod digest;

/// The types of a configuration's canonical fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CanonicalSchema {
    /// Each field by name.
    pub fields: BTreeMap<FieldName, FieldSpec>,
}

/// One canonical field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldSpec {
    /// Its type.
    pub ty: FieldType,
    /// What may be done with it at the source.
    pub source: FieldAccess,
    /// What may be done with it at the target.
    pub target: FieldAccess,
}

/// What may be done with a field on one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldAccess {
    /// Read and written.
    ReadWrite,
    /// Read only: a one-way mapping, or a field that system computes.
    ReadOnly,
}

impl FieldSpec {
    /// The access on `side`.
    #[must_use]
    pub const fn access(&self, side: Side) -> FieldAccess {
        match side {
            Side::Source => self.source,
            Side::Target => self.target,
        }
    }
}

impl CanonicalSchema {
    /// Whether the mapping lets `field` be written on `side`.
    #[must_use]
    pub fn writable(&self, side: Side, field: &FieldName) -> bool {
        self.fields
            .get(field)
            .is_some_and(|spec| spec.access(side) == FieldAccess::ReadWrite)
    }

    /// Whether two values of `field` are the same under its type. A field without a type is
    /// compared as JSON.
    #[must_use]
    pub fn same(&self, field: &FieldName, a: &Value, b: &Value) -> bool {
        self.fields
            .get(field)
            .map_or(&FieldType::Json, |spec| &spec.ty)
            .same(a, b)
    }

    /// A digest of a record: equal records have equal digests. An absent field and a null one
    /// differ.
    #[must_use]
    pub fn hash(&self, record: &CanonicalRecord) -> ContentHash {
        digest::record(self, record)
    }

    /// The same as [`Self::hash`], remembered with the record: whoever shares it, under this very
    /// schema, need not work it out again.
    #[must_use]
    pub fn known_hash(self: &Arc<Self>, record: &CanonicalRecord) -> ContentHash {
        record.digest(self, || self.hash(record))
    }

    /// The fields in which `now` differs from `shadow`. A field absent from `now` is unchanged; so
    /// is a null where nothing was ever known.
    #[must_use]
    pub fn changed(&self, now: &CanonicalRecord, shadow: &CanonicalRecord) -> Vec<FieldName> {
        if now.shares(shadow) {
            return Vec::new();
        }
        now.iter()
            .filter(|(field, value)| match shadow.get(field) {
                Some(old) => !self.same(field, value, old),
                None => **value != Value::Null,
            })
            .map(|(field, _)| field.clone())
            .collect()
    }

    /// A digest of the match key. `None` when a key field is absent, null or empty: such a record
    /// matches nothing.
    #[must_use]
    pub fn key_hash(&self, key: &[FieldName], record: &CanonicalRecord) -> Option<ContentHash> {
        digest::key(self, key, record)
    }
}
