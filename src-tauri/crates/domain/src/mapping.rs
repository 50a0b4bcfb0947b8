//! The field mapping: how a record of either system becomes a canonical one and how a canonical
//! patch becomes fields of that system again.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::field_type::FieldType;
use crate::ids::{FieldName, Side};
use crate::record::{CanonicalRecord, NativeFields};
use crate::schema::{CanonicalSchema, FieldAccess, FieldSpec};

mod carry;
pub(crate) mod compiled;
pub(crate) mod path;
mod represent;
mod serde_form;
mod transform;

pub use carry::{Carried, Outcome};
pub use path::{FieldPath, pointer_segment};

use compiled::Compiled;

/// What maps to what, by canonical field.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(
    from = "BTreeMap<FieldName, FieldMapping>",
    into = "BTreeMap<FieldName, FieldMapping>"
)]
pub struct Mapping {
    fields: BTreeMap<FieldName, FieldMapping>,
    compiled: OnceLock<Result<Compiled, MappingError>>,
}

/// One canonical field. In a workspace file a type alone (`email = "text"`) stands for a field that
/// both systems call the same.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldMapping {
    /// Its type.
    #[serde(rename = "type")]
    pub ty: FieldType,
    /// How the source holds it.
    pub source: SideMapping,
    /// How the target holds it.
    pub target: SideMapping,
}

/// How one system holds a field: exactly one of `path`, `constant`, `join`, `expression`; none of
/// them means a path that equals the canonical name. In a workspace file a text alone is a path.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SideMapping {
    /// Where it is (`address.city`; a dot inside a name is written `\.`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<FieldPath>,
    /// Always this value; that side is then never written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub constant: Option<serde_json::Value>,
    /// Several text fields in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub join: Option<Join>,
    /// Computed from the record's native fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expression: Option<Computed>,
    /// Applied in this order when reading, inverted in reverse order when writing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub transforms: Vec<Transform>,
    /// In which form this system wants the value; `None`: its own (numbers as numbers …).
    #[serde(rename = "as", skip_serializing_if = "Option::is_none")]
    pub representation: Option<Representation>,
    /// What it means when a complete record lacks the field.
    #[serde(skip_serializing_if = "Missing::is_default")]
    pub missing: Missing,
    /// Never write it on this side (a one-way mapping, or a field that system computes).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub read_only: bool,
    /// Values to try when checking that what is written reads back the same; empty: a built-in set.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub samples: Vec<serde_json::Value>,
}

/// Several text fields in one: `first` and `last` joined by a blank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Join {
    /// The parts, in order; empty ones are left out.
    pub paths: Vec<FieldPath>,
    /// What stands between them.
    pub separator: String,
    /// How a joined text is taken apart again; `None`: not at all, so that side must be `read_only`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<Split>,
}

/// Where a joined text is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// At the first separators; the last part takes the rest.
    First,
    /// At the last separators; the first part takes the rest.
    Last,
}

/// A value computed from several native fields, with what takes it apart again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Computed {
    /// An expression over the record's native fields.
    pub read: String,
    /// For each native path an expression over `value`, and over the other canonical fields by
    /// name in `record`. Empty: that side must be `read_only`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub write: BTreeMap<FieldPath, String>,
}

/// One step between a native value and a canonical one; nulls pass through untouched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Transform {
    /// Outer blanks are dropped when reading.
    Trim,
    /// Lower case when reading.
    Lower,
    /// Upper case when reading.
    Upper,
    /// Native values by name to canonical ones; inverted when writing.
    Map {
        /// Native to canonical.
        values: BTreeMap<String, serde_json::Value>,
        /// What happens to a value that is not listed.
        #[serde(default)]
        otherwise: Otherwise,
    },
    /// Multiplied by this number when reading (`"0.01"`: cents to euros), divided when writing.
    Multiply(serde_json::Value),
    /// A date or time written in this `strftime` format.
    DateFormat {
        /// As in `%d.%m.%Y`.
        format: String,
        /// The IANA zone in which it is meant, if the format has no offset.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        zone: Option<String>,
    },
    /// A text that holds several values, cut at this separator; joined again when writing.
    Split(String),
    /// Expressions over `value`.
    Expression {
        /// Native to canonical.
        read: String,
        /// Canonical to native; `None`: that side must be `read_only`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        write: Option<String>,
    },
}

/// What happens to a value that an enum map does not list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Otherwise {
    /// The record is refused.
    #[default]
    Error,
    /// It passes as it is.
    Keep,
}

/// In which form a system wants a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Representation {
    /// As text, whatever its type (decimals as `"0.10"`).
    Text,
    /// As a number (a text of digits, or a boolean as 0 and 1).
    Number,
    /// An instant as seconds since 1970.
    EpochSeconds,
    /// An instant as milliseconds since 1970.
    EpochMillis,
    /// An instant as the wall clock of the type's zone shows it, without an offset.
    Local,
}

/// What it means when a complete record lacks a field.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// Nothing is known: unchanged.
    #[default]
    Unchanged,
    /// It has no value.
    Null,
}

impl Missing {
    fn is_default(&self) -> bool {
        *self == Self::Unchanged
    }
}

/// Why a record could not be carried through the mapping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{field} ({side}): {why}; value {value}. {fix}")]
pub struct MappingError {
    /// The canonical field.
    pub field: FieldName,
    /// On which side.
    pub side: Side,
    /// The value, as JSON, cut to 200 characters.
    pub value: String,
    /// Why it does not fit.
    pub why: String,
    /// What to do.
    pub fix: String,
}

impl Mapping {
    /// A mapping of these fields.
    #[must_use]
    pub const fn new(fields: BTreeMap<FieldName, FieldMapping>) -> Self {
        Self {
            fields,
            compiled: OnceLock::new(),
        }
    }

    /// The fields as configured.
    #[must_use]
    pub const fn fields(&self) -> &BTreeMap<FieldName, FieldMapping> {
        &self.fields
    }

    fn compiled(&self) -> Result<&Compiled, MappingError> {
        self.compiled
            .get_or_init(|| Compiled::new(&self.fields))
            .as_ref()
            .map_err(Clone::clone)
    }

    /// A record of `side` in canonical form. `complete`: a field that is missing in `fields` is
    /// missing there too.
    ///
    /// # Errors
    /// The first field whose value does not fit.
    pub fn to_canonical(
        &self,
        side: Side,
        fields: &NativeFields,
        complete: bool,
    ) -> Result<CanonicalRecord, MappingError> {
        self.compiled()?.to_canonical(side, fields, complete)
    }

    /// A canonical patch as the (nested) native fields of `side`. Fields that are not written on
    /// that side are left out. `current`: the rest of the record, where an inverse needs it.
    ///
    /// # Errors
    /// The first field whose value that side cannot hold so that it reads back the same.
    pub fn to_native(
        &self,
        side: Side,
        patch: &CanonicalRecord,
        current: Option<&CanonicalRecord>,
    ) -> Result<NativeFields, MappingError> {
        self.compiled()?.to_native(side, patch, current)
    }

    /// Whether `field` is ever written on `side`.
    #[must_use]
    pub fn writable(&self, side: Side, field: &FieldName) -> bool {
        self.fields
            .get(field)
            .is_some_and(|mapping| mapping.side(side).writable())
    }

    /// The canonical schema that follows from it.
    #[must_use]
    pub fn schema(&self) -> CanonicalSchema {
        let access = |side: &SideMapping| {
            if side.writable() {
                FieldAccess::ReadWrite
            } else {
                FieldAccess::ReadOnly
            }
        };
        CanonicalSchema {
            fields: self
                .fields
                .iter()
                .map(|(name, mapping)| {
                    (
                        name.clone(),
                        FieldSpec {
                            ty: mapping.ty.clone(),
                            source: access(&mapping.source),
                            target: access(&mapping.target),
                        },
                    )
                })
                .collect(),
        }
    }
}

impl FieldMapping {
    /// The mapping on `side`.
    #[must_use]
    pub const fn side(&self, side: Side) -> &SideMapping {
        match side {
            Side::Source => &self.source,
            Side::Target => &self.target,
        }
    }
}

impl SideMapping {
    /// A plain path.
    #[must_use]
    pub fn at(path: FieldPath) -> Self {
        Self {
            path: Some(path),
            ..Self::default()
        }
    }

    /// Whether it is written at all: not where declared, and not where nothing inverts it.
    #[must_use]
    pub fn writable(&self) -> bool {
        !self.read_only
            && self.constant.is_none()
            && self.join.as_ref().is_none_or(|join| join.split.is_some())
            && self
                .expression
                .as_ref()
                .is_none_or(|it| !it.write.is_empty())
            && self
                .transforms
                .iter()
                .all(|it| !matches!(it, Transform::Expression { write: None, .. }))
    }
}

impl From<BTreeMap<FieldName, FieldMapping>> for Mapping {
    fn from(fields: BTreeMap<FieldName, FieldMapping>) -> Self {
        Self::new(fields)
    }
}

impl From<Mapping> for BTreeMap<FieldName, FieldMapping> {
    fn from(mapping: Mapping) -> Self {
        mapping.fields
    }
}

impl PartialEq for Mapping {
    fn eq(&self, other: &Self) -> bool {
        self.fields == other.fields
    }
}

impl std::fmt::Debug for Mapping {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Mapping").field(&self.fields).finish()
    }
}
