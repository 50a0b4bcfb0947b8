//! From an entry of an answer to a record: its id, version, time and fields, exactly.

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;
use tandem_domain::ids::{RecordId, Version};
use tandem_domain::record::{NativeBody, NativeFields, NativeRecord};
use tandem_domain::value::Value;
use tandem_engine::ports::connector::Unreadable;

use super::settings::{RestCollection, TimeFormat, VersionSource};
use super::wrapped;
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
    let fields = wrapped::unwrap(collection, fields);
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

/// Reads one entry; what is told of one that is no record holds no secret.
pub(crate) fn read_cleaned(
    collection: &RestCollection,
    raw: &RawValue,
    complete: bool,
    clean: impl Fn(&str) -> String,
) -> Result<NativeRecord, Unreadable> {
    read(collection, raw, complete).map_err(|unreadable| {
        // Cleaned before anything is cut out of it: half a secret at the edge would no longer be
        // recognised.
        if raw.get().len() > MAX_RECORD {
            let text = cut(&clean(cut(raw.get(), KEPT * 2)), KEPT).to_owned();
            return Unreadable { text, ..unreadable };
        }
        let text = clean(raw.get());
        if text == raw.get() {
            return unreadable;
        }
        let again = RawValue::from_string(text)
            .ok()
            .and_then(|raw| read(collection, &raw, complete).err());
        let (reason, text) = again.map_or_else(
            || {
                (
                    "it cannot be read, and holds a credential".to_owned(),
                    String::new(),
                )
            },
            |again| (again.reason, again.text),
        );
        let id = unreadable.id;
        Unreadable { id, reason, text }
    })
}

/// The version a record carries in itself.
pub(crate) fn version(collection: &RestCollection, fields: &NativeFields) -> Option<Version> {
    let text = match collection.version.as_ref()? {
        VersionSource::Field(name) => field(fields, name)?.plain()?,
        VersionSource::ModifiedAt => updated_at(collection, fields)?
            .timestamp_micros()
            .to_string(),
        VersionSource::Etag => return None,
    };
    Version::new(text).ok()
}

pub(crate) fn updated_at(
    collection: &RestCollection,
    fields: &NativeFields,
) -> Option<DateTime<Utc>> {
    let modified = collection.modified_at.as_ref()?;
    let named = |name: &String| field(fields, name).filter(|value| **value != Value::Null);
    let value = named(&modified.field).or_else(|| named(modified.otherwise.as_ref()?))?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_that_is_no_record_tells_no_secret_and_no_half_of_one() {
        let collection: RestCollection =
            serde_json::from_value(serde_json::json!({ "list": { "path": "/" } })).unwrap();
        let secret = "canary-7f3a-9c";
        let long = "x".repeat(KEPT - 25);
        for text in [
            format!(r#"{{"id":1,"{secret}":1,"{secret}":2}}"#),
            // Told is what stands around the place.
            format!(r#"{{"id":1,"a":"{secret}","a":2}}"#),
            format!(r#"{{"a":1e999,"b":"{secret}"}}"#),
            // Kept is the beginning.
            format!(r#"{{"no":"{long}","b":"{secret}"}}"#),
            format!(r#"["{}","{secret}"]"#, "x".repeat(MAX_RECORD)),
            format!(r#"["{}","{secret}"]"#, &long[6..]),
        ] {
            let raw = RawValue::from_string(text).unwrap();
            let clean = |text: &str| text.replace(secret, "•••");
            let told = read_cleaned(&collection, &raw, true, clean).unwrap_err();
            for text in [&told.reason, &told.text] {
                assert!(!text.contains("cana"), "{text}");
                assert!(!text.contains("-9c"), "{text}");
            }
            assert!(told.text.len() <= KEPT);
        }
    }
}
