//! The canonical record: fields in order of their names, shared between everyone who holds the same
//! record. A run holds each one many times over (as read, as planned, as the link's base and shadow,
//! as journalled); a clone costs a reference count.

use std::fmt;
use std::sync::{Arc, OnceLock};

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ids::FieldName;
use crate::record::ContentHash;
use crate::schema::CanonicalSchema;
use crate::value::Value;

/// A record carried through the mapping into the configuration's own typed field names: the only
/// form that is ever compared. A field that is absent was not carried, which means *unchanged*;
/// "it has no value" is [`Value::Null`].
#[derive(Clone, Default)]
pub struct CanonicalRecord {
    shared: Arc<Shared>,
}

/// What the holders of one record share.
#[derive(Default)]
struct Shared {
    /// Ascending by name, each name once.
    fields: Vec<(FieldName, Value)>,
    /// The digest under the schema that first asked for it.
    digest: OnceLock<(Arc<CanonicalSchema>, ContentHash)>,
}

impl Clone for Shared {
    /// A copy is made to be changed: it has no digest yet.
    fn clone(&self) -> Self {
        Self::new(self.fields.clone())
    }
}

impl Shared {
    const fn new(fields: Vec<(FieldName, Value)>) -> Self {
        Self {
            fields,
            digest: OnceLock::new(),
        }
    }
}

impl CanonicalRecord {
    /// The value of a field, if it was carried.
    #[must_use]
    pub fn get(&self, field: &FieldName) -> Option<&Value> {
        let at = self.place(field).ok()?;
        self.shared.fields.get(at).map(|(_, value)| value)
    }

    /// Whether a field was carried.
    #[must_use]
    pub fn contains(&self, field: &FieldName) -> bool {
        self.place(field).is_ok()
    }

    /// Whether no field was carried.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.shared.fields.is_empty()
    }

    /// How many fields were carried.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shared.fields.len()
    }

    /// All fields, ascending by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&FieldName, &Value)> + Clone {
        self.shared
            .fields
            .iter()
            .map(|(field, value)| (field, value))
    }

    /// The names of all fields, ascending.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &FieldName> + Clone {
        self.shared.fields.iter().map(|(field, _)| field)
    }

    /// Puts a field, in place of its earlier value. The very value it has already changes nothing,
    /// and the record stays shared.
    pub fn insert(&mut self, field: FieldName, value: Value) {
        let place = self.place(&field);
        if self.get(&field).is_some_and(|own| own.identical(&value)) {
            return;
        }
        let fields = self.fields_mut();
        match place {
            Ok(at) => {
                if let Some(slot) = fields.get_mut(at) {
                    slot.1 = value;
                }
            }
            Err(at) => fields.insert(at, (field, value)),
        }
    }

    /// Takes a field out.
    pub fn remove(&mut self, field: &FieldName) -> Option<Value> {
        let at = self.place(field).ok()?;
        Some(self.fields_mut().remove(at).1)
    }

    /// This record with every field of `patch` replaced. One that changes nothing, byte for byte,
    /// gives this very record.
    #[must_use]
    pub fn with(&self, patch: &Self) -> Self {
        if self.is_empty() || self.shares(patch) {
            return patch.clone();
        }
        let changes = patch
            .iter()
            .any(|(field, value)| !self.get(field).is_some_and(|own| own.identical(value)));
        if !changes {
            return self.clone();
        }
        let mut all = Vec::with_capacity(self.len().max(patch.len()));
        let (mut own, mut new) = (self.iter().peekable(), patch.iter().peekable());
        loop {
            let (field, value) = match (own.peek(), new.peek()) {
                (Some((a, _)), Some((b, _))) => match a.cmp(b) {
                    std::cmp::Ordering::Less => own.next(),
                    std::cmp::Ordering::Greater => new.next(),
                    std::cmp::Ordering::Equal => {
                        own.next();
                        new.next()
                    }
                },
                (Some(_), None) => own.next(),
                (None, _) => new.next(),
            }
            .map_or((None, None), |(field, value)| (Some(field), Some(value)));
            let (Some(field), Some(value)) = (field, value) else {
                break;
            };
            all.push((field.clone(), value.clone()));
        }
        Self {
            shared: Arc::new(Shared::new(all)),
        }
    }

    /// Whether both are one and the same record in memory: certainly equal, byte for byte. `false`
    /// says nothing.
    #[must_use]
    pub fn shares(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// Whether both are equal to the last byte; see [`Value::identical`].
    #[must_use]
    pub fn identical(&self, other: &Self) -> bool {
        self.shares(other)
            || (self.len() == other.len()
                && self
                    .iter()
                    .zip(other.iter())
                    .all(|((field, a), (name, b))| field == name && a.identical(b)))
    }

    /// About how much memory this takes, in bytes.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.iter().map(|(_, value)| 32 + value.weight()).sum()
    }

    /// The record's digest under that very schema, worked out once for all who share the record.
    pub(crate) fn digest(
        &self,
        schema: &Arc<CanonicalSchema>,
        work_out: impl Fn() -> ContentHash,
    ) -> ContentHash {
        let (of, digest) = match self.shared.digest.get() {
            Some(known) => known,
            None => {
                let digest = work_out();
                self.shared
                    .digest
                    .get_or_init(|| (Arc::clone(schema), digest))
            }
        };
        if Arc::ptr_eq(of, schema) {
            *digest
        } else {
            work_out()
        }
    }

    /// The fields, to be changed: from then on not shared, and with another digest.
    fn fields_mut(&mut self) -> &mut Vec<(FieldName, Value)> {
        let shared = Arc::make_mut(&mut self.shared);
        shared.digest.take();
        &mut shared.fields
    }

    fn place(&self, field: &FieldName) -> Result<usize, usize> {
        self.shared
            .fields
            .binary_search_by(|(name, _)| name.cmp(field))
    }
}

impl PartialEq for CanonicalRecord {
    fn eq(&self, other: &Self) -> bool {
        self.shares(other) || self.shared.fields == other.shared.fields
    }
}

impl fmt::Debug for CanonicalRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl FromIterator<(FieldName, Value)> for CanonicalRecord {
    /// Of a name that comes twice the last one counts.
    fn from_iter<I: IntoIterator<Item = (FieldName, Value)>>(fields: I) -> Self {
        let mut all: Vec<(FieldName, Value)> = fields.into_iter().collect();
        let ascending = all
            .iter()
            .zip(all.iter().skip(1))
            .all(|((a, _), (b, _))| a < b);
        if !ascending {
            // Stable, so that the last of a name stands last among its equals.
            all.sort_by(|(a, _), (b, _)| a.cmp(b));
            all.reverse();
            all.dedup_by(|(a, _), (b, _)| a == b);
            all.reverse();
        }
        Self {
            shared: Arc::new(Shared::new(all)),
        }
    }
}

impl Extend<(FieldName, Value)> for CanonicalRecord {
    fn extend<I: IntoIterator<Item = (FieldName, Value)>>(&mut self, fields: I) {
        for (field, value) in fields {
            self.insert(field, value);
        }
    }
}

impl<const N: usize> From<[(FieldName, Value); N]> for CanonicalRecord {
    fn from(fields: [(FieldName, Value); N]) -> Self {
        fields.into_iter().collect()
    }
}

impl Serialize for CanonicalRecord {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for CanonicalRecord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = CanonicalRecord;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a record's fields")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                // A length that is announced is not yet there.
                let mut fields = Vec::with_capacity(map.size_hint().unwrap_or(0).min(1_024));
                while let Some(entry) = map.next_entry()? {
                    fields.push(entry);
                }
                Ok(fields.into_iter().collect())
            }
        }

        deserializer.deserialize_map(Fields)
    }
}
