//! Values, exact: what a field can hold.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

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

impl Value {
    /// Parses one JSON text, exactly: numbers keep their digits.
    ///
    /// # Errors
    /// [`ValueError`] for a text that is not JSON, nested deeper than 64, with a key twice in one
    /// object, or with a number that has more than 28 significant digits.
    pub fn from_json_text(text: &str) -> Result<Self, ValueError> {
        todo!("{text}")
    }

    /// The members of one raw JSON object: a record out of a page that was read lazily.
    ///
    /// # Errors
    /// As [`from_json_text`](Self::from_json_text), and where it is no object.
    pub fn record_from_raw(
        raw: &serde_json::value::RawValue,
    ) -> Result<BTreeMap<String, Self>, ValueError> {
        todo!("{raw}")
    }

    /// Appends this value as JSON: numbers with all their digits, timestamps as RFC 3339 in `Z`,
    /// dates as `YYYY-MM-DD`.
    pub fn write_json(&self, out: &mut String) {
        todo!("{out}")
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
        todo!()
    }
}
