//! Declared types of canonical fields: how a native value becomes a typed one, and when two values
//! are the same.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::value::{Value, ValueError};

mod normal;
mod parse;
mod serde_form;

pub(crate) use parse::{from_json, local_to_utc};

/// The declared type of a canonical field. In a workspace file either a word (`"text"`, `"integer"`,
/// `"decimal"`, `"boolean"`, `"timestamp"`, `"date"`, `"json"`, `"list"`, `"set"`) or a table with
/// details (`{ decimal = { scale = 2 } }`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldType {
    /// Text, compared in Unicode NFC.
    Text(TextType),
    /// A whole number of any size up to 28 digits.
    Integer,
    /// A decimal number; a declared scale rounds (half away from zero) before comparing.
    Decimal {
        /// Digits after the point that count; `None`: all of them.
        scale: Option<u32>,
    },
    /// True or false.
    Boolean,
    /// An instant, compared at the declared precision.
    Timestamp {
        /// The coarser precision of the two systems.
        precision: Precision,
        /// The IANA zone in which times without an offset are meant; `None`: such times are refused.
        zone: Option<String>,
    },
    /// A day, never shifted by a zone.
    Date,
    /// Anything, compared by structure.
    Json,
    /// Several values.
    List(ListType),
    /// The id of a record that another sync configuration keeps in step.
    Reference {
        /// That configuration's name.
        sync: String,
    },
}

/// What does not count when texts are compared. What is written keeps its original bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TextType {
    /// Upper and lower case are the same.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub case_insensitive: bool,
    /// Outer blanks do not count.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub trim: bool,
    /// An empty text is no value.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub empty_is_null: bool,
}

/// How lists are compared.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ListType {
    /// What the order of the elements means.
    pub order: ListOrder,
}

/// What the order of a list's elements means.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListOrder {
    /// The order is part of the value.
    #[default]
    Ordered,
    /// Neither order nor repetition counts.
    Set,
    /// Elements are objects told apart by this member; their order does not count.
    Keyed(String),
}

/// The finest difference in time that counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// 0.000001 s.
    #[default]
    Micro,
    /// 0.001 s.
    Milli,
    /// 1 s.
    Second,
    /// 1 min.
    Minute,
    /// One UTC day.
    Day,
}

impl FieldType {
    /// Plain text.
    #[must_use]
    pub const fn text() -> Self {
        Self::Text(TextType {
            case_insensitive: false,
            trim: false,
            empty_is_null: false,
        })
    }

    /// The word for it ("text", "decimal" …).
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Integer => "integer",
            Self::Decimal { .. } => "decimal",
            Self::Boolean => "boolean",
            Self::Timestamp { .. } => "timestamp",
            Self::Date => "date",
            Self::Json => "json",
            Self::List(_) => "list",
            Self::Reference { .. } => "reference",
        }
    }

    /// Whether values can be added up.
    #[must_use]
    pub const fn is_numeric(&self) -> bool {
        matches!(self, Self::Integer | Self::Decimal { .. })
    }

    /// Makes a native value one of this type, exactly or not at all. [`Value::Null`] stays null.
    ///
    /// # Errors
    /// [`ValueError`] naming the value, why it does not fit and what would.
    pub fn parse(&self, native: &Value) -> Result<Value, ValueError> {
        parse::parse(self, native)
    }

    /// Makes a value as a screen or a command line writes it (numbers as JSON numbers or as text)
    /// one of this type.
    ///
    /// # Errors
    /// [`ValueError`], also for a JSON number that has already lost digits.
    pub fn from_wire(&self, wire: &serde_json::Value) -> Result<Value, ValueError> {
        parse::from_wire(self, wire)
    }

    /// Whether two values are the same under this type.
    #[must_use]
    pub fn same(&self, a: &Value, b: &Value) -> bool {
        self.normalise(a) == self.normalise(b)
    }

    /// The form in which equal values are identical: `same(a, b)` exactly when
    /// `normalise(a) == normalise(b)`.
    #[must_use]
    pub fn normalise<'a>(&self, value: &'a Value) -> Cow<'a, Value> {
        normal::normalise(self, value)
    }
}
