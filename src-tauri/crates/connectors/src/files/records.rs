//! Rows as records.

use chrono::{DateTime, Utc};
use tandem_domain::record::{NativeBody, NativeFields, NativeRecord};
use tandem_domain::value::Value;

use super::rows::Shape;
use super::settings::FileCollection;
use super::snapshot::{id_of, version_of};
use crate::json::{parse_epoch, parse_iso};
use crate::rest::settings::TimeFormat;

/// A row as a record, and its fields once more; the error says why it is none.
pub(crate) fn record_of(
    row: &[u8],
    shape: &Shape,
    settings: &FileCollection,
) -> Result<(NativeRecord, NativeFields), String> {
    let fields = shape.fields(row, settings)?;
    let id = id_of(&fields, settings)
        .ok_or_else(|| format!("has no {}, which is its id", settings.key.join(", ")))?;
    let record = NativeRecord {
        id,
        version: version_of(row),
        updated_at: updated_at(&fields, settings),
        body: NativeBody::Live {
            fields: fields.clone(),
            complete: true,
        },
    };
    Ok((record, fields))
}

fn updated_at(fields: &NativeFields, settings: &FileCollection) -> Option<DateTime<Utc>> {
    let modified = settings.modified_at.as_ref()?;
    match (fields.get(&modified.column)?, modified.format) {
        (Value::Timestamp(time), _) => Some(*time),
        (Value::Text(text), TimeFormat::Iso) => parse_iso(text),
        (value, TimeFormat::EpochMs) => parse_epoch(value.plain()?.parse().ok()?, 1_000),
        (value, TimeFormat::EpochS) => parse_epoch(value.plain()?.parse().ok()?, 1),
        _ => None,
    }
}
