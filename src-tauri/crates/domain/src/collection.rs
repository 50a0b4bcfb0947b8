//! What a system says of one of its collections: the fields it has and what can be done with them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The fields of one collection.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectionSchema {
    /// Each field by its native name; a nested one by its dotted path.
    pub fields: BTreeMap<String, NativeFieldInfo>,
    /// Whether these are all fields there are (a table's columns), or just those seen or declared.
    /// Only a complete schema can prove that a field does not exist.
    pub complete: bool,
}

/// One field as its system describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NativeFieldInfo {
    /// Its type.
    pub ty: NativeType,
    /// Whether it may hold no value.
    pub nullable: bool,
    /// Whether it may be written.
    pub writable: bool,
    /// Whether it is (part of) the record's id.
    pub primary_key: bool,
    /// The most significant digits a number there can have, where the system says.
    pub max_precision: Option<u32>,
    /// Digits after the point, where the system fixes them.
    pub scale: Option<u32>,
    /// The most characters a text there can have, where the system says.
    pub max_length: Option<u32>,
}

impl NativeFieldInfo {
    /// A nullable, writable field of this type about which nothing else is known.
    #[must_use]
    pub const fn of(ty: NativeType) -> Self {
        Self {
            ty,
            nullable: true,
            writable: true,
            primary_key: false,
            max_precision: None,
            scale: None,
            max_length: None,
        }
    }
}

/// A native type, as coarse as checking a mapping needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NativeType {
    /// Text.
    Text,
    /// A whole number.
    Integer,
    /// An exact decimal number.
    Decimal,
    /// A binary floating-point number: at most 15 digits survive.
    Float,
    /// True or false.
    Boolean,
    /// An instant.
    Timestamp,
    /// A time without an offset.
    NaiveTimestamp,
    /// A day.
    Date,
    /// An object or anything else JSON can say.
    Json,
    /// Several values.
    List,
    /// Not known; fits anything.
    Unknown,
}
