//! The canonical record: fields in order of their names, shared between everyone who holds the same
//! record. A run holds each one many times over (as read, as planned, as the link's base and shadow,
//! as journalled); a clone costs a reference count.

use std::fmt;
use std::sync::Arc;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ids::FieldName;
use crate::value::Value;

/// A record carried through the mapping into the configuration's own typed field names: the only
/// form that is ever compared. A field that is absent was not carried, which means *unchanged*;
/// "it has no value" is [`Value::Null`].
#[derive(Clone, Default)]
pub struct CanonicalRecord {
    /// Ascending by name, each name once.
    fields: Arc<Vec<(FieldName, Value)>>,
}

impl CanonicalRecord {
    /// The value of a field, if it was carried.
    #[must_use]
    pub fn get(&self, field: &FieldName) -> Option<&Value> {
        let at = self.place(field).ok()?;
        self.fields.get(at).map(|(_, value)| value)
    }

    /// Whether a field was carried.
    #[must_use]
    pub fn contains(&self, field: &FieldName) -> bool {
        self.place(field).is_ok()
    }

    /// Whether no field was carried.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// How many fields were carried.
    #[must_use]
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// All fields, ascending by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&FieldName, &Value)> + Clone {
        self.fields.iter().map(|(field, value)| (field, value))
    }

    /// The names of all fields, ascending.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &FieldName> + Clone {
        self.fields.iter().map(|(field, _)| field)
    }

    /// Puts a field, in place of its earlier value. The very value it has already changes nothing,
    /// and the record stays shared.
    pub fn insert(&mut self, field: FieldName, value: Value) {
        let place = self.place(&field);
        if self.get(&field).is_some_and(|own| own.identical(&value)) {
            return;
        }
        let fields = Arc::make_mut(&mut self.fields);
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
        Some(Arc::make_mut(&mut self.fields).remove(at).1)
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
            fields: Arc::new(all),
        }
    }

    /// Whether both are one and the same record in memory: certainly equal, byte for byte. `false`
    /// says nothing.
    #[must_use]
    pub fn shares(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.fields, &other.fields)
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

    fn place(&self, field: &FieldName) -> Result<usize, usize> {
        self.fields.binary_search_by(|(name, _)| name.cmp(field))
    }
}

impl PartialEq for CanonicalRecord {
    fn eq(&self, other: &Self) -> bool {
        self.shares(other) || self.fields == other.fields
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
            fields: Arc::new(all),
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
