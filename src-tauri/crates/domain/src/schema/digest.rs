//! Digests of canonical records: xxh3-128 over the normal form of each field.

use chrono::Datelike;
use xxhash_rust::xxh3::xxh3_128;

use crate::field_type::FieldType;
use crate::ids::FieldName;
use crate::record::{CanonicalRecord, ContentHash};
use crate::schema::CanonicalSchema;
use crate::value::Value;

pub(super) fn record(schema: &CanonicalSchema, record: &CanonicalRecord) -> ContentHash {
    let mut bytes = Vec::with_capacity(256);
    // Both ascend by name: each is walked once.
    let mut specs = schema.fields.iter().peekable();
    for (field, value) in record.iter() {
        while specs.next_if(|(name, _)| *name < field).is_some() {}
        let ty = match specs.peek() {
            Some((name, spec)) if *name == field => &spec.ty,
            _ => &FieldType::Json,
        };
        put_bytes(&mut bytes, field.as_str().as_bytes());
        put(&mut bytes, &ty.normalise(value));
    }
    ContentHash(xxh3_128(&bytes).to_be_bytes())
}

pub(super) fn key(
    schema: &CanonicalSchema,
    key: &[FieldName],
    record: &CanonicalRecord,
) -> Option<ContentHash> {
    if key.is_empty() {
        return None;
    }
    let mut bytes = Vec::with_capacity(64);
    for field in key {
        let normal = type_of(schema, field).normalise(record.get(field)?);
        if normal.is_blank() {
            return None;
        }
        put(&mut bytes, &normal);
    }
    Some(ContentHash(xxh3_128(&bytes).to_be_bytes()))
}

fn type_of<'a>(schema: &'a CanonicalSchema, field: &FieldName) -> &'a FieldType {
    schema
        .fields
        .get(field)
        .map_or(&FieldType::Json, |spec| &spec.ty)
}

fn put_len(out: &mut Vec<u8>, len: usize) {
    out.extend_from_slice(&(len as u64).to_le_bytes());
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_len(out, bytes.len());
    out.extend_from_slice(bytes);
}

/// Every value begins with its kind and carries its lengths, so that no two values share an
/// encoding.
fn put(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => out.push(0),
        Value::Bool(flag) => out.extend_from_slice(&[1, u8::from(*flag)]),
        Value::Number(number) => {
            // 0.10 and 0.1 are the same number.
            let plain = number.normalize();
            out.push(2);
            out.extend_from_slice(&plain.mantissa().to_le_bytes());
            out.extend_from_slice(&plain.scale().to_le_bytes());
        }
        Value::Text(text) => {
            out.push(3);
            put_bytes(out, text.as_bytes());
        }
        Value::Timestamp(at) => {
            out.push(4);
            out.extend_from_slice(&at.timestamp().to_le_bytes());
            out.extend_from_slice(&at.timestamp_subsec_nanos().to_le_bytes());
        }
        Value::Date(day) => {
            out.push(5);
            out.extend_from_slice(&day.num_days_from_ce().to_le_bytes());
        }
        Value::List(items) => {
            out.push(6);
            put_len(out, items.len());
            for item in items {
                put(out, item);
            }
        }
        Value::Object(members) => {
            out.push(7);
            put_len(out, members.len());
            for (key, item) in members {
                put_bytes(out, key.as_bytes());
                put(out, item);
            }
        }
    }
}
