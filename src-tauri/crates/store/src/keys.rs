//! How things are known inside the file: small integers for tenants, configurations and runs, ids
//! and times in their smallest exact form, enums by the words they bear everywhere.

use chrono::{DateTime, SecondsFormat, Utc};
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tandem_domain::ids::{RecordId, Version};
use tandem_domain::record::ContentHash;
use uuid::Uuid;

use crate::fault::{Result, corrupt};

/// A configuration inside the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SyncKey {
    pub(crate) tenant: i64,
    pub(crate) sync: i64,
}

/// A record id or version in its smallest exact form.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Compact<'a> {
    Integer(i64),
    Uuid([u8; 16]),
    Text(&'a str),
}

impl<'a> Compact<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let bytes = text.as_bytes();
        let digits = bytes.strip_prefix(b"-").unwrap_or(bytes);
        let plain = !digits.is_empty()
            && digits.len() <= 19
            && digits.iter().all(u8::is_ascii_digit)
            && (digits.first() != Some(&b'0') || bytes == b"0");
        if plain && let Ok(number) = text.parse() {
            return Self::Integer(number);
        }
        // Only the lower-case hyphenated form reads back the same.
        if bytes.len() == 36
            && !bytes.iter().any(u8::is_ascii_uppercase)
            && let Ok(uuid) = Uuid::try_parse(text)
        {
            return Self::Uuid(*uuid.as_bytes());
        }
        Self::Text(text)
    }

    pub(crate) fn id(id: &'a RecordId) -> Self {
        Self::new(id.as_str())
    }

    pub(crate) fn version(version: Option<&'a Version>) -> Option<Self> {
        version.map(|version| Self::new(version.as_str()))
    }
}

impl ToSql for Compact<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Integer(number) => ToSqlOutput::from(*number),
            Self::Uuid(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
        })
    }
}

/// Text read back from its smallest form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expanded(pub(crate) String);

impl FromSql for Expanded {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value {
            ValueRef::Integer(number) => Ok(Self(number.to_string())),
            ValueRef::Blob(bytes) => Uuid::from_slice(bytes)
                .map(|uuid| Self(uuid.hyphenated().to_string()))
                .map_err(|error| FromSqlError::Other(Box::new(error))),
            ValueRef::Text(_) => value.as_str().map(|text| Self(text.to_owned())),
            ValueRef::Null | ValueRef::Real(_) => Err(FromSqlError::InvalidType),
        }
    }
}

impl Expanded {
    pub(crate) fn id(&self) -> Result<RecordId> {
        RecordId::new(&self.0).map_err(|error| corrupt("record id", error.reason))
    }

    pub(crate) fn version(&self) -> Result<Version> {
        Version::new(&self.0).map_err(|error| corrupt("version", error.reason))
    }
}

/// A record's own time: microseconds, or text where it is finer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment(pub(crate) DateTime<Utc>);

impl ToSql for Moment {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(if self.0.timestamp_subsec_nanos().is_multiple_of(1000) {
            ToSqlOutput::from(self.0.timestamp_micros())
        } else {
            ToSqlOutput::from(self.0.to_rfc3339_opts(SecondsFormat::Nanos, true))
        })
    }
}

impl FromSql for Moment {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value {
            ValueRef::Integer(micros) => DateTime::from_timestamp_micros(micros)
                .map(Self)
                .ok_or(FromSqlError::OutOfRange(micros)),
            _ => DateTime::parse_from_rfc3339(value.as_str()?)
                .map(|time| Self(time.with_timezone(&Utc)))
                .map_err(|error| FromSqlError::Other(Box::new(error))),
        }
    }
}

/// A time of ours: microseconds since 1970.
pub(crate) const fn micros(at: DateTime<Utc>) -> i64 {
    at.timestamp_micros()
}

/// Such a time read back.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At(pub(crate) DateTime<Utc>);

impl FromSql for At {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let micros = value.as_i64()?;
        DateTime::from_timestamp_micros(micros)
            .map(Self)
            .ok_or(FromSqlError::OutOfRange(micros))
    }
}

/// A digest read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Digest(pub(crate) ContentHash);

impl FromSql for Digest {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let bytes: [u8; 16] = FromSql::column_result(value)?;
        Ok(Self(ContentHash(bytes)))
    }
}

/// A UUID read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Id(pub(crate) Uuid);

impl FromSql for Id {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let bytes: [u8; 16] = FromSql::column_result(value)?;
        Ok(Self(Uuid::from_bytes(bytes)))
    }
}

/// The word an enum bears everywhere (its serde name).
pub(crate) fn word<T: Serialize>(value: &T) -> Result<String> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        _ => Err(corrupt("word", "it is not one")),
    }
}

/// The enum of a word.
pub(crate) fn of_word<T: DeserializeOwned>(what: &'static str, word: String) -> Result<T> {
    serde_json::from_value(serde_json::Value::String(word)).map_err(|error| corrupt(what, error))
}

/// A stored count; never negative.
pub(crate) fn count(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

/// A count to store; larger ones stop at the largest.
pub(crate) fn stored(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A page's size to bind.
pub(crate) fn limit(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
