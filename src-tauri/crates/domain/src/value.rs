//! Values, exact: what a field can hold.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

mod json;

/// One value, typed. The derived serde form is the store's own (compact, tagged, exact); what goes
/// to a system or to a screen is made by `to_json` / `to_wire`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// No value.
    Null,
    /// True or false.
    Bool(bool),
    /// An exact number, up to 28 significant digits; larger ones are refused where they enter.
    Number(Decimal),
    /// Text, its original bytes.
    Text(String),
    /// An instant.
    Timestamp(DateTime<Utc>),
    /// A day, never shifted by a zone.
    Date(NaiveDate),
    /// Several values; whether the order means something is the field's type's to say.
    List(Vec<Value>),
    /// A nested object.
    Object(BTreeMap<String, Value>),
}

/// Why a text or a value is not the value asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{what} {why}; {fix}")]
pub struct ValueError {
    /// The value, as JSON, cut to 200 characters.
    pub what: String,
    /// Why it does not fit.
    pub why: String,
    /// What to do.
    pub fix: String,
}

impl ValueError {
    pub(crate) fn new(what: &Value, why: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::of(&what.to_json_text(), why, fix)
    }

    pub(crate) fn of(what: &str, why: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            what: cut(what),
            why: why.into(),
            fix: fix.into(),
        }
    }
}

/// At most 200 characters of a text.
pub(crate) fn cut(text: &str) -> String {
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

impl Value {
    /// Parses one JSON text, exactly: numbers keep their digits.
    ///
    /// # Errors
    /// [`ValueError`] for a text that is not JSON, nested deeper than 64, with a key twice in one
    /// object, or with a number that cannot be held exactly (more than 28 significant digits).
    pub fn from_json_text(text: &str) -> Result<Self, ValueError> {
        json::parse(text)
    }

    /// The members of one raw JSON object: a record out of a page that was read lazily.
    ///
    /// # Errors
    /// As [`from_json_text`](Self::from_json_text), and where it is no object.
    pub fn record_from_raw(
        raw: &serde_json::value::RawValue,
    ) -> Result<BTreeMap<String, Self>, ValueError> {
        match json::parse(raw.get())? {
            Self::Object(members) => Ok(members),
            other => Err(ValueError::new(
                &other,
                "is no JSON object",
                "point the collection's `records` at a list of objects",
            )),
        }
    }

    /// Appends this value as JSON: numbers with all their digits, timestamps as RFC 3339 in `Z`,
    /// dates as `YYYY-MM-DD`.
    pub fn write_json(&self, out: &mut String) {
        json::write(self, out);
    }

    /// This value as JSON text; see [`write_json`](Self::write_json).
    #[must_use]
    pub fn to_json_text(&self) -> String {
        let mut out = String::new();
        self.write_json(&mut out);
        out
    }

    /// This value for a screen: numbers as text, so that no digit is lost; the rest as JSON.
    #[must_use]
    pub fn to_wire(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match self {
            Self::Null => Json::Null,
            Self::Bool(flag) => Json::Bool(*flag),
            Self::Number(number) => Json::String(number.to_string()),
            Self::Text(text) => Json::String(text.clone()),
            Self::Timestamp(at) => Json::String(timestamp_text(at)),
            Self::Date(day) => Json::String(day.to_string()),
            Self::List(items) => Json::Array(items.iter().map(Self::to_wire).collect()),
            Self::Object(members) => Json::Object(
                members
                    .iter()
                    .map(|(key, value)| (key.clone(), value.to_wire()))
                    .collect(),
            ),
        }
    }

    /// A number's exact value from its text (`-12.50`, `1.5e3`). `None`: no number, or one that
    /// cannot be held exactly.
    #[must_use]
    pub fn number(text: &str) -> Option<Self> {
        json::decimal(text).map(Self::Number)
    }

    /// Whether both are equal to the last byte: `1` and `1.0` are not, though they compare as equal.
    #[must_use]
    pub fn identical(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a.serialize() == b.serialize(),
            (Self::List(a), Self::List(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.identical(b))
            }
            (Self::Object(a), Self::Object(b)) => {
                a.len() == b.len()
                    && a.iter()
                        .zip(b)
                        .all(|((name, a), (other, b))| name == other && a.identical(b))
            }
            _ => self == other,
        }
    }

    /// A scalar as text, the way ids, versions and keys are compared; none for null, lists, objects.
    #[must_use]
    pub fn plain(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Number(number) => Some(number.to_string()),
            Self::Bool(flag) => Some(flag.to_string()),
            Self::Timestamp(time) => Some(timestamp_text(time)),
            Self::Date(date) => Some(date.to_string()),
            Self::Null | Self::List(_) | Self::Object(_) => None,
        }
    }

    /// About how much memory this takes, in bytes.
    pub(crate) fn weight(&self) -> usize {
        32 + match self {
            Self::Text(text) => text.len(),
            Self::List(items) => items.iter().map(Self::weight).sum(),
            Self::Object(members) => members
                .iter()
                .map(|(key, value)| key.len() + value.weight())
                .sum(),
            _ => 0,
        }
    }

    /// Whether this is null, an empty text, or a text of blanks.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Text(text) => text.trim().is_empty(),
            _ => false,
        }
    }
}

/// RFC 3339 in `Z`, with as many digits of a second as it has.
pub(crate) fn timestamp_text(at: &DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
