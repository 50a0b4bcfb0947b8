//! A record carried through a mapping field by field, for people to look at: what each field is
//! read as, what the other side would be written, and why it cannot be.

use std::collections::BTreeMap;

use crate::ids::{FieldName, Side};
use crate::mapping::{FieldMapping, FieldPath, Mapping, MappingError};
use crate::record::{CanonicalRecord, NativeFields};
use crate::value::Value;

/// One field of a record on its way.
#[derive(Debug, Clone, PartialEq)]
pub struct Carried {
    /// The canonical field.
    pub field: FieldName,
    /// The native value it is read from, where it is a single one.
    pub native: Option<Value>,
    /// Its canonical form; `None` where the record lacks it or it cannot be read.
    pub canonical: Option<Value>,
    /// What the other side would be written.
    pub written: Option<NativeFields>,
    /// How it went.
    pub outcome: Outcome,
}

/// How carrying one field went.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Written on the other side, it reads back the same.
    Same,
    /// The record does not have it.
    Missing,
    /// The other side never takes it.
    NotWritten,
    /// It cannot be read, or the other side cannot hold it so that it reads back the same.
    Refused(MappingError),
}

impl Mapping {
    /// Carries a record of `from` to the other side and back, each field by itself, so that one
    /// that fails hides no other. In the order of the fields' names.
    #[must_use]
    pub fn carry(&self, from: Side, fields: &NativeFields, complete: bool) -> Vec<Carried> {
        let each: Vec<(&FieldName, &FieldMapping, Self)> = self
            .fields()
            .iter()
            .map(|(name, mapping)| {
                let alone = BTreeMap::from([(name.clone(), mapping.clone())]);
                (name, mapping, Self::new(alone))
            })
            .collect();
        let read: Vec<Result<CanonicalRecord, MappingError>> = each
            .iter()
            .map(|(_, _, alone)| alone.to_canonical(from, fields, complete))
            .collect();
        // An inverse may ask for the record's other fields.
        let whole: CanonicalRecord = read
            .iter()
            .flatten()
            .flat_map(CanonicalRecord::iter)
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        each.iter()
            .zip(read)
            .map(|((name, mapping, alone), read)| {
                let mut carried = Carried {
                    field: (*name).clone(),
                    native: native(name, mapping, from, fields),
                    canonical: None,
                    written: None,
                    outcome: Outcome::Missing,
                };
                match read {
                    Err(error) => carried.outcome = Outcome::Refused(error),
                    Ok(record) => {
                        carried.canonical = record.get(name).cloned();
                        if carried.canonical.is_some() {
                            (carried.written, carried.outcome) =
                                over(alone, name, from.other(), &record, &whole);
                        }
                    }
                }
                carried
            })
            .collect()
    }
}

fn over(
    alone: &Mapping,
    name: &FieldName,
    to: Side,
    record: &CanonicalRecord,
    whole: &CanonicalRecord,
) -> (Option<NativeFields>, Outcome) {
    if !alone.writable(to, name) {
        return (None, Outcome::NotWritten);
    }
    match alone.to_native(to, record, Some(whole)) {
        Ok(written) => (Some(written), Outcome::Same),
        Err(error) => (None, Outcome::Refused(error)),
    }
}

fn native(
    name: &FieldName,
    mapping: &FieldMapping,
    side: Side,
    fields: &NativeFields,
) -> Option<Value> {
    let side = mapping.side(side);
    if side.constant.is_some() || side.join.is_some() || side.expression.is_some() {
        return None;
    }
    let path = side.path.clone();
    path.unwrap_or_else(|| FieldPath::literal(name.as_str()))
        .value(fields)
        .cloned()
}
