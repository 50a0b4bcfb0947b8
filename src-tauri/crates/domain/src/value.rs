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
