//! From an entry of an answer to a record: its id, version, time and fields, exactly.

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;
use tandem_domain::ids::{RecordId, Version};
use tandem_domain::record::{NativeBody, NativeFields, NativeRecord};
use tandem_domain::value::Value;
use tandem_engine::ports::connector::Unreadable;

use super::settings::{RestCollection, TimeFormat, VersionSource};
use crate::json::{cut, field, parse_epoch, parse_iso};

/// Largest single record; a larger one is set aside alone.
const MAX_RECORD: usize = 4 * 1024 * 1024;
/// Bytes kept of an entry that is no record.
const KEPT: usize = 4 * 1024;

/// Reads one entry of a list or an answer.
pub(crate) fn read(
    collection: &RestCollection,
    raw: &RawValue,
    complete: bool,
) -> Result<NativeRecord, Unreadable> {
    let unreadable = |id: Option<RecordId>, reason: String| Unreadable {
        id,
        reason,
        text: cut(raw.get(), KEPT).to_owned(),
    };
    if raw.get().len() > MAX_RECORD {
        return Err(unreadable(
            None,
            format!("it is larger than {} MiB", MAX_RECORD >> 20),
        ));
    }
    let fields = Value::record_from_raw(raw).map_err(|error| {
        // Its id is worth knowing even where another of its fields cannot be read.
        let id = crate::json::at(raw, &collection.id)
            .and_then(crate::json::scalar)
            .and_then(|id| RecordId::new(id).ok());
        unreadable(id, error.to_string())
    })?;
    let Some(id) = field(&fields, &collection.id).and_then(Value::plain) else {
        return Err(unreadable(
            None,
            format!("it has no id in {:?}", collection.id),
        ));
    };
    let id = RecordId::new(id).map_err(|error| unreadable(None, error.to_string()))?;
    let version = version(collection, &fields);
    let updated_at = updated_at(collection, &fields);
    let body = if is_deleted(collection, &fields) {
        NativeBody::Deleted
    } else {
        NativeBody::Live { fields, complete }
    };
    Ok(NativeRecord {
        id,
        version,
        updated_at,
        body,
    })
}

/// The version a record carries in itself.
pub(crate) fn version(collection: &RestCollection, fields: &NativeFields) -> Option<Version> {
    let Some(VersionSource::Field(name)) = &collection.version else {
        return None;
    };
    field(fields, name)
        .and_then(Value::plain)
        .and_then(|text| Version::new(text).ok())
}

pub(crate) fn updated_at(
    collection: &RestCollection,
    fields: &NativeFields,
) -> Option<DateTime<Utc>> {
    let modified = collection.modified_at.as_ref()?;
    let value = field(fields, &modified.field)?;
    match (modified.format, value) {
        (_, Value::Timestamp(time)) => Some(*time),
        (TimeFormat::Iso, Value::Text(text)) => parse_iso(text),
        (TimeFormat::EpochMs, value) => parse_epoch(value.plain()?.parse().ok()?, 1_000),
        (TimeFormat::EpochS, value) => parse_epoch(value.plain()?.parse().ok()?, 1),
        (TimeFormat::Iso, _) => None,
    }
}

fn is_deleted(collection: &RestCollection, fields: &NativeFields) -> bool {
    let Some(flag) = &collection.deleted else {
        return false;
    };
    let Some(value) = field(fields, &flag.field) else {
        return false;
    };
    match &flag.equals {
        None => !matches!(value, Value::Null | Value::Bool(false)),
        Some(expected) => {
            Value::from_json_text(&expected.to_string()).is_ok_and(|expected| expected == *value)
        }
    }
}
